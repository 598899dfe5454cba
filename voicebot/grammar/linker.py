"""Follows references between grammar documents and says, for each, which rule is meant.

SRGS 1.0 section 2.2: a local rule must exist, an external one must be public, a grammar referred to
without a rule must declare its root, and modes must agree. Documents are fetched through a
`Resolver`, so that this stage touches neither disk nor network.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from voicebot.grammar.ast import (
    NOWHERE,
    PACKAGE,
    ExternalRef,
    Grammar,
    Position,
    Rule,
    RuleRef,
    walk,
)
from voicebot.grammar.readers import read_grammar

MAX_DOCUMENTS = 100
_MEDIA_TYPES = {
    "application/srgs": {"application/srgs", "application/srgs+abnf", "application/grammar"},
    "application/srgs+xml": {
        "application/srgs+xml",
        "application/grammar+xml",
        "application/xml",
        "text/xml",
    },
    "application/x-jsgf": {"application/x-jsgf", "application/jsgf"},
}
"""For each notation the media types by which it is known, its own first."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document as fetched: how errors call it and its bytes."""

    file: str
    data: bytes


Resolver: TypeAlias = Callable[[str, str], SourceFile]
"""``resolver(uri, file)`` gives the document at ``uri`` as ``file`` refers to it.

It raises LookupError with a sentence that says why it cannot.
"""

RuleKey: TypeAlias = tuple[int, str]
"""Index of a document and the name of a rule in it."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Documents of which the first is the main one, and where its references lead.

    ``roots`` are the rules that an utterance may begin with. ``imported`` says for a document and a
    name that is no rule of its own which rule of an imported grammar is meant. ``key`` is a hash of
    all content.
    """

    documents: tuple[Grammar, ...]
    rules: dict[RuleKey, Rule]
    roots: tuple[str, ...]
    externals: dict[tuple[int, str], int]
    imported: dict[RuleKey, RuleKey]
    key: str

    def target(self, document: int, reference: RuleRef | ExternalRef) -> RuleKey:
        """Give the rule that a reference, found in ``document``, means."""
        if isinstance(reference, RuleRef):
            key = document, reference.name
            return self.imported.get(key, key)
        other = self.externals[document, reference.uri]
        root = self.documents[other].root
        name = reference.rule if reference.rule is not None else root.name if root else ""
        return other, name


def link(source: SourceFile, resolver: Resolver, roots: tuple[str, ...] = ()) -> Linked:
    """Read ``source`` and all it refers to.

    ``roots`` activates these rules instead of the declared root. A grammar that declares no root
    is entered by all its public rules. Raises GrammarError.
    """
    linker = _Linker(resolver)
    linker.add(source)
    linker.follow()
    main = linker.documents[0]
    names = roots or _declared_roots(main)
    for name in names:
        if (0, name) not in linker.rules:
            at = main.root.at if main.root and not roots else NOWHERE
            linker.fail_unknown(0, name, at)
    digest = linker.digest
    digest.update(repr(names).encode())
    return Linked(
        tuple(linker.documents),
        linker.rules,
        names,
        linker.externals,
        linker.imported,
        digest.hexdigest(),
    )


def _declared_roots(grammar: Grammar) -> tuple[str, ...]:
    if grammar.root:
        return (grammar.root.name,)
    public = tuple(rule.name for rule in grammar.rules if rule.public)
    if not public:
        raise grammar.error(
            grammar.rules[0].at,
            "the grammar declares no root and has no public rule",
            _how(
                grammar,
                abnf=f"Add 'root ${grammar.rules[0].name};' to the header.",
                xml=f'Write <grammar root="{grammar.rules[0].name}" ...>.',
                jsgf=f"Write 'public <{grammar.rules[0].name}> = ...'.",
            ),
        )
    return public


