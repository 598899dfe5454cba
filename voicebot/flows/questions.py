"""Questions: asking, escalating, confirming, and the commands that work everywhere.

The words after silence or after something not understood change each time; both are counted over
the whole contact, and when it is too much the caller goes where the flow's ``trouble`` leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.flows import requests
from voicebot.flows.commands import FormGrammar, Listen, ListGrammar, Say, WantedIntents
from voicebot.flows.events import FREE
from voicebot.flows.expression import holds
from voicebot.flows.form_questions import as_question, form_grammar
from voicebot.flows.lists import grammar_of
from voicebot.flows.model import DEFAULT_IN_A_ROW, DEFAULT_IN_ALL, Commands, Trouble
from voicebot.flows.more import ask_for_more
from voicebot.flows.offer_questions import as_question as as_offer
from voicebot.flows.offer_rules import is_struggling, may_offer
from voicebot.flows.question_model import Confirm
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.requests import is_intent
from voicebot.flows.state import Counts, Frame, Waiting
from voicebot.flows.steps import AnswerStep, AskStep, FormStep, OfferStep, TransferStep
from voicebot.flows.template import Template
from voicebot.flows.walk import MAX_CALLS, Walk
from voicebot.types import Heard, Json

MAX_QUESTIONS = 30
"""Questions kept for 'go back'."""

MAX_TROUBLES = 3
"""How often trouble may lead elsewhere in one contact; after that it ends."""

MAX_FAILURES = 3
"""How often in a row listening may fail before that is trouble too."""

_COMMAND = "command"


def open_question(walk: Walk, step: AskStep) -> bool:
    """Ask a question on entering its step, and listen. True where nothing was asked: the caller
    has said before what else they want, and the walk goes on with that."""
    heard = requests.take(walk, step)
    if heard is None:
        ask(walk, step)
        return False
    begin(walk)
    if _ask_back(walk, step, heard):
        return False
    walk.state = replace(walk.state, said=())
    target = _settle(walk, step, heard)
    walk.say(step.intents.further if step.intents is not None else (), step)
    walk.go(target.name)
    return True


def ask(walk: Walk, step: AskStep) -> None:
    """Ask a question and listen, whatever waits."""
    begin(walk)
    walk.say(step.ask, step)
    _listen(walk, step)


def begin(walk: Walk) -> None:
    """Count from here on for a question that is asked anew, and remember it for 'go back'."""
    state = walk.state
    questions = state.questions
    if not questions or questions[-1] != state.frames:
        questions = (*questions, state.frames)[-MAX_QUESTIONS:]
    counts = replace(state.counts, noinput_here=0, nomatch_here=0)
    walk.state = replace(state, questions=questions, counts=counts, pending=None, unsettled=None)


def ask_again(walk: Walk) -> None:
    """Say what led to the present question once more, and listen: 'repeat'."""
    step = question(walk)
    if (confirm := _confirming(walk, step)) is not None:
        ask_to_confirm(walk, confirm)
        return
    for prompt in walk.state.said:
        walk.emit(Say(prompt, step.bargein))
    _listen(walk, step)


def understand(walk: Walk, heard: Heard) -> None:
    """Take what the caller said: a command, a yes or no, or an answer."""
    step = question(walk)
    heard = requests.servable(step, heard)
    command = command_of(walk, step, heard)
    if command is not None:
        obey(walk, step, command)
    elif walk.state.waiting is Waiting.CONFIRMATION and isinstance(heard.semantics, bool):
        _confirmed(walk, step, heard.semantics)
    elif step.next.target(heard.semantics) is None:
        nomatch(walk)
    elif not _ask_back(walk, step, heard):
        _accept(walk, step, heard)


def noinput(walk: Walk) -> None:
    """The caller was silent."""
    counts = walk.state.counts
    _count(walk, replace(counts, noinput_here=counts.noinput_here + 1))
    step = question(walk)
    own, of_flow = step.noinput, walk.nearest(lambda flow: flow.noinput)
    _escalate(walk, own, of_flow, walk.state.counts.noinput_here)


def nomatch(walk: Walk) -> None:
    """The caller said something that was none of what was asked."""
    counts = walk.state.counts
    _count(walk, replace(counts, nomatch_here=counts.nomatch_here + 1))
    if _offer_text(walk):
        return
    step = question(walk)
    own, of_flow = step.nomatch, walk.nearest(lambda flow: flow.nomatch)
    _escalate(walk, own, of_flow, walk.state.counts.nomatch_here)


def ambiguous(walk: Walk, options: tuple[str, ...]) -> None:
    """What was said is near to several items: ask which, in the flow's words for it."""
    which = walk.nearest(lambda flow: flow.which)
    walk.set(options=list(options))
    if question(walk).sensitive:
        walk.hide(("options",))
    if which is None or walk.state.waiting is Waiting.CONFIRMATION:
        nomatch(walk)
        return
    counts = walk.state.counts
    _count(walk, replace(counts, nomatch_here=counts.nomatch_here + 1))
    if _offer_text(walk):
        return
    _escalate(walk, which[1], None, walk.state.counts.nomatch_here)


