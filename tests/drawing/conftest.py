"""The demo's flows, and small ones made of text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from voicebot.document import parse_document
from voicebot.errors import FlowError
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.reader import load_flows, read_flow

DEMO = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def demo() -> FlowSet:
    return load_flows(DEMO / "flows")


@pytest.fixture
def flow_set() -> Callable[..., FlowSet]:
    def make(**texts: str) -> FlowSet:
        flows: dict[str, Flow] = {}
        problems: list[FlowError] = []
        for name, text in texts.items():
            document = parse_document(dedent(text), f"flows/{name}.yaml")
            flow = read_flow(document, name, f"flows/{name}.yaml", problems)
            assert flow is not None
            flows[name] = flow
        assert problems == []
        return FlowSet(flows)

    return make
