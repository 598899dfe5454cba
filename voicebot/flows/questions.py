"""Questions: which one is asked now, what is said and what is listened for.

What is done with the answer is in `flows.understanding`, what follows when there is none in
`flows.trouble`.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows import requests
from voicebot.flows.commands import FormGrammar, Listen, ListGrammar, Say, WantedIntents
from voicebot.flows.form_questions import as_question, form_grammar
from voicebot.flows.lists import grammar_of
from voicebot.flows.model import Commands
from voicebot.flows.more import ask_for_more, asked_at, last_request
from voicebot.flows.offer_questions import as_question as as_offer
from voicebot.flows.question_model import Confirm
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.requests import is_intent
from voicebot.flows.state import Waiting
from voicebot.flows.steps import AnswerStep, AskStep, FormStep, OfferStep, TransferStep
from voicebot.flows.walk import Walk
from voicebot.types import Heard, Json

MAX_QUESTIONS = 30
"""Questions kept for 'go back'."""

_COMMAND = "command"


def question(walk: Walk) -> AskStep:
    """The present question: an ask step, what a form or an offer asks, or whether to tell more."""
    step = walk.step
    if isinstance(step, AnswerStep):
        return ask_for_more(walk, step)
    if isinstance(step, OfferStep):
        return as_offer(step, walk.state.offers, asked_at(walk, last_request(walk)))
    if isinstance(step, FormStep):
        counts = walk.state.counts
        return as_question(step, walk.form, counts.noinput_here + counts.nomatch_here)
    assert isinstance(step, AskStep), "only questions wait for input"
    return step


def asks_secret(walk: Walk) -> bool:
    """Whether what is heard now is the answer to a sensitive question. A transfer only asks whether
    the caller still wants somebody."""
    return not isinstance(walk.step, TransferStep) and question(walk).sensitive


def ask(walk: Walk, step: AskStep) -> None:
    """Ask a question and listen, whatever waits."""
    begin(walk)
    walk.say(step.ask, step)
    listen(walk, step)


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
    if (confirm := confirming(walk, step)) is not None:
        ask_to_confirm(walk, confirm)
        return
    for prompt in walk.state.said:
        walk.emit(Say(prompt, step.bargein))
    listen(walk, step)


def ask_to_confirm(walk: Walk, confirm: Confirm) -> None:
    """Ask whether what was understood was meant, and listen."""
    walk.mention(confirm.ask)
    listen(walk, question(walk), confirm)


def confirm_of(step: AskStep, heard: Heard | None) -> Confirm | None:
    """How an answer is confirmed: intents may have their own way."""
    if step.intents is not None and step.intents.confirm is not None and is_intent(heard):
        return step.intents.confirm
    return step.confirm


def confirming(walk: Walk, step: AskStep) -> Confirm | None:
    """What is being asked back now, if anything."""
    if walk.state.waiting is not Waiting.CONFIRMATION:
        return None
    return confirm_of(step, walk.state.pending)


def leave(walk: Walk, step: str, depth: int | None = None) -> None:
    """Go on at a step of the flow at ``depth`` (default: the present flow)."""
    walk.state = replace(walk.state, said=(), pending=None)
    walk.go(step, depth)
    walk.run()


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


def listen(walk: Walk, step: AskStep, confirm: Confirm | None = None) -> None:
    """Listen for what the question understands, or for the answer to ``confirm``."""
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
