"""What the compiler makes: one table of states for all rules, plain data that can be pickled.

`network` (for the decoder), `matcher` (for words) and `sampler` run on it. States of a rule belong
to that rule alone; its last state is `State.final` and has no way out. Weights are natural
logarithms, 0 or less.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.grammar.ast import Grammar, Tag, Token
from voicebot.grammar.packed import pack_outputs, pack_states
from voicebot.grammar.states import State


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """``document`` is the index of the document that holds it."""

    name: str
    document: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class CompiledGrammar:
    """A grammar that is ready to be matched. Not to be changed; equal when ``key`` is equal.

    ``shortest`` gives for each state the least number of words to the end of its rule
    (`shortest.NEVER` for no way there).
    """

    key: str
    documents: tuple[Grammar, ...]
    roots: tuple[int, ...]
    rules: tuple[CompiledRule, ...]
    states: Sequence[State]
    outputs: Sequence[Token | Tag]
    shortest: Sequence[int]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompiledGrammar) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> tuple[type[CompiledGrammar], tuple[object, ...]]:
        """Pickle flat (see `packed`): a large grammar has a hundred thousand small objects."""
        return CompiledGrammar, (
            self.key,
            self.documents,
            self.roots,
            self.rules,
            pack_states(self.states),
            pack_outputs(self.outputs),
            array("i", self.shortest),
        )

    @property
    def main(self) -> Grammar:
        """The header of the main document (`ast.Grammar` without its rules)."""
        return self.documents[0]
