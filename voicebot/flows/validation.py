"""Finds what cannot work in flows that could be read: every problem, with its remedy.

Names that live outside the flows (grammars, actions, transfer targets) are checked where the
caller gives the lists of what is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from voicebot.document import suggest
from voicebot.errors import FlowError
from voicebot.flows.cards import missing_images
from voicebot.flows.commands import QUEUE_PREFIX, TransferMode
from voicebot.flows.expression import Name, names
from voicebot.flows.graph import able_to_end, edges, reachable, shared_edges
from voicebot.flows.intent_routes import missing_intents
from voicebot.flows.loops import silent_loops
from voicebot.flows.model import (
    ActStep,
    AnswerStep,
    AskStep,
    BranchStep,
    CallStep,
    Flow,
    FlowSet,
    FormStep,
    GotoStep,
    LanguageName,
    LanguageStep,
    ListSource,
    OfferStep,
    Reference,
    SetStep,
    Step,
    TransferStep,
    nearest_language,
    step_grammars,
    step_templates,
)
from voicebot.flows.queue_steps import misplaced_keys, missing_queues
from voicebot.flows.template import Template
from voicebot.flows.vocabulary import (
    BUILTIN_ACTIONS,
    BUILTIN_COMMANDS,
    CALLER_ARGUMENT,
    FACTS,
)
from voicebot.types import Json, Language


@dataclass(frozen=True, slots=True)
class Known:
    """What exists outside the flows; None where nobody can tell.

    Grammars that begin with ``builtin:`` are never reported here. An action maps its arguments
    to whether they must be given. ``knowledge`` are the languages that have articles.
    """

    grammars: Collection[str] | None = None
    actions: Mapping[str, Mapping[str, bool]] | None = None
    transfers: Collection[str] | None = None
    intents: Mapping[Language, Collection[str] | None] | None = None
    """The names of each language's intents, None where they cannot be read; a language without
    any is not among them."""
    knowledge: Collection[Language] | None = None
    queues: Collection[str] | None = None
    """The names in queues.yaml."""
    images: Collection[str] | None = None
    """The pictures of cards."""


NOTHING_KNOWN = Known()


def validate(flows: FlowSet, known: Known = NOTHING_KNOWN) -> list[FlowError]:
    """Every problem of ``flows``, in the order of files and lines."""
    variables = _variables(flows)
    problems: list[FlowError] = []
    for flow in flows.in_all_languages():
        problems += _missing_steps(flow)
        problems += _questions(flow)
        problems += _forms(flow)
        problems += _commands(flow)
        problems += _other_flows(flow, flows)
        problems += _languages(flow, flows.languages)
        problems += _transfers(flow)
        problems += missing_intents(flow, known.intents)
        problems += _offers(flow)
        if not any(each.unreadable for each in flows):
            problems += _undefined_variables(flow, variables)
        if not flow.unreadable:
            problems += _unreachable(flow)
            problems += _dead_ends(flow)
            problems += silent_loops(flow)
    # A translation's grammars are those of the flow, unless its language has its own.
    written = FlowSet(flows.flows)
    problems += _missing(written.grammars(), known.grammars, "grammar", "Write grammars/{}.gram.")
    actions = None if known.actions is None else {**BUILTIN_ACTIONS, **known.actions}
    problems += _missing(flows.actions(), actions, "action", "Define it in actions.yaml.")
    problems += _arguments(flows, actions or {})
    problems += _callers(flows, actions or {})
    problems += missing_transfers(flows, known.transfers)
    problems += missing_queues(flows, known.queues)
    problems += _without_knowledge(flows, known.knowledge)
    problems += missing_images(flows.cards(), known.images)
    each_once = {str(problem): problem for problem in problems}.values()
    return sorted(each_once, key=lambda problem: (problem.file, problem.line, problem.column))


def missing_transfers(flows: FlowSet, transfers: Collection[str] | None) -> Iterator[FlowError]:
    """Transfer targets that are neither a SIP URI nor a name among ``transfers``.

    A call runs all the same: such a transfer fails, and takes the path of failure.
    """
    if transfers is None:
        return
    for reference in flows.transfers():
        name = reference.name
        if name not in transfers and not name.startswith(("sip:", "sips:", QUEUE_PREFIX)):
            near = suggest(name, transfers)
            yield reference.place.error(
                f"the settings have no transfer target '{name}'",
                near
                if near.startswith("Did")
                else f'Under [transfers] in voicebot.toml, write: {name} = "sip:...".',
            )


def _without_knowledge(
    flows: FlowSet, languages: Collection[Language] | None
) -> Iterator[FlowError]:
    """Answer steps in whose language there is no article."""
    if languages is None:
        return
    known = {language.partition("-")[0] for language in languages}
    for flow in flows.in_all_languages():
        for step in flow.steps.values():
            if isinstance(step, AnswerStep) and flow.language.partition("-")[0] not in known:
                yield step.answer.place.error(
                    f"there is no knowledge in {flow.language}",
                    f"Write articles: knowledge/{flow.language}/NAME.md.",
                )


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
        if reference is not None and reference.name not in flows.flows:
            yield reference.place.error(
                f"flow '{reference.name}' does not exist", suggest(reference.name, flows.flows)
            )


def _unreachable(flow: Flow) -> Iterator[FlowError]:
    found = reachable(flow)
    for step in flow.steps.values():
        if step.name not in found:
            yield step.place.error(
                f"step '{step.name}' cannot be reached", "Lead a step to it, or delete it."
            )


def _dead_ends(flow: Flow) -> Iterator[FlowError]:
    """Steps from which no answer leads out; of a group that loops, the first alone is named."""
    able = able_to_end(flow)
    found = reachable(flow)
    named: set[str] = set()
    for step in flow.steps.values():
        if step.name in able or step.name not in found or step.name in named:
            continue
        if any(edge.target.name not in flow.steps for edge in edges(step)):
            continue  # the missing step is reported already
        named |= _trapped_from(step, flow, able)
        yield step.place.error(
            f"from step '{step.name}' no answer leads to a hang-up, a transfer or a return",
            "Give the caller a way out, such as 'goodbye'.",
        )


def _trapped_from(step: Step, flow: Flow, able: Collection[str]) -> set[str]:
    trapped = {step.name}
    todo = [step]
    while todo:
        for edge in edges(todo.pop()):
            name = edge.target.name
            if name in flow.steps and name not in able and name not in trapped:
                trapped.add(name)
                todo.append(flow.steps[name])
    return trapped


def _missing(
    references: Iterable[Reference], known: Collection[str] | None, what: str, remedy: str
) -> Iterator[FlowError]:
    if known is None:
        return
    for reference in references:
        if reference.name not in known and not reference.name.startswith("builtin:"):
            near = suggest(reference.name, known)
            text = near if near.startswith("Did") else remedy.format(reference.name)
            yield reference.place.error(f"{what} '{reference.name}' does not exist", text)


def _arguments(flows: FlowSet, actions: Mapping[str, Mapping[str, bool]]) -> Iterator[FlowError]:
    for step in (step for flow in flows for step in flow.steps.values()):
        if not isinstance(step, ActStep) or step.act.name not in actions:
            continue
        declared = actions[step.act.name]
        for name in sorted(set(step.arguments) - set(declared)):
            yield step.act.place.error(
                f"action '{step.act.name}' has no argument '{name}'", suggest(name, declared)
            )
        for name, required in declared.items():
            if required and name not in step.arguments:
                yield step.act.place.error(
                    f"action '{step.act.name}' needs the argument '{name}'",
                    "Add it to 'arguments'.",
                )


def _callers(flows: FlowSet, actions: Mapping[str, Mapping[str, bool]]) -> Iterator[FlowError]:
    for flow in flows:
        if flow.caller is None or flow.caller.name not in actions:
            continue
        declared = actions[flow.caller.name]
        others = [name for name in declared if declared[name] and name != CALLER_ARGUMENT]
        if CALLER_ARGUMENT not in declared or others:
            yield flow.caller.place.error(
                f"action '{flow.caller.name}' cannot tell who calls: it is given the argument "
                f"'{CALLER_ARGUMENT}' alone",
                f"Declare it: 'arguments: {{{CALLER_ARGUMENT}: text}}', and no other that must be "
                "given.",
            )


def _variables(flows: FlowSet) -> set[str]:
    """Every variable that some step of some flow sets: flows share them."""
    found = set(FACTS)
    for flow in flows:
        for step in flow.steps.values():
            if isinstance(step, SetStep):
                found |= set(step.set)
            elif isinstance(step, AskStep | ActStep | FormStep) and step.store is not None:
                found.add(step.store)
            if isinstance(step, FormStep):
                found |= set(step.form)
    return found


def _undefined_variables(flow: Flow, variables: Collection[str]) -> Iterator[FlowError]:
    for name in names_read(flow):
        if name.path[0] not in variables:
            yield name.place.error(
                f"variable '{name.path[0]}' is set nowhere", suggest(name.path[0], variables)
            )


def names_read(flow: Flow) -> Iterator[Name]:
    """Every variable that the flow reads, where it reads it."""
    templates = [*flow.help, *flow.noinput, *flow.nomatch, *flow.apology, *flow.which]
    if flow.trouble is not None and flow.trouble.if_ is not None:
        yield from names(flow.trouble.if_)
    if flow.offers is not None and flow.offers.if_ is not None:
        yield from names(flow.offers.if_)
    for step in flow.steps.values():
        templates += (*step_templates(step), *_list_templates(step), *_templates_of(step.matter))
        templates += () if step.card is None else step.card.templates()
        if isinstance(step, SetStep):
            templates += _templates_of(step.set)
        elif isinstance(step, LanguageStep):
            templates += _templates_of({"language": step.language})
        elif isinstance(step, ActStep):
            templates += _templates_of(step.arguments)
        elif isinstance(step, AnswerStep):
            templates.append(step.answer)
        elif isinstance(step, TransferStep):
            templates += _templates_of(step.context)
            templates += [each for each in (step.callback, step.callback_at) if each is not None]
        elif isinstance(step, FormStep):
            templates += _templates_of(
                {
                    f"{name} {key}": getattr(slot, key)
                    for name, slot in step.form.items()
                    for key in ("prefill", "default")
                }
            )
            for case in step.stop:
                yield from names(case.condition)
            for slot in step.form.values():
                if slot.if_ is not None:
                    yield from names(slot.if_)
        elif isinstance(step, BranchStep):
            for case in step.branch.cases:
                yield from names(case.condition)
        elif isinstance(step, OfferStep) and step.if_ is not None:
            yield from names(step.if_)
    for template in templates:
        for placeholder in template.slots:
            yield from names(placeholder.expression)


def _list_templates(step: Step) -> Iterator[Template]:
    for source in step_grammars(step):
        if isinstance(source, ListSource) and isinstance(source.list, Template):
            yield source.list


def _templates_of(values: Mapping[str, Template | LanguageName | Json]) -> Iterator[Template]:
    return (value for value in values.values() if isinstance(value, Template))
