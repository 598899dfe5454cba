"""What a match looks like: rules, tokens and tags in the order of the utterance.

`Tree` is the logical parse structure of SRGS 1.0 (appendix H), and `str` writes its notation:
``$order[$size["large"],"coffee",{!{out.drink = 'coffee'}!}]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from voicebot.grammar.ast import Tag, Token


@dataclass(frozen=True, slots=True)
class Tree:
    """One rule as matched.

    ``rule`` is the rule as it was referred to (``city``, ``<places.gram#city>``); ``name`` its name
    in the document with index ``document``.
    """

    rule: str
    children: tuple[Node, ...]
    name: str
    document: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens as the grammar writes them, in order; $GARBAGE leaves none."""
        found: list[str] = []
        for child in self.children:
            if isinstance(child, Token):
                found.append(child.text)
            elif isinstance(child, Tree):
                found.extend(child.tokens)
        return tuple(found)

    @property
    def words(self) -> tuple[str, ...]:
        """Single words of the tokens."""
        return tuple(word for token in self.tokens for word in token.split())

    @property
    def text(self) -> str:
        return " ".join(self.tokens)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of this rule itself, in order."""
        return tuple(child.text for child in self.children if isinstance(child, Tag))

    def __str__(self) -> str:
        inside = ",".join(_written(child) for child in self.children)
        return f"${self.rule}[{inside}]"


Node: TypeAlias = Tree | Token | Tag


def _written(node: Node) -> str:
    if isinstance(node, Token):
        return f'"{node.text}"'
    if isinstance(node, Tag):
        return f"{{!{{{node.text}}}!}}"
    return str(node)
