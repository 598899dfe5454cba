"""docs/flows.md says what every key means, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.document import parse_document
from voicebot.errors import FlowError
from voicebot.flows.facts import FACTS
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import read_flow
from voicebot.flows.validation import validate
from voicebot.flows.vocabulary import (
    ASIDE_KEYS,
    CARD_KEYS,
    COMMANDS_KEYS,
    CONFIRM_KEYS,
    FLOW_KEYS,
    INTENTS_KEYS,
    LIST_KEYS,
    OFFER_NUMBER_KEYS,
    OFFERS_KEYS,
    REVIEW_KEYS,
    SLOT_CONFIRM_KEYS,
    SLOT_KEYS,
    STEP_KINDS,
    TROUBLE_KEYS,
    step_keys,
)
from voicebot.types import SayAs

NAMES = {
    *(key.name for kind in STEP_KINDS for key in step_keys(kind)),
    *(
        key.name
        for keys in (
            FLOW_KEYS,
            CARD_KEYS,
            INTENTS_KEYS,
            LIST_KEYS,
            CONFIRM_KEYS,
            COMMANDS_KEYS,
            TROUBLE_KEYS,
            SLOT_KEYS,
            SLOT_CONFIRM_KEYS,
            REVIEW_KEYS,
            ASIDE_KEYS,
            OFFER_NUMBER_KEYS,
            OFFERS_KEYS,
        )
        for key in keys
    ),
    *FACTS,
    *(kind.value for kind in SayAs),
}


@pytest.fixture(scope="module")
def reference() -> str:
    return (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_name_is_documented(name: str, reference: str) -> None:
    assert re.search(rf"`{name}\b", reference), f"docs/flows.md does not mention `{name}`"


@pytest.mark.parametrize("kind", sorted(STEP_KINDS))
def test_every_kind_of_step_has_a_section_with_its_keys(kind: str, reference: str) -> None:
    sections = re.findall(r"^### ([^\n]*)\n(.*?)(?=^##)", reference, re.MULTILINE | re.DOTALL)
    own = [body for title, body in sections if kind in re.split(r"\W+", title)]
    assert len(own) == 1, f"docs/flows.md has no section '### {kind}'"
    in_common = {"say", "bargein", "served", "next", kind}
    missing = [
        key.name
        for key in STEP_KINDS[kind]
        if key.name not in in_common and not re.search(rf"`{key.name}\b", own[0])
    ]
    assert missing == []


def test_example_is_a_flow_without_problems(reference: str) -> None:
    example = re.search(r"```yaml\n(.*?)```", reference, re.DOTALL)
    assert example is not None
    problems: list[FlowError] = []

    flow = read_flow(parse_document(example[1], "docs/flows.md"), "main", "docs/flows.md", problems)

    assert flow is not None
    assert [str(problem) for problem in [*problems, *validate(FlowSet({"main": flow}))]] == []
