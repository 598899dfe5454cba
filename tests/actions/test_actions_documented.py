"""docs/actions.md names every key of an action file, and its examples can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.actions.arguments import Kind
from voicebot.actions.definition import RowResult
from voicebot.actions.reader import KEYS, read_actions

PAGE = (Path(__file__).parents[2] / "docs" / "actions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_has_a_row(key: str) -> None:
    assert re.search(rf"^\| `{key}` \| \S", PAGE, re.MULTILINE), f"docs/actions.md lacks `{key}`"


@pytest.mark.parametrize("name", [*Kind, *RowResult])
def test_every_kind_of_argument_and_result_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_examples_are_actions(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (function,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "actions.yaml"
    file.write_text(example, encoding="utf-8")
    (tmp_path / "returns.py").write_text(function, encoding="utf-8")

    found = read_actions(file, None, tmp_path)

    assert [str(problem) for problem in found.problems] == []
    assert set(found.definitions) == {"find_order", "delivery", "return_label"}
    assert set(found.signatures["return_label"]) == {"reason", "value"}
