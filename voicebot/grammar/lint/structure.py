"""Rules that nothing leads to, and repeats without an end."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.grammar.ast import ExternalRef, Repeat, RuleRef, Special, SpecialName, children, walk
from voicebot.grammar.linker import Linked, RuleKey
from voicebot.grammar.lint.findings import Finding, Severity


def unreached_rules(linked: Linked) -> Iterator[Finding]:
    """Give the private rules of the main grammar that no root and no public rule leads to.

    A public rule may be entered by name or from another grammar, so it is never unreached.
    """
    main = linked.documents[0]
    reached = reached_rules(linked, public=True)
    for rule in main.rules:
        if (0, rule.name) not in reached:
            yield Finding(
                Severity.ADVICE,
                main.error(
                    rule.at,
                    f"nothing leads to the rule {main.written(rule.name)}",
                    "Refer to it, make it public, or delete it.",
                ),
            )


def reached_rules(linked: Linked, *, public: bool = False) -> set[RuleKey]:
    """Give the rules that an utterance can come to, from public rules too where asked."""
    reached: set[RuleKey] = {(0, name) for name in linked.roots}
    if public:
        reached |= {(0, rule.name) for rule in linked.documents[0].rules if rule.public}
    pending = list(reached)
    while pending:
        key = pending.pop()
        for node in walk(linked.rules[key].expansion):
            if isinstance(node, RuleRef | ExternalRef):
                target = linked.target(key[0], node)
                if target not in reached:
                    reached.add(target)
                    pending.append(target)
    return reached


def unbounded_repeats(linked: Linked) -> Iterator[Finding]:
    """Give the repeats of the main grammar that may go on for ever.

    One inside the other is a problem: the same words can then be read in endlessly many ways.
    """
    main = linked.documents[0]
    for rule in main.rules:
        pending = [(rule.expansion, False)]
        while pending:
            node, within = pending.pop()
            endless = isinstance(node, Repeat) and node.maximum is None
            if isinstance(node, Repeat) and endless and not _is_garbage(node):
                nested = within and not isinstance(node.item, Special)
                yield Finding(
                    Severity.PROBLEM if nested else Severity.ADVICE,
                    main.error(
                        node.at,
                        "an endless repeat inside an endless repeat: one sentence, many readings"
                        if nested
                        else "this repeat may go on without end",
                        "Repeat one of them only."
                        if nested
                        else f"Write the most that callers will say: <{node.minimum}-10>.",
                    ),
                )
            # What stands beside other words within a repeat is told apart by them.
            inner = children(node)
            pending += [(each, (within or endless) and len(inner) == 1) for each in inner]


def _is_garbage(node: Repeat) -> bool:
    return isinstance(node.item, Special) and node.item.name is SpecialName.GARBAGE
