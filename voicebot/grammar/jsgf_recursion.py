"""JSGF allows a rule to come back to itself only at its end (JSGF 1.0, 4.9: right recursion)."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.grammar.ast import (
    Alternatives,
    Expansion,
    Grammar,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    SpecialName,
    Tag,
    walk,
)


def find_inner_recursion(grammar: Grammar) -> None:
    """Raise GrammarError where a rule of the grammar comes back to itself before its end.

    Recursion before any word is left to `analysis`, which knows what can be empty.
    """
    circles = _circles(grammar)
    for rule in grammar.rules:
        for reference, last in _references(rule.expansion):
            same = circles.get(reference.name) == circles[rule.name]
            if same and not last:
                raise grammar.error(
                    reference.at,
                    f"the rule <{rule.name}> comes back to itself by <{reference.name}>, "
                    "and not at its end",
                    "JSGF allows that for the last part only; repetition is (...)* or (...)+.",
                )


def _references(expansion: Expansion) -> Iterator[tuple[RuleRef, bool]]:
    """Give the references to rules, and for each whether nothing is said after it."""
    pending: list[tuple[Expansion, bool]] = [(expansion, True)]
    while pending:
        node, last = pending.pop()
        if isinstance(node, RuleRef):
            yield node, last
        elif isinstance(node, Sequence):
            for item in reversed(node.items):
                pending.append((item, last))
                last = last and _is_silent(item)
        elif isinstance(node, Repeat):
            pending.append((node.item, last and node.maximum == 1))
        elif isinstance(node, Alternatives):
            pending.extend((item.expansion, last) for item in node.items)


def _is_silent(node: Expansion) -> bool:
    return isinstance(node, Tag) or (isinstance(node, Special) and node.name is SpecialName.NULL)


def _circles(grammar: Grammar) -> dict[str, int]:
    """Number the rules so that those which lead to each other have the same number (Kosaraju)."""
    onward: dict[str, list[str]] = {rule.name: [] for rule in grammar.rules}
    back: dict[str, list[str]] = {rule.name: [] for rule in grammar.rules}
    for rule in grammar.rules:
        for node in walk(rule.expansion):
            if isinstance(node, RuleRef) and node.name in onward:
                onward[rule.name].append(node.name)
                back[node.name].append(rule.name)
    numbers: dict[str, int] = {}
    for number, name in enumerate(reversed(_in_order_of_end(onward))):
        pending = [name]
        while pending:
            at = pending.pop()
            if at not in numbers:
                numbers[at] = number
                pending.extend(back[at])
    return numbers


def _in_order_of_end(graph: dict[str, list[str]]) -> list[str]:
    """Give the names in the order in which a search in depth leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for start in graph:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(graph[start]))]
        while path:
            name, following = path[-1]
            for other in following:
                if other not in seen:
                    seen.add(other)
                    path.append((other, iter(graph[other])))
                    break
            else:
                order.append(name)
                path.pop()
    return order
