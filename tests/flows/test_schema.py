"""The JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from voicebot.document import parse_document, read_document
from voicebot.flows.schema import SCHEMA_FILE, flow_schema, flow_schema_text
from voicebot.flows.vocabulary import FLOW_KEYS, STEP_KINDS, step_keys


def accepts(text: str) -> bool:
    return bool(Draft202012Validator(flow_schema()).is_valid(parse_document(text, "f").plain()))


def test_published_schema_is_the_one_that_the_vocabulary_gives() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == flow_schema_text(), (
        "voicebot check --schema > voicebot/flows/flow.schema.json"
    )


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(flow_schema_text()))


def test_schema_accepts_the_demo(application: Path) -> None:
    files = [path for path in (application / "flows").glob("*.yaml") if path.stem != "actions"]
    assert files

    for path in files:
        errors = Draft202012Validator(flow_schema()).iter_errors(read_document(path).plain())
        assert [error.message for error in errors] == []


def test_every_key_is_in_the_schema_with_its_meaning() -> None:
    schema: Any = flow_schema()
    kinds = {
        kind["title"]: kind
        for kind in schema["properties"]["steps"]["additionalProperties"]["anyOf"]
    }

    assert set(schema["properties"]) == {key.name for key in FLOW_KEYS}
    for name in STEP_KINDS:
        properties = kinds[f"{name} step"]["properties"]
        assert {key: properties[key]["description"] for key in properties} == {
            key.name: key.meaning for key in step_keys(name)
        }


@pytest.mark.parametrize(
    "step",
    [
        "{say: Hi}",
        "{say: Hi, nxt: b}",
        "{say: '', next: b}",
        "{ask: Hm?, next: b, keys: {x: 1}}",
        "{ask: Hm?, next: b, timeout_ms: 0}",
        "{ask: Hm?, next: b, confirm: {}}",
        "{branch: [{if: a}]}",
        "{hangup: happily}",
        "{set: {A: 1}, next: b}",
        "{return: false}",
        "{act: find, next: b}",
        "{ask: Hm?, next: b, grammar: {item: a}}",
        "{ask: Hm?, next: b, grammar: {list: orders}}",
        "{ask: Hm?, next: b, grammar: {list: '{a}', item: 'a b'}}",
    ],
)
def test_schema_refuses_what_the_reader_refuses(step: str) -> None:
    assert accepts("start: a\nsteps: {a: {say: Hi, next: b}}")
    asking = "{ask: Hm?, next: b, grammar: [{list: '{a}', item: [b, c.d], value: e}, f]}"
    assert accepts(f"start: a\nsteps: {{a: {asking}}}")
    assert not accepts(f"start: a\nsteps: {{a: {step}}}")
