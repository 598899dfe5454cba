"""alerts.yaml is read with its places; what is wrong is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.alerts.model import FIGURES, Rule
from voicebot.alerts.reader import AlertFile, load_alerts, read_alerts

TARGETS = {"containment": 0.6, "deflection": None, "service_level": 0.8}
PAGE = Path(__file__).parents[2] / "docs" / "wall.md"


def read(tmp_path: Path, text: str) -> AlertFile:
    file = tmp_path / "alerts.yaml"
    file.write_text(text)
    return read_alerts(file, {"support", "returns"}, TARGETS, "alerts.yaml")


def complaint(tmp_path: Path, rule: str) -> str:
    (problem,) = read(tmp_path, f"alerts:\n  a: {{{rule}}}\n").problems
    return str(problem)


def test_without_a_file_there_are_no_alerts(tmp_path: Path) -> None:
    assert load_alerts(tmp_path, set(), TARGETS) == AlertFile()


def test_rules_are_read_with_their_defaults(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
alerts:
  long line: {when: waiting, queue: support, above: 10, clear: 5, for_s: 120, group: support}
  nobody: {when: agents, below: 1}
  few: {when: containment, below: target, least: 50}
  odd: {when: contacts, unusual: 4, direction: less}
""",
    )
    assert found.problems == ()
    long, nobody, few, odd = found.rules
    assert long == Rule(
        "long line", "waiting", above=10, clear=5, for_s=120, queue="support", group="support"
    )
    assert nobody == Rule("nobody", "agents", below=1, clear=1)
    assert (few.below, few.least) == (0.6, 50)
    assert few.clear == pytest.approx(0.63)
    assert (odd.unusual, odd.direction) == (4, "less")
    assert odd.clear == pytest.approx(2.4)


@pytest.mark.parametrize(
    "rule, said",
    [
        ("above: 1", "alerts.yaml:2:6: 'when' is missing. Add 'when:'."),
        ("when: wating, above: 1", "2:13: 'wating' is not known here. Did you mean 'waiting'?"),
        ("when: waiting, abvoe: 1", "2:22: unknown key 'abvoe'. Did you mean 'above'?"),
        ("when: waiting", "2:6: an alert has one limit."),
        ("when: waiting, above: 1, below: 2", "an alert has one limit"),
        ("when: waiting, unusual: 3", "2:22: nobody knows what is usual for 'waiting'"),
        ("when: waiting, above: -1", "2:29: expected a number from 0 to 10,000,000"),
        ("when: containment, below: 40", "expected a number from 0 to 1"),
        ("when: deflection, below: target", "Set wall.deflection_target, or a number."),
        ("when: failed, above: target", "'failed' has no target. Give a number."),
        (
            "when: waiting, above: 5, clear: 6",
            "would clear while it is raised. Give a number below",
        ),
        ("when: agents, below: 2, clear: 1", "Give a number above the limit."),
        ("when: waiting, above: 5, queue: suport", "no queue 'suport'. Did you mean 'support'?"),
        ("when: failed, above: 0.1, queue: support", "of the whole line. Leave 'queue:' out."),
        ("when: waiting, above: 5, direction: more", "'direction' belongs to 'unusual'"),
        ("when: waiting, above: 5, for_s: soon", "expected seconds"),
        ("when: lines_used, above: 0.9, least: 5", "'least' belongs to shares of an hour"),
    ],
)
def test_a_fault_is_told_with_its_place_and_its_remedy(
    tmp_path: Path, rule: str, said: str
) -> None:
    assert said in complaint(tmp_path, rule)


def test_one_fault_leaves_the_other_rules(tmp_path: Path) -> None:
    found = read(tmp_path, "alerts:\n  a: 5\n  b: {when: waiting, above: 1}\n")
    assert [rule.name for rule in found.rules] == ["b"]
    assert len(found.problems) == 1


def test_a_file_that_is_no_yaml_is_one_problem(tmp_path: Path) -> None:
    assert len(read(tmp_path, "alerts: [").problems) == 1


def test_every_figure_and_key_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in FIGURES:
        assert f"| `{name}` |" in page, name
