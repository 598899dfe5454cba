"""What `voicebot check` finds in the files of intents, and between them and the flows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.errors import FlowError
from voicebot.flows.intent_routes import intents_of_keys, intents_taken, unmeant
from voicebot.flows.model import FlowSet
from voicebot.grammar.files import grammar_files
from voicebot.nlu.intent_set import IntentSet
from voicebot.nlu.library import closest, missing_slot_grammars, read_files
from voicebot.types import Language

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class IntentFindings:
    """``known`` are the intents of each language for `flows.outside.Known`; ``grammars`` those
    that find slots in sentences; ``count`` is how many intents the files hold."""

    problems: list[FlowError] = field(default_factory=list)
    warnings: list[FlowError] = field(default_factory=list)
    advice: list[FlowError] = field(default_factory=list)
    known: dict[Language, Collection[str] | None] = field(default_factory=dict)
    grammars: set[str] = field(default_factory=set)
    count: int = 0


def inspect_intents(application: Path, flows: FlowSet, grammars: Collection[str]) -> IntentFindings:
    """Look at every file of intents. ``grammars`` are the names of the grammar files."""
    found = IntentFindings()
    sets: dict[Language, IntentSet | None] = {}
    for language, file in read_files(application):
        found.problems += file.problems
        found.advice += file.advice
        sets[language] = file.intents
        found.count += len(file.intents.intents) if file.intents is not None else 0
    taken = intents_taken(flows)
    for language in flows.languages:
        nearest = closest(language, sets)
        if nearest is not None:
            intents = sets[nearest]
            found.known[language] = None if intents is None else intents.names
    for language in taken:
        nearest = closest(language, sets)
        intents = sets[nearest] if nearest is not None else None
        if intents is not None:
            _look_at(intents, taken[language], grammars, found)
    found.warnings += _unmeant(application, flows, found.known)
    return found


def _look_at(
    intents: IntentSet, taken: Collection[str], grammars: Collection[str], found: IntentFindings
) -> None:
    for intent in intents.intents:
        if intent.name not in taken and intent.place is not None:
            found.warnings.append(
                intent.place.error(
                    f"no flow serves the intent '{intent.name}'",
                    "Lead it to a step, in 'next', 'aside' or a condition on '….intent'.",
                )
            )
        found.grammars |= {name for name in intent.slots.values() if name}
    found.problems += missing_slot_grammars(intents, grammars)


def _unmeant(
    application: Path, flows: FlowSet, known: Mapping[Language, Collection[str] | None]
) -> Iterator[FlowError]:
    """Conditions on intents that neither intents nor keys nor the text of any grammar names."""
    files = grammar_files(application / "grammars")
    text = " ".join(path.read_text("utf-8", errors="replace") for path in files)
    words = set(_WORD.findall(text))
    keyed = {name for flow in flows for name in intents_of_keys(flow)}
    for flow in flows.in_all_languages():
        intents = known.get(flow.language, ())
        if intents is not None:
            yield from unmeant(flow, intents, {*words, *keyed})