def listening_failed(walk: Walk) -> None:
    """We could not listen: apologise and ask again; the caller is not to blame."""
    failures = walk.state.counts.failures + 1
    walk.state = replace(walk.state, counts=replace(walk.state.counts, failures=failures))
    if failures >= MAX_FAILURES:
        _to_trouble(walk, "failure")
        return
    _reprompt(walk, walk.nearest(lambda flow: flow.apology), failures)


def question(walk: Walk) -> AskStep:
    """The present question: an ask step, what a form or an offer asks, or whether to tell more."""
    step = walk.step
    if isinstance(step, AnswerStep):
        return ask_for_more(walk, step)
    if isinstance(step, OfferStep):
        return as_offer(step, walk.state.offers)
    if isinstance(step, FormStep):
        counts = walk.state.counts
        return as_question(step, walk.form, counts.noinput_here + counts.nomatch_here)
    assert isinstance(step, AskStep), "only questions wait for input"
    return step


def asks_secret(walk: Walk) -> bool:
    """Whether what is heard now is the answer to a sensitive question. A transfer only asks whether
    the caller still wants somebody."""
    return not isinstance(walk.step, TransferStep) and question(walk).sensitive


def _listen(walk: Walk, step: AskStep, confirm: Confirm | None = None) -> None:
    grammars: list[str | ListGrammar | FormGrammar] = []
    intents: WantedIntents | None = None
    keys: dict[str, Json] = {}
    commands = _commands(walk, step)
    if commands is not None:
        keys |= {key: {_COMMAND: command} for key, command in commands.keys.items()}
    if confirm is not None:
        grammars.append(confirm.grammar.name)
        keys |= confirm.keys
    else:
        keys |= step.keys
    grammars += _grammars(walk, step.grammar)
    if isinstance(form := walk.step, FormStep):
        grammars += _grammars(walk, form.grammar)
        grammars.append(form_grammar(form, walk.form, walk.state.variables, walk.flow.language))
        grammars += _grammars(walk, form.aside.grammar if form.aside is not None else ())
        intents = requests.leading_aside(form, walk.flow.language)
    elif step.intents is not None:
        names = tuple(reference.name for reference in step.intents.only)
        intents = WantedIntents(walk.flow.language, names, step.intents.least)
    if commands is not None and commands.grammar is not None:
        grammars.append(commands.grammar.name)
    walk.emit(
        Listen(
            grammars=_each_once(grammars),
            keys=keys,
            timeout_ms=step.timeout_ms,
            completetimeout_ms=step.completetimeout_ms,
            incompletetimeout_ms=step.incompletetimeout_ms,
            maxspeechtimeout_ms=step.maxspeechtimeout_ms,
            interdigittimeout_ms=step.interdigittimeout_ms,
            termchar=step.termchar,
            private=step.private or step.sensitive,
            sensitive=step.sensitive,
            intents=intents,
            free=step.free and confirm is None,
        )
    )
    waiting = Waiting.INPUT if confirm is None else Waiting.CONFIRMATION
    walk.state = replace(walk.state, waiting=waiting)


def _grammars(walk: Walk, sources: tuple[Reference | ListSource, ...]) -> list[str | ListGrammar]:
    variables, language = walk.state.variables, walk.flow.language
    return [grammar_of(source, variables, language) for source in sources]


def _each_once(
    grammars: list[str | ListGrammar | FormGrammar],
) -> tuple[str | ListGrammar | FormGrammar, ...]:
    return tuple(
        grammar
        for place, grammar in enumerate(grammars)
        if not isinstance(grammar, str) or grammar not in grammars[:place]
    )


