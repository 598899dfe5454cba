"""``queues.yaml``: what it says, and what it says wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.acd.acd import Acd
from voicebot.acd.hours import Span
from voicebot.acd.model import Announcing, Callbacks, Overflow, Ring, Routing, Spill
from voicebot.queues.prerouting import preroute
from voicebot.queues.reader import QueueFile, read_queues
from voicebot.queues.words import words_for
from voicebot.types import Language

WHOLE = """\
hours:
  office:
    zone: Europe/Berlin
    mon-fri: 09:00-17:00
    sat: [09:00-12:00, 22:00-02:00]
    holidays:
      2026-12-25: closed
queues:
  general: {wrap_up_s: manual, announce: false}
  billing:
    skills: {billing: 3}
    routing: skill
    hours: office
    priority: 1
    wrap_up_s: 30
    last_agent: {wait_s: 20, within_h: 2}
    announce: {first_s: 10, every_s: 45}
    callback: {attempts: 2}
    rings:
      - {after_s: 40, relax: {billing: 1}}
      - {after_s: 80, agents_of: general}
    overflow:
      - {when: closed, to: voicemail}
      - {when: wait, after_s: 300, queue: general}
rules:
  - {when: contacts >= 3 or mood == 'angry', priority: 2}
  - when: order.status == 'lost'
    queue: billing
    skills: {billing: 5}
  - {priority: 1}
