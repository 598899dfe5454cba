"""What the README names is there: targets, commands, files, and the measurements behind numbers."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from voicebot.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def named(pattern: str) -> set[str]:
    found = set(re.findall(pattern, README))
    assert found, f"nothing in the README is like {pattern}"
    return found


def test_every_target_is_in_the_makefile() -> None:
    assert named(r"\bmake ([a-z-]+)\b") <= TARGETS


def test_every_command_is_there() -> None:
    known = {command.name for command in COMMANDS}
    assert named(r"(?:`|bin/)voicebot ([a-z-]+)") <= known


@pytest.mark.parametrize("place", sorted(named(r"\]\(([^)#:]+)[)#]")))
def test_every_link_leads_somewhere(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_number_is_printed_by_make_bench() -> None:
    table = README.partition("| printed by |")[2].partition("\n\n")[0]
    printers = re.findall(r"\| `(\w+)` \|$", table, re.MULTILINE)
    assert len(printers) == table.count("\n| ")
    assert set(printers) <= set(BENCHMARKS)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_measurement_of_make_bench_is_there(name: str) -> None:
    assert find_spec(f"benchmarks.{name}") is not None


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("recogniton", 2)])
def test_the_measurements_are_listed_without_running_any(
    word: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", word])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    assert left.value.code == code
    assert "recognition" in said.out or "no measurement recogniton" in said.err
    assert "===" not in said.out