def _commands(walk: Walk, step: AskStep) -> Commands | None:
    found = walk.nearest(lambda flow: flow.commands)
    return found[1] if found is not None and step.commands is not False else None


def command_of(walk: Walk, step: AskStep, heard: Heard) -> str | None:
    """The command that was said or pressed; None for an answer."""
    commands = _commands(walk, step)
    if commands is None:
        return None
    meaning = heard.semantics
    if isinstance(meaning, dict) and set(meaning) == {_COMMAND}:
        return str(meaning[_COMMAND])
    if commands.grammar is not None and heard.grammar == commands.grammar.name:
        return str(meaning)
    return None


def obey(walk: Walk, step: AskStep, command: str) -> None:
    counts = replace(walk.state.counts, in_a_row=0, failures=0)
    walk.state = replace(walk.state, counts=counts)
    if isinstance(step.commands, Mapping) and command in step.commands:
        leave(walk, step.commands[command].name)
        return
    found = walk.nearest(lambda flow: flow.commands)
    if found is not None and command in found[1].steps:
        leave(walk, found[1].steps[command].name, found[0])
    elif found is not None and command in found[1].languages:
        _ask_in_language(walk, found[1].languages[command].language)
    elif command == "repeat":
        ask_again(walk)
    elif command == "help":
        _escalate_from(walk, step.help, walk.nearest(lambda flow: flow.help), 1)
    elif command == "back":
        _go_back(walk)
    else:
        nomatch(walk)


def _ask_in_language(walk: Walk, language: str) -> None:
    """Ask the present question in another language; what was understood so far stays."""
    walk.change_language(language)
    step = question(walk)
    if walk.state.waiting is Waiting.CONFIRMATION and step.confirm is not None:
        ask_to_confirm(walk, step.confirm)
    else:
        walk.say(step.ask, step)
        _listen(walk, step)


def _go_back(walk: Walk) -> None:
    """To the question before this one; from a confirmation, to its question."""
    questions = walk.state.questions
    if walk.state.waiting is not Waiting.CONFIRMATION and len(questions) > 1:
        questions = questions[:-1]
    walk.state = replace(walk.state, questions=questions, frames=questions[-1])
    if isinstance(step := walk.step, FormStep) and walk.open_form_here is None:
        _reopen(walk, step)
    leave(walk, questions[-1][-1].step)


def _reopen(walk: Walk, step: FormStep) -> None:
    """Of a form that was complete, ask again for what came last."""
    given = [name for name in step.form if walk.state.variables.get(name) is not None]
    if given:
        walk.set(**{given[-1]: None})


def leave(walk: Walk, step: str, depth: int | None = None) -> None:
    walk.state = replace(walk.state, said=(), pending=None)
    walk.go(step, depth)
    walk.run()


def _accept(walk: Walk, step: AskStep, heard: Heard) -> None:
    leave(walk, _settle(walk, step, heard).name)


def _settle(walk: Walk, step: AskStep, heard: Heard) -> Reference:
    """Take an answer; gives the step that it leads to."""
    meaning = requests.remember(walk, heard)
    walk.set(answer=meaning)
    if step.store is not None:
        walk.set(**{step.store: meaning})
    if step.sensitive:
        walk.hide(("answer",), (requests.WAITING,), *([(step.store,)] if step.store else []))
    before = walk.state.counts
    counts = replace(before, noinput_here=0, nomatch_here=0, in_a_row=0, failures=0)
    unsettled = before if heard.grammar == FREE else None
    walk.state = replace(walk.state, counts=counts, unsettled=unsettled)
    target = step.next.target(meaning)
    assert target is not None, "an answer without a way is a nomatch"
    return target


def _ask_back(walk: Walk, step: AskStep, heard: Heard) -> bool:
    """Ask whether this was meant, where it is not sure enough."""
    confirm = _confirm_of(step, heard)
    if confirm is None or (confirm.below is not None and heard.confidence >= confirm.below):
        return False
    walk.state = replace(walk.state, pending=heard, waiting=Waiting.CONFIRMATION)
    walk.set(answer=heard.semantics)
    if step.sensitive:
        walk.hide(("answer",))
    ask_to_confirm(walk, confirm)
    return True


def _confirm_of(step: AskStep, heard: Heard | None) -> Confirm | None:
    """How an answer is confirmed: intents may have their own way."""
    if step.intents is not None and step.intents.confirm is not None and is_intent(heard):
        return step.intents.confirm
    return step.confirm


