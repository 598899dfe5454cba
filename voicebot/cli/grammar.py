"""``voicebot grammar``: try a grammar, hear what it holds, find its mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from voicebot.errors import GrammarError, UsageError
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.coverage import coverage
from voicebot.grammar.files import read_source
from voicebot.grammar.lint.findings import Finding, Severity
from voicebot.grammar.lint.report import NO_ENGINE, Engine, inspect
from voicebot.grammar.matcher import best_match
from voicebot.grammar.sampler import sample as sample_sentences
from voicebot.grammar.semantics import evaluate
from voicebot.grammar.store import compile_linked, link_source, load_file
from voicebot.grammar.tree import Tree
from voicebot.grammar.words import key_lattice
from voicebot.grammar.written import text_lattices
from voicebot.speech.grammar_check import engine_for
from voicebot.types import Json, Language

DEFAULT_SAMPLES = 10
MOST_COVERING = 100_000

app = typer.Typer(help="Try, sample and check grammars.", no_args_is_help=True)

GrammarFile = Annotated[
    Path, typer.Argument(metavar="GRAMMAR", help="a file in SRGS ABNF, SRGS XML or JSGF")
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
RuleNames = Annotated[
    list[str] | None, typer.Option("--rule", help="enter by this rule instead of the root")
]
Externals = Annotated[
    list[str] | None,
    typer.Option("--external", metavar="URI=FILE", help="the file that stands for a reference"),
]


@app.command()
def parse(
    grammar: GrammarFile,
    text: Annotated[str | None, typer.Option("--text", help="what is said or typed")] = None,
    keys: Annotated[str | None, typer.Option("--keys", help="what is keyed")] = None,
    rule: RuleNames = None,
    external: Externals = None,
    as_json: AsJson = False,
) -> None:
    """Match a text or keys: prints match, semantics and the tree in SRGS's own notation."""
    if (text is None) == (keys is None):
        raise UsageError("give either --text or --keys")
    compiled = load_file(grammar, tuple(rule or ()), _externals(external or ()))
    if keys is None and compiled.main.mode == "dtmf":
        keys = "".join((text or "").split())
    language = compiled.main.language
    if keys is None:
        lattices = text_lattices(text or "", language)
    else:
        lattices = (key_lattice(keys, language if compiled.main.mode == "voice" else None),)
    found = next(filter(None, (best_match(compiled, lattice) for lattice in lattices)), None)
    problem = _report(compiled, found[0] if found else None, as_json)
    if problem is not None and not as_json:
        raise problem
    if found is None or problem is not None:
        raise typer.Exit(1)


def _externals(options: Sequence[str]) -> dict[str, Path]:
    externals: dict[str, Path] = {}
    for option in options:
        uri, equals, file = option.rpartition("=")
        if not (uri and equals and file):
            raise UsageError(f"--external is '{option}'; write it as URI=FILE")
        externals[uri] = Path(file)
    return externals


def _report(compiled: CompiledGrammar, tree: Tree | None, as_json: bool) -> GrammarError | None:
    """Print what was found; give the error of a tag that failed, the words being held even so."""
    semantics: Json = None
    problem = None
    if tree is not None:
        try:
            semantics = evaluate(compiled, tree)
        except GrammarError as error:
            problem = error
    if as_json:
        written = None if tree is None else str(tree)
        result: dict[str, Json] = {"match": bool(tree), "semantics": semantics, "tree": written}
        _print_json(result if problem is None else {**result, "error": str(problem)})
    elif tree is None:
        typer.echo("match      no")
    else:
        typer.echo("match      yes")
        if problem is None:
            typer.echo(f"semantics  {json.dumps(semantics, ensure_ascii=False)}")
        typer.echo(f"tree       {tree}")
    return problem


@app.command()
def sample(
    grammar: GrammarFile,
    count: Annotated[
        int | None, typer.Option("-n", "--count", min=1, help="how many (10 if left out)")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="the same seed gives the same sentences")] = None,
    rule: RuleNames = None,
    every: Annotated[
        bool,
        typer.Option("--every", help="short sentences that take every alternative; -n is the most"),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print random sentences that the grammar holds."""
    compiled = load_file(grammar, tuple(rule or ()))
    if every:
        covering = (sentence.words for sentence in coverage(compiled))
        sentences = [" ".join(words) for words in islice(covering, count or MOST_COVERING)]
    else:
        found = sample_sentences(compiled, seed)
        sentences = [" ".join(words) for words in islice(found, count or DEFAULT_SAMPLES)]
    if as_json:
        _print_json(list[Json](sentences))
        return
    for sentence in sentences:
        typer.echo(sentence)


@app.command()
def check(
    grammars: Annotated[list[Path], typer.Argument(metavar="GRAMMAR...", help="grammar files")],
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with each file, if anything; exits 1 when something is.

    Advice is for a second look: words the engine is unlikely to know, phrases that sound alike,
    repeats without end, rules that nothing leads to. It does not make the check fail.
    """
    findings = [finding for path in grammars for finding in inspect_file(path, engine_for)]
    if as_json:
        _print_json([_finding_json(finding) for finding in findings])
    else:
        _print_findings(findings, len(grammars))
    if any(finding.severity is Severity.PROBLEM for finding in findings):
        raise typer.Exit(1)


def inspect_file(path: Path, engines: Callable[[Language], Engine]) -> list[Finding]:
    """Everything that can be said of a grammar file; nothing is raised.

    ``engines`` gives the engine that hears a language.
    """
    try:
        linked = link_source(read_source(path), path.parent)
        compiled = compile_linked(linked)
    except GrammarError as error:
        return [Finding(Severity.PROBLEM, error)]
    language = Language(compiled.main.language)
    return inspect(linked, compiled, engines(language) if language else NO_ENGINE)


def _finding_json(finding: Finding) -> Json:
    error = finding.error
    return {
        "severity": finding.severity.value,
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "problem": error.problem,
        "remedy": error.remedy,
    }


def _print_findings(findings: Sequence[Finding], files: int) -> None:
    for finding in findings:
        advice = " (advice)" if finding.severity is Severity.ADVICE else ""
        typer.echo(f"{finding.error}{advice}", err=True)
    if not any(finding.severity is Severity.PROBLEM for finding in findings):
        typer.echo(f"{files} grammar{'s' if files > 1 else ''}, nothing wrong")


def _print_json(value: Json) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))
