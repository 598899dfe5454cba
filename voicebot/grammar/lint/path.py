"""One way through a grammar, step by step, as a tree."""

from __future__ import annotations

from typing import TypeAlias

from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.coverage import Step
from voicebot.grammar.matcher import MAX_TREE_DEPTH
from voicebot.grammar.states import NOTHING, Move
from voicebot.grammar.tree import Node, Tree

Path: TypeAlias = tuple[Step | None, ...]
"""Steps from the start of a root; None for the end of a rule that was called."""


def path_tree(grammar: CompiledGrammar, path: Path) -> Tree | None:
    """Put ``path`` together as the tree that the matcher would give for it.

    None for one that nests deeper than a match may.
    """
    root = _root(grammar, path)
    open_: list[tuple[int, str, list[Node]]] = [(root, grammar.rules[root].name, [])]
    for step in path:
        if step is None:
            tree = _closed(grammar, *open_.pop())
            open_[-1][2].append(tree)
        elif isinstance(step.way, Move) and step.way.rule != NOTHING:
            open_.append((step.way.rule, step.way.label, []))
            if len(open_) > MAX_TREE_DEPTH:
                return None
        elif step.way.output != NOTHING:
            open_[-1][2].append(grammar.outputs[step.way.output])
    return _closed(grammar, *open_[0])


def _root(grammar: CompiledGrammar, path: Path) -> int:
    first = next(step for step in path if step is not None)
    starts = {grammar.rules[root].start: root for root in grammar.roots}
    return starts[first.state]


def _closed(grammar: CompiledGrammar, rule: int, label: str, children: list[Node]) -> Tree:
    found = grammar.rules[rule]
    return Tree(label, tuple(children), found.name, found.document)
