"""Grammars made of a list while the call runs, such as the products that an action found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voicebot.flows.commands import ListGrammar
from voicebot.flows.expression import look_up
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.template import Template
from voicebot.types import Json, Language


def grammar_of(
    source: Reference | ListSource, variables: Mapping[str, Json], language: Language
) -> str | ListGrammar:
    """A grammar as a listen has it: by name, or made of a list as it is now."""
    if isinstance(source, Reference):
        return source.name
    return list_grammar(source, variables, language)


def list_grammar(
    source: ListSource, variables: Mapping[str, Json], language: Language
) -> ListGrammar:
    """Make the grammar of a list as it is now. What is no list has no items."""
    items = source.list
    if isinstance(items, Template):
        items = items.value(variables)
    if not isinstance(items, list):
        items = []
    found = tuple(
        (phrase, item if source.value is None else look_up(source.value.split("."), item))
        for item in items
        for phrase in _phrases(item, source.item)
    )
    return ListGrammar(found, language, near=source.near)


def _phrases(item: Json, fields: tuple[str, ...]) -> tuple[str, ...]:
    """What may be said for an item; one empty phrase where there is nothing."""
    said = [look_up(path.split("."), item) for path in fields] if fields else [item]
    return tuple(dict.fromkeys(_texts(said))) or ("",)


def _texts(values: list[Json]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from _texts(value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)
