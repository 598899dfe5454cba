"""Every check of a grammar, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from voicebot.errors import GrammarError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.linker import Linked
from voicebot.grammar.lint.ambiguity import ambiguities
from voicebot.grammar.lint.confusable import Pronounce, sound_alikes
from voicebot.grammar.lint.findings import Finding, Severity
from voicebot.grammar.lint.structure import unbounded_repeats, unreached_rules
from voicebot.grammar.lint.vocabulary import Vocabulary, unknown_words
from voicebot.grammar.matcher import best_match
from voicebot.grammar.sampler import sample
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.words import word_lattice

SAMPLES = 25


@dataclass(frozen=True, slots=True)
class Engine:
    """What the checks need of the active engine for one language; None where it has nothing."""

    vocabulary: Vocabulary | None = None
    pronounce: Pronounce | None = None


NO_ENGINE = Engine()


def inspect(linked: Linked, grammar: CompiledGrammar, engine: Engine = NO_ENGINE) -> list[Finding]:
    """Give all findings in the order of the files. ``grammar`` is compiled from ``linked``."""
    found = [*unreached_rules(linked), *unbounded_repeats(linked), *_failing_tags(grammar)]
    found += ambiguities(grammar)
    if grammar.main.mode == "voice":
        if engine.vocabulary is not None:
            found += unknown_words(linked, engine.vocabulary)
        if engine.pronounce is not None:
            found += sound_alikes(grammar, engine.pronounce)
    return sorted(found, key=lambda finding: finding.order)


def _failing_tags(grammar: CompiledGrammar) -> Iterator[Finding]:
    """Run the tags over some of the grammar's own sentences; the first that fails is told."""
    try:
        for words in islice(sample(grammar, 0), SAMPLES):
            found = best_match(grammar, word_lattice(words, ""))
            if found is not None:
                evaluate(grammar, found[0])
    except GrammarError as error:
        yield Finding(Severity.PROBLEM, error)
