"""docs/actions.md says what every key means, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.actions.conftest import APPLICATION
from voicebot.action_result import ActionResult
from voicebot.actions.arguments import Kind
from voicebot.actions.definition import RowResult
from voicebot.actions.functions.signature import KINDS
from voicebot.actions.reader import KEYS, read_actions

COMMON = frozenset.intersection(*KEYS.values())


@pytest.fixture(scope="module")
def page() -> str:
    return (APPLICATION / "docs" / "actions.md").read_text(encoding="utf-8")


def _section(page: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/actions.md has no section '## {title}'"
    return found[1]


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_every_kind_has_a_section_with_its_keys(kind: str, page: str) -> None:
    section = _section(page, kind)
    assert [key for key in sorted(KEYS[kind] - COMMON) if f"| `{key}` |" not in section] == []


def test_the_keys_of_all_are_documented(page: str) -> None:
    section = _section(page, "Keys of every action")
    assert [key for key in sorted(COMMON) if f"| `{key}` |" not in section] == []


@pytest.mark.parametrize("name", [*Kind, *RowResult, *KINDS, *ActionResult])
def test_every_name_is_documented(name: str, page: str) -> None:
    assert f"`{name}`" in page


def test_the_example_has_no_problems(page: str, tmp_path: Path) -> None:
    actions, python = (
        re.search(rf"```{language}\n(.*?)```", page, re.DOTALL) for language in ("yaml", "python")
    )
    assert actions is not None
    assert python is not None
    (tmp_path / "actions.yaml").write_text(actions[1], encoding="utf-8")
    (tmp_path / "returns.py").write_text(python[1], encoding="utf-8")
    read = read_actions(tmp_path / "actions.yaml", frozenset({"shop"}), tmp_path)
    assert [str(problem) for problem in read.problems] == []
    assert set(read.definitions) == {"find_order", "delivery", "return_label"}
    assert read.signatures["return_label"] == {"reason": True, "value": False}
