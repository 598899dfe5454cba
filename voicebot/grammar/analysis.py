"""What can be said of rules before they are compiled: emptiness, left recursion, size.

All three are bounded: emptiness re-examines a rule only when one that it refers to changed, the
search for left recursion visits each rule once, and size stops counting at its limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.grammar.ast import (
    Alternatives,
    Expansion,
    ExternalRef,
    InLanguage,
    Repeat,
    RuleRef,
    Sequence,
    Special,
    SpecialName,
    Tag,
    Token,
    children,
    walk,
)
from voicebot.grammar.linker import Linked, RuleKey


def empty_rules(linked: Linked) -> frozenset[RuleKey]:
    """Find the rules that can match without a word."""
    callers: dict[RuleKey, set[RuleKey]] = {}
    for key, rule in linked.rules.items():
        for node in walk(rule.expansion):
            if isinstance(node, RuleRef | ExternalRef):
                callers.setdefault(linked.target(key[0], node), set()).add(key)
    empty: set[RuleKey] = set()
    pending = list(linked.rules)
    while pending:
        key = pending.pop()
        if key in empty:
            continue
        if can_be_empty(linked.rules[key].expansion, linked, key[0], empty):
            empty.add(key)
            pending.extend(callers.get(key, ()))
    return frozenset(empty)


def can_be_empty(
    node: Expansion, linked: Linked, document: int, empty: frozenset[RuleKey] | set[RuleKey]
) -> bool:
    """Tell whether ``node`` can match without a word, ``empty`` being the rules that can."""
    match node:
        case Token():
            return False
        case Tag():
            return True
        case RuleRef() | ExternalRef():
            return linked.target(document, node) in empty
        case Special():
            return node.name is not SpecialName.VOID
        case Sequence():
            return all(can_be_empty(item, linked, document, empty) for item in node.items)
        case Alternatives():
            return any(can_be_empty(item.expansion, linked, document, empty) for item in node.items)
        case Repeat():
            return node.minimum == 0 or can_be_empty(node.item, linked, document, empty)
        case InLanguage():
            return can_be_empty(node.item, linked, document, empty)


def find_left_recursion(linked: Linked, empty: frozenset[RuleKey]) -> None:
    """Raise GrammarError where a rule comes back to itself before any word."""
    done: set[RuleKey] = set()
    for root in linked.rules:
        if root in done:
            continue
        path: list[RuleKey] = [root]
        on_path = {root}
        calls = [_leftmost(linked, root, empty)]
        while calls:
            reference = next(calls[-1], None)
            if reference is None:
                calls.pop()
                key = path.pop()
                on_path.discard(key)
                done.add(key)
                continue
            target = linked.target(path[-1][0], reference)
            if target in on_path:
                _fail_recursion(linked, path, target, reference)
            if target not in done:
                path.append(target)
                on_path.add(target)
                calls.append(_leftmost(linked, target, empty))


def _fail_recursion(
    linked: Linked, path: list[RuleKey], target: RuleKey, reference: RuleRef | ExternalRef
) -> None:
    circle = [*path[path.index(target) :], target]
    names = " -> ".join(f"${name}" for _, name in circle[:8])
    raise linked.documents[path[-1][0]].error(
        reference.at,
        f"the rule ${target[1]} leads back to itself before any word ({names})",
        "Put a word before the reference, or write the repetition as (...)<1->.",
    )


def _leftmost(
    linked: Linked, key: RuleKey, empty: frozenset[RuleKey]
) -> Iterator[RuleRef | ExternalRef]:
    """Give the references in a rule that can come before any word."""
    pending: list[Expansion] = [linked.rules[key].expansion]
    while pending:
        node = pending.pop()
        if isinstance(node, RuleRef | ExternalRef):
            yield node
        elif isinstance(node, Sequence):
            for item in node.items:
                pending.append(item)
                if not can_be_empty(item, linked, key[0], empty):
                    break
        elif not (isinstance(node, Repeat) and node.maximum == 0):
            pending.extend(children(node))


def size(node: Expansion, limit: int) -> int:
    """Count the arcs that ``node`` will take, its repeats unrolled; past ``limit`` any number."""
    match node:
        case Token():
            return 1 + node.text.count(" ")
        case Sequence():
            items: tuple[Expansion, ...] = node.items
        case Alternatives():
            items = tuple(item.expansion for item in node.items)
        case Repeat():
            times = max(1, node.minimum + 1 if node.maximum is None else node.maximum)
            return times * (size(node.item, limit) + 3)
        case InLanguage():
            return size(node.item, limit)
        case _:
            return 2
    total = 1
    for item in items:
        total += size(item, limit)
        if total > limit:
            break
    return total
