"""The dashboard says nothing that Grafana's own models would drop, or take for something else.

The models are generated from Grafana's schemas. They read what they know and never complain, so
what was read is written again and compared, and its values are held against the declared types.
"""

from __future__ import annotations

import copy
import json
import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

FILE: Final = Path(__file__).parents[1] / "docs" / "grafana" / "voicebot.json"
NOT_IN_THE_MODELS: Final = {"/templating/list/1/definition"}
"""What Grafana shows in its list of variables; the schema leaves it out."""


@pytest.fixture(scope="module", autouse=True)
def _kinds_of_panels_and_queries() -> None:
    register_default_plugins()


@pytest.fixture
def written() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def read_by_grafana(dashboard: dict[str, Any]) -> Dashboard:
    return Dashboard.from_json(copy.deepcopy(dashboard))


def lost(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """Where ``theirs`` lacks something of ``ours``, or has it otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from lost(value, theirs[key], f"{at}/{key}")
            else:
                yield f"{at}/{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{at}/{index}")
    elif ours != theirs:
        yield at


def losses(dashboard: dict[str, Any]) -> set[str]:
    again = json.loads(JSONEncoder().encode(read_by_grafana(dashboard)))
    return set(lost(dashboard, again))


def fits(value: object, declared: Any) -> bool:
    """Whether a value is of the declared type; that of whole objects is looked at by `misfits`."""
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    if origin in {typing.Union, types.UnionType}:
        return any(fits(value, each) for each in inner)
    if origin is list:
        return isinstance(value, list) and all(fits(each, inner[0]) for each in value)
    if origin is typing.Literal:
        return value in inner
    if origin is dict or declared in {typing.Any, object}:
        return True
    if isinstance(declared, type) and issubclass(declared, Enum):
        return value in {each.value for each in declared}
    if declared is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, declared) and (declared is bool or not isinstance(value, bool))


def misfits(part: object, at: str = "") -> Iterator[str]:
    """Values in the models that are not of the type declared there."""
    if isinstance(part, list):
        for index, each in enumerate(part):
            yield from misfits(each, f"{at}/{index}")
    elif isinstance(part, dict):
        for key, each in part.items():
            yield from misfits(each, f"{at}/{key}")
    elif type(part).__module__.startswith("grafana_foundation_sdk.models"):
        for name, declared in typing.get_type_hints(type(part)).items():
            value = getattr(part, name)
            if not fits(value, declared):
                yield f"{at}/{name}: {value!r}"
            yield from misfits(value, f"{at}/{name}")


def test_grafana_finds_every_field_of_ours_again(written: dict[str, Any]) -> None:
    assert losses(written) == NOT_IN_THE_MODELS


def test_grafana_finds_values_of_the_kinds_it_knows(written: dict[str, Any]) -> None:
    assert list(misfits(read_by_grafana(written))) == []


def test_a_slip_in_the_dashboard_would_be_seen(written: dict[str, Any]) -> None:
    (panel, *_) = [each for each in written["panels"] if each["type"] == "stat"]
    panel["options"]["colourMode"] = "value"
    panel["targets"][0]["legend"] = "calls"
    assert {at.rsplit("/", 1)[1] for at in losses(written) - NOT_IN_THE_MODELS} == {
        "colourMode",
        "legend",
    }
    panel["options"]["textMode"] = "loud"
    panel["targets"][0]["instant"] = "yes"
    panel["gridPos"]["w"] = "wide"
    found = [each.rsplit("/", 1)[1] for each in misfits(read_by_grafana(written))]
    assert sorted(found) == ["instant: 'yes'", "text_mode: 'loud'", "w: 'wide'"]