def _confirming(walk: Walk, step: AskStep) -> Confirm | None:
    """What is being asked back now, if anything."""
    if walk.state.waiting is not Waiting.CONFIRMATION:
        return None
    return _confirm_of(step, walk.state.pending)


def ask_to_confirm(walk: Walk, confirm: Confirm) -> None:
    walk.mention(confirm.ask)
    _listen(walk, question(walk), confirm)


def _confirmed(walk: Walk, step: AskStep, yes: bool) -> None:
    pending = walk.state.pending
    assert pending is not None, "a confirmation waits for an answer that was given"
    if yes:
        _accept(walk, step, pending)
        return
    walk.state = replace(walk.state, waiting=Waiting.INPUT, pending=None)
    nomatch(walk)


def _count(walk: Walk, counts: Counts) -> None:
    counts = replace(counts, in_a_row=counts.in_a_row + 1, in_all=counts.in_all + 1)
    walk.state = replace(walk.state, counts=counts)


_Wording = tuple[int, tuple[Template, ...]] | None


def _escalate(walk: Walk, own: tuple[Template, ...], of_flow: _Wording, time: int) -> None:
    """Lead to trouble when it is enough, else ask in other words."""
    trouble = walk.nearest(lambda flow: flow.trouble)
    in_a_row, in_all = _limits(trouble[1] if trouble is not None else None)
    counts = walk.state.counts
    condition = trouble[1].if_ if trouble is not None else None
    at_once = condition is not None and holds(condition, walk.state.variables)
    if at_once or counts.in_a_row >= in_a_row or counts.in_all >= in_all:
        _to_trouble(walk, "noinput" if counts.noinput_here >= in_a_row else "nomatch")
    else:
        _escalate_from(walk, own, of_flow, time)


def _offer_text(walk: Walk) -> bool:
    """Offer text on top of a question whose answers are not understood; whether that was done. Not
    after silence: who cannot be heard cannot say yes."""
    found = walk.nearest(lambda flow: flow.offers)
    frames = walk.state.frames
    if found is None or len(frames) >= MAX_CALLS:
        return False
    depth, policy = found
    flow = walk.flows[frames[depth - 1].flow]
    step = flow.steps[policy.struggling.name]
    struggles = is_struggling(policy, walk.state.counts, walk.state.variables)
    if not (struggles and isinstance(step, OfferStep) and may_offer(flow, step, walk.state)):
        return False
    frames = (*frames, Frame(flow.name, step.name))
    counts = replace(walk.state.counts, in_a_row=0)  # the offer has its own chances
    walk.state = replace(walk.state, frames=frames, counts=counts, said=(), pending=None)
    walk.run()
    return True


def _escalate_from(walk: Walk, own: tuple[Template, ...], of_flow: _Wording, time: int) -> None:
    """A question's own words stand alone; the flow's words are followed by the question."""
    step = question(walk)
    if own and walk.state.waiting is not Waiting.CONFIRMATION:
        walk.mention((own[min(time, len(own)) - 1],), step.bargein)
        _listen(walk, step)
    else:
        _reprompt(walk, of_flow, time)


def _reprompt(walk: Walk, wording: _Wording, time: int) -> None:
    step = question(walk)
    if wording is not None:
        words = wording[1]
        walk.mention((words[min(time, len(words)) - 1],), step.bargein)
    if (confirm := _confirming(walk, step)) is not None:
        ask_to_confirm(walk, confirm)
    else:
        walk.mention(step.ask, step.bargein)
        _listen(walk, step)


def _limits(trouble: Trouble | None) -> tuple[int, int]:
    if trouble is None:
        return DEFAULT_IN_A_ROW, DEFAULT_IN_ALL
    return trouble.in_a_row, trouble.in_all


def _to_trouble(walk: Walk, kind: str) -> None:
    step = question(walk)
    troubles = walk.state.counts.troubles + 1
    walk.state = replace(walk.state, counts=Counts(troubles=troubles))
    walk.set(trouble={"kind": kind, "count": troubles})
    found = walk.nearest(lambda flow: flow.trouble)
    if troubles > MAX_TROUBLES or (step.on_trouble is None and found is None):
        walk.end(walk.state.outcome_if_hung_up, f"too much trouble: {kind}")
    elif step.on_trouble is not None:
        leave(walk, step.on_trouble.name)
    elif found is not None:
        leave(walk, found[1].next.name, found[0])