"""


def read(tmp_path: Path, text: str) -> QueueFile:
    path = tmp_path / "queues.yaml"
    path.write_text(text)
    return read_queues(path, "queues.yaml")


def test_a_whole_file(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    assert found.problems == ()
    general, billing = found.queues
    assert (general.wrap_up_s, general.announcing) == (None, None)
    assert (billing.routing, billing.skills) == (Routing.SKILL, {"billing": 3})
    assert (billing.last_agent_s, billing.last_agent_within_s) == (20, 7200)
    assert (billing.announcing, billing.callbacks) == (Announcing(10, 45), Callbacks(2, 600))
    assert billing.rings == (Ring(40, {"billing": 1}), Ring(80, agents_of=("general",)))
    assert billing.overflow == (
        Overflow(Spill.CLOSED, to="voicemail"),
        Overflow(Spill.WAIT, queue="general", after_s=300),
    )
    assert billing.hours is not None
    assert billing.hours.week[4:] == (
        (Span(540, 1020),),
        (Span(540, 720), Span(1320, 1560)),
        (),
    )
    Acd(found.queues)


def test_contacts_are_routed_by_what_is_known(tmp_path: Path) -> None:
    rules = read(tmp_path, WHOLE).rules
    lost = preroute(rules, {"order": {"status": "lost"}, "contacts": 4}, "general")
    assert (lost.queue, lost.priority, lost.skills) == ("billing", 2, {"billing": 5})
    other = preroute(rules, {}, "general", priority=1)
    assert (other.queue, other.priority, other.skills) == ("general", 2, {})


def test_the_example_of_the_page_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "queues.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    found = read(tmp_path, example)
    assert found.problems == ()
    assert [rules.name for rules in found.queues] == ["general", "billing"]


def test_results_and_ways_back_are_read_one_or_several(tmp_path: Path) -> None:
    found = read(tmp_path, "queues: {a: {codes: [solved, later], returns: survey}, b: {}}")
    assert found.problems == ()
    assert found.codes == {"a": ("solved", "later"), "b": ()}
    assert found.returns == {"a": ("survey",), "b": ()}
    (problem,) = read(tmp_path, "queues: {a: {codes: [{x: 1}]}}").problems
    assert "expected text" in str(problem)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("queues: []", "1:9: 'queues' is a mapping, not a list"),
        ("queue: {}", "1:1: unknown key 'queue'. Did you mean 'queues'?"),
        ("queues: {a: {skill: {b: 1}}}", "1:14: unknown key 'skill'. Did you mean 'skills'?"),
        ("queues: {a: {skills: {b: 11}}}", "expected a whole number from 1 to 10"),
        ("queues: {a: {hours: night}}", "'night' is not known here"),
        (
            "queues: {a: {routing: fast}}",
            "'fast' is not known here. Known here: longest_idle",
        ),
        ("queues: {a: {wrap_up_s: soon}}", "'soon' is not known here. Known here: manual."),
        ("queues: {a: {handling_s: 0}}", "Give a number above 0."),
        ("queues: {a: {overflow: {when: wait, to: b}}}", "'after_s' is missing"),
        ("queues: {a: {overflow: {when: closed}}}", "Give 'queue:' or 'to:'"),
        ("queues: {a: {overflow: {when: closed, to: b, length: 3}}}", "belongs to 'when: length'"),
        ("queues: {a: {overflow: {when: closed, queue: b}}}", "there is no queue 'b'"),
        ("queues: {a: {rings: [{after_s: 9}, {after_s: 3}]}}", "comes before the one above"),
        ("hours: {o: {zone: Mars/Base}}", "1:19: there is no time zone 'Mars/Base'"),
        ("hours: {o: {monday: 09:00-17:00}}", "unknown day 'monday'. Did you mean 'mon'?"),
        ("hours: {o: {fri-mon: 09:00-17:00}}", "'fri-mon' runs backwards"),
        ("hours: {o: {mon-fri: 09:00-17:00, tue: closed}}", "tue stands twice"),
        ("hours: {o: {mon: 9 to 5}}", "Write it like 09:00-17:00, or 'closed'."),
        ("hours: {o: {mon: 09:00-24:30}}", "is no span of time"),
        ("hours: {o: {mon: [09:00-12:00, 11:00-13:00]}}", "these hours overlap"),
        ("hours: {o: {holidays: {25.12.: closed}}}", "'25.12.' is no date"),
        ("rules: [{when: a = 1, priority: 1}]", "1:18: '=' has no meaning here"),
        ("rules: [{when: a == 1}]", "this rule changes nothing"),
        ("rules: [{queue: gone}]", "there is no queue 'gone'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    problems = read(tmp_path, text).problems
    assert len(problems) == 1
    assert str(problems[0]).startswith("queues.yaml:1:")
    assert problem in str(problems[0])


def test_a_file_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    problems = read_queues(tmp_path / "queues.yaml").problems
    assert len(problems) == 1
    assert "cannot be read" in str(problems[0])


def test_a_queue_has_its_own_words(tmp_path: Path) -> None:
    text = 'queues: {support: {words: {de: {position: "Platz {position}!"}}}}'
    found = read(tmp_path, text)
    assert found.problems == ()
    words = words_for(Language("de-AT"), found.words["support"])
    assert words.of(3, 100) == "Platz 3! Die Wartezeit beträgt etwa 2 Minuten."


@pytest.mark.parametrize(
    ("language", "position", "wait_s", "said"),
    [
        ("en-GB", 1, 30, "You are next in line. Somebody will be with you in about a minute."),
        ("en-US", 2, None, "You are number 2 in line."),
        ("en-US", 2, 99_999, "You are number 2 in line."),
        ("zh-CN", 3, 300, "您排在第3位。 预计等待5分钟。"),
        ("fr-FR", 1, None, "You are next in line."),
    ],
)
def test_position_and_wait_in_the_language_of_the_call(
    language: str, position: int, wait_s: float | None, said: str
) -> None:
    assert words_for(Language(language)).of(position, wait_s) == said


def test_words_that_leave_out_the_number_are_a_problem(tmp_path: Path) -> None:
    found = read(tmp_path, 'queues: {support: {words: {en-US: {wait: "Some time."}}}}')
    assert "'wait' does not say {minutes}" in str(found.problems[0])


def test_the_demo_shop_lets_vips_go_first() -> None:
    rules = read_queues(Path(__file__).parents[2] / "queues.yaml").rules
    known = [preroute(rules, {"customer": {"vip": vip}}, "support") for vip in (1, 0)]
    assert [each.priority for each in known] == [2, 0]
    assert preroute(rules, {"customer": None}, "support").priority == 0
