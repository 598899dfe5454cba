"""Rules that nothing leads to, and repeats without an end."""

from __future__ import annotations

import pytest

from tests.grammar.lint.conftest import Link, brief
from voicebot.grammar.lint.structure import unbounded_repeats, unreached_rules


def test_private_rule_that_nothing_leads_to_is_named(link_rules: Link) -> None:
    linked = link_rules(
        "$main = a | $b;\n$b = b;\npublic $c = $d;\n$d = d;\n$lost = $b | $gone;\n$gone = x;"
    )

    assert brief(unreached_rules(linked)) == [
        "7:1 advice: nothing leads to the rule $lost",
        "8:1 advice: nothing leads to the rule $gone",
    ]


@pytest.mark.parametrize(
    ("rule", "findings"),
    [
        ("a<0-> b<1-> c<2-4> [d]", ["advice: this repeat may go on without end"] * 2),
        ("(a b<0->)<1->", ["advice: this repeat may go on without end"] * 2),
        (
            "((a | b)<1->)<0->",
            [
                "advice: this repeat may go on without end",
                "problem: an endless repeat inside an endless repeat: one sentence, many readings",
            ],
        ),
        ("$GARBAGE<0-> a", []),
    ],
)
def test_endless_repeats_are_named(link_rules: Link, rule: str, findings: list[str]) -> None:
    found = brief(unbounded_repeats(link_rules(f"$main = {rule};")))

    assert sorted(line.split(" ", 1)[1] for line in found) == sorted(findings)
