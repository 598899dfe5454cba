"""Finds what cannot work in flows that could be read: every problem, with its remedy.

Each file of checks sees to one thing: `flows.ends` and `flows.loops` to the ways, `flows.variables`
to what is read, `flows.outside` and `flows.intent_routes` to names that no flow defines. The checks
of single kinds of step are here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.commands import TransferMode
from voicebot.flows.ends import dead_ends, unreachable
from voicebot.flows.facts import BUILTIN_COMMANDS
from voicebot.flows.graph import edges, shared_edges
from voicebot.flows.intent_routes import missing_intents
from voicebot.flows.loops import silent_loops
from voicebot.flows.model import Flow, FlowSet, nearest_language
from voicebot.flows.outside import NOTHING_KNOWN, Known, missing_outside
from voicebot.flows.queue_steps import misplaced_keys
from voicebot.flows.references import LanguageName
from voicebot.flows.steps import (
    AskStep,
    CallStep,
    FormStep,
    GotoStep,
    LanguageStep,
    OfferStep,
    TransferStep,
)
from voicebot.flows.variables import undefined_variables, variables_set
from voicebot.types import Language


def validate(flows: FlowSet, known: Known = NOTHING_KNOWN) -> list[FlowError]:
    """Every problem of ``flows``, in the order of files and lines."""
    variables = variables_set(flows)
    problems: list[FlowError] = []
    for flow in flows.in_all_languages():
        missing = list(_missing_steps(flow))
        problems += missing
        problems += _questions(flow)
        problems += _forms(flow)
        problems += _commands(flow)
        problems += _other_flows(flow, flows)
        problems += _languages(flow, flows.languages)
        problems += _transfers(flow)
        problems += missing_intents(flow, known.intents)
        problems += _offers(flow)
        if flows.is_whole:
            problems += undefined_variables(flow, variables)
        if not flow.unreadable and not missing:  # those that are there may hang on one that is not
            problems += unreachable(flow)
            problems += dead_ends(flow)
            problems += silent_loops(flow)
    problems += missing_outside(flows, known)
    each_once = {str(problem): problem for problem in problems}.values()
    return sorted(each_once, key=lambda problem: (problem.file, problem.line, problem.column))


def _missing_steps(flow: Flow) -> Iterator[FlowError]:
    known = {*flow.steps, *flow.unreadable}
    wanted = [flow.start, *(edge.target for edge in shared_edges(flow))]
    wanted += [edge.target for step in flow.steps.values() for edge in edges(step)]
    for reference in wanted:
        if reference.name and reference.name not in known:
            yield reference.place.error(
                f"step '{reference.name}' does not exist", suggest(reference.name, known)
            )


def _questions(flow: Flow) -> Iterator[FlowError]:
    for step in flow.steps.values():
        if not isinstance(step, AskStep):
            continue
        if not (step.grammar or step.keys or step.free or step.intents is not None):
            yield step.place.error(
                f"step '{step.name}' asks but understands no answer", "Add 'grammar' or 'keys'."
            )
        if step.free and step.next.target({"text": ""}) is None:
            yield step.place.error(
                f"free words lead nowhere from step '{step.name}'", "Add 'else' to 'next'."
            )
        for keys, meaning in step.keys.items():
            if step.next.target(meaning) is None:
                yield step.place.error(
                    f"key {keys} of step '{step.name}' leads nowhere: "
                    f"'next' has no step for its meaning",
                    "Add the meaning, or 'else', to 'next'.",
                )


def _forms(flow: Flow) -> Iterator[FlowError]:
    for step in flow.steps.values():
        if not isinstance(step, FormStep):
            continue
        for slot in step.form.values():
            if not (slot.grammar or slot.keys or step.grammar):
                yield slot.place.error(
                    f"slot '{slot.name}' understands no answer", "Add 'grammar' or 'keys'."
                )
        aside = step.aside
        if aside and not (aside.grammar or aside.intents or flow.commands):
            yield step.place.error(
                f"nothing leads aside from step '{step.name}'",
                "Give 'aside' a 'grammar' or 'intents', or the flow 'commands'.",
            )


def _commands(flow: Flow) -> Iterator[FlowError]:
    if flow.commands is None:
        return
    known = {*BUILTIN_COMMANDS, *flow.commands.steps, *flow.commands.languages}
    for keys, command in flow.commands.keys.items():
        if command not in known:
            where = flow.commands.grammar.place if flow.commands.grammar else flow.start.place
            yield where.error(
                f"key {keys} means the command '{command}', which has no step",
                suggest(command, known) or "Add it to the commands' 'steps'.",
            )


def _languages(flow: Flow, spoken: Collection[Language]) -> Iterator[FlowError]:
    """Languages to change to that no flow speaks."""
    wanted = list(flow.commands.languages.values()) if flow.commands is not None else []
    for step in flow.steps.values():
        if isinstance(step, LanguageStep) and isinstance(step.language, LanguageName):
            wanted.append(step.language)
    for name in wanted:
        if not nearest_language(name.language, spoken):
            yield name.place.error(
                f"no flow speaks {name.language}",
                f"Write its words in a folder {name.language} beside this flow.",
            )


def _transfers(flow: Flow) -> Iterator[FlowError]:
    for step in flow.steps.values():
        if isinstance(step, TransferStep):
            yield from misplaced_keys(step)
        if not isinstance(step, TransferStep) or step.mode is not TransferMode.REFER:
            continue
        for key in ("next", "while_waiting", "whisper", "ring_ms"):
            if getattr(step, key):
                yield step.place.error(
                    f"'{key}' of step '{step.name}' has no effect: with mode refer the call leaves "
                    "voicebot",
                    "Write 'mode: bridge', or leave the key out.",
                )


def _offers(flow: Flow) -> Iterator[FlowError]:
    if flow.offers is not None:
        place, name = flow.offers.struggling.place, flow.offers.struggling.name
        step = flow.steps.get(name)
        if step is not None and not isinstance(step, OfferStep):
            yield place.error(f"step '{name}' offers no text", "Name an offer_text step.")
    for step in flow.steps.values():
        if not isinstance(step, OfferStep):
            continue
        for keys, meaning in step.keys.items():
            if not isinstance(meaning, bool):
                yield step.place.error(
                    f"key {keys} of step '{step.name}' means neither yes nor no",
                    "Give it true or false.",
                )


def _other_flows(flow: Flow, flows: FlowSet) -> Iterator[FlowError]:
    for step in flow.steps.values():
        reference = (
            step.call
            if isinstance(step, CallStep)
            else step.goto
            if isinstance(step, GotoStep)
            else None
        )
        if reference is not None and reference.name not in {*flows.flows, *flows.unread}:
            yield reference.place.error(
                f"flow '{reference.name}' does not exist", suggest(reference.name, flows.flows)
            )