@dataclass(slots=True)
class _Linker:
    resolver: Resolver
    documents: list[Grammar] = field(default_factory=list)
    rules: dict[RuleKey, Rule] = field(default_factory=dict)
    externals: dict[tuple[int, str], int] = field(default_factory=dict)
    imported: dict[RuleKey, RuleKey] = field(default_factory=dict)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _indices: dict[str, int] = field(default_factory=dict)

    def add(self, source: SourceFile) -> int:
        """Read a document that is not known yet and give its index."""
        index = len(self.documents)
        self._indices[source.file] = index
        grammar = read_grammar(source.file, source.data)
        self.documents.append(grammar)
        self.rules.update({(index, rule.name): rule for rule in grammar.rules})
        self.digest.update(grammar.digest.encode())
        return index

    def follow(self) -> None:
        """Fetch what the documents refer to, breadth first, and check every reference."""
        index = 0
        while index < len(self.documents):
            self._import(index)
            for rule in self.documents[index].rules:
                for node in walk(rule.expansion):
                    if isinstance(node, ExternalRef):
                        self._fetch(index, node)
                        self._check_external(index, node)
                    elif isinstance(node, RuleRef) and (index, node.name) not in self.rules:
                        self._find_imported(index, node)
            index += 1

    def _import(self, index: int) -> None:
        """Fetch what a JSGF document imports."""
        for item in self.documents[index].imports:
            self._fetch(index, item)
            if item.rule is not None:
                self._check_external(index, item)

    def _find_imported(self, index: int, reference: RuleRef) -> None:
        """Look for a name in the grammars that are imported whole."""
        grammar = self.documents[index]
        key = index, reference.name
        if key in self.imported:
            return
        whole = [item.uri for item in grammar.imports if item.rule is None]
        places = dict.fromkeys((self.externals[index, uri], reference.name) for uri in whole)
        found = [place for place in places if place in self.rules and self.rules[place].public]
        if not found:
            self.fail_unknown(index, reference.name, reference.at)
        if len(found) > 1:
            files = " and ".join(self.documents[other].file for other, _ in found)
            raise grammar.error(
                reference.at,
                f"<{reference.name}> is a rule of {files}",
                "Write the full name: <package.grammar.rule>.",
            )
        self.imported[key] = found[0]

    def _fetch(self, index: int, reference: ExternalRef) -> None:
        if (index, reference.uri) in self.externals:
            return
        grammar = self.documents[index]
        if len(self.documents) >= MAX_DOCUMENTS:
            raise grammar.error(
                reference.at, f"more than {MAX_DOCUMENTS} grammars refer to each other"
            )
        try:
            source = self.resolver(reference.uri, grammar.file)
        except LookupError as error:
            reason = str(error.args[0]) if error.args else "it is not there"
            raise grammar.error(
                reference.at, f"cannot load ${reference.written}: {reason}"
            ) from None
        known = self._indices.get(source.file)
        other = self.externals[index, reference.uri] = self.add(source) if known is None else known
        package, name = reference.uri.removeprefix(PACKAGE), self.documents[other].name
        if reference.uri.startswith(PACKAGE) and name not in ("", package):
            raise grammar.error(
                reference.at,
                f"{source.file} is the grammar '{name}', not '{package}'",
                f"Write 'grammar {package};' there, or refer to '{name}' here.",
            )

    def _check_external(self, index: int, reference: ExternalRef) -> None:
        grammar = self.documents[index]
        other = self.externals[index, reference.uri]
        target = self.documents[other]
        stated = (reference.media_type or "").partition(";")[0].strip().lower()
        if reference.media_type is not None and stated not in _MEDIA_TYPES[target.media_type]:
            raise grammar.error(
                reference.at,
                f"${reference.written} is {target.media_type}, not {reference.media_type[:60]}",
                "Name that type, or leave it out.",
            )
        if target.mode != grammar.mode:
            raise grammar.error(
                reference.at,
                f"{target.file} has mode {target.mode}, this grammar has mode {grammar.mode}",
                "Speech and keys cannot be mixed in one grammar; make two.",
            )
        if reference.rule is None:
            if target.root is None:
                raise grammar.error(
                    reference.at,
                    f"{target.file} declares no root",
                    f"Name a rule of it: {reference.uri}#{_first_public(target)}.",
                )
            if (other, target.root.name) not in self.rules:
                self.fail_unknown(other, target.root.name, target.root.at)
            return
        rule = self.rules.get((other, reference.rule))
        if rule is None:
            names = [rule.name for rule in target.rules if rule.public]
            raise grammar.error(
                reference.at,
                f"{target.file} has no rule {target.written(reference.rule)}",
                _suggest(target, reference.rule, names),
            )
        if not rule.public:
            raise grammar.error(
                reference.at,
                f"the rule {target.written(rule.name)} of {target.file} is private",
                _how(
                    target,
                    abnf=f"Write 'public ${rule.name} = ...' there.",
                    xml=f'Write <rule id="{rule.name}" scope="public"> there.',
                    jsgf=f"Write 'public <{rule.name}> = ...' there.",
                ),
            )

    def fail_unknown(self, index: int, name: str, at: Position) -> None:
        grammar = self.documents[index]
        raise grammar.error(
            at,
            f"there is no rule {grammar.written(name)}",
            _suggest(grammar, name, [rule.name for rule in grammar.rules]),
        ) from None


def _first_public(grammar: Grammar) -> str:
    public = (rule.name for rule in grammar.rules if rule.public)
    return next(public, grammar.rules[0].name)


def _how(grammar: Grammar, *, abnf: str, xml: str, jsgf: str) -> str:
    """Choose the words for the notation of ``grammar``."""
    return {"application/srgs+xml": xml, "application/x-jsgf": jsgf}.get(grammar.media_type, abnf)


def _suggest(grammar: Grammar, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:60], known[:5000], n=1, cutoff=0.5)
    if near:
        return f"Did you mean {grammar.written(near[0])}?"
    listed = ", ".join(grammar.written(name) for name in known[:8])
    return f"Known here: {listed}{', ...' if len(known) > 8 else ''}." if known else ""
