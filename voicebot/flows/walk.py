"""A walk through a flow: from one event to the next command that waits.

Each kind of step either passes the walk on or stops it. Questions have a file of their own,
`flows.questions`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from voicebot.errors import UsageError
from voicebot.flows.cards import CardTemplate
from voicebot.flows.commands import (
    ANSWER,
    Act,
    ChangeLanguage,
    Command,
    HangUp,
    Say,
    Show,
    Transfer,
    queue_of,
)
from voicebot.flows.expression import holds
from voicebot.flows.matter import note
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
    HangUpStep,
    LanguageName,
    LanguageStep,
    OfferStep,
    ReturnStep,
    SayStep,
    SetStep,
    Step,
    TransferStep,
    nearest_language,
)
from voicebot.flows.once import KEY_ARGUMENT
from voicebot.flows.queue_steps import choices
from voicebot.flows.secrecy import SALT, Path, copies, is_secret, reads_secret, telling
from voicebot.flows.state import FlowState, Frame, OpenForm, Waiting
from voicebot.flows.template import Template
from voicebot.types import HIDDEN, Json, Outcome, Prompt

MAX_STEPS = 100
"""Steps that a walk may take without listening, acting or ending: more is a loop."""

MAX_CALLS = 20
"""Flows that may wait for a called flow's return."""

MAX_SAID = 12
"""Prompts kept for 'repeat'."""

_T = TypeVar("_T")


class Walk:
    """Carries the state and the commands of one event's answer. Not kept between events.

    ``trail`` holds the state at the beginning of every step that was taken.
    """

    def __init__(
        self,
        flows: FlowSet,
        state: FlowState,
        open_question: Callable[[Walk, AskStep], bool],
        open_form: Callable[[Walk, FormStep], bool],
        open_offer: Callable[[Walk, OfferStep], bool],
        once: Collection[str] = (),
    ) -> None:
        """``open_question``, ``open_form`` and ``open_offer`` say whether the walk goes on: a
        request that waits answers a question, nothing may be missing in a form, and not everybody
        is offered text. ``once`` are the actions that are not done twice."""
        self._written = flows
        self.state = state
        self.commands: list[Command] = []
        self.trail: list[FlowState] = []
        self._open_question = open_question
        self._open_form = open_form
        self._open_offer = open_offer
        self._once = once

    @property
    def flows(self) -> FlowSet:
        """The flows in the contact's language."""
        return self._written.speaking(str(self.state.variables.get("language") or ""))

    @property
    def flow(self) -> Flow:
        return self.flows[self.state.frames[-1].flow]

    @property
    def step(self) -> Step:
        frame = self.state.frames[-1]
        try:
            return self.flows[frame.flow].steps[frame.step]
        except KeyError:
            raise UsageError(f"flow '{frame.flow}' has no step '{frame.step}'") from None

    @property
    def open_form_here(self) -> OpenForm | None:
        """The form under way at the present step."""
        forms = (form for form in self.state.forms if form.at == self.state.frames)
        return next(forms, None)

    @property
    def form(self) -> OpenForm:
        """The same, where there must be one."""
        form = self.open_form_here
        if form is None:
            raise UsageError(f"the form '{self.step.name}' is not under way")
        return form

    def put_form(self, form: OpenForm) -> None:
        """Note how far a form has come."""
        others = (other for other in self.state.forms if other.at != form.at)
        forms = sorted((*others, form), key=lambda each: len(each.at))
        self.state = replace(self.state, forms=tuple(forms))

    def nearest(self, look: Callable[[Flow], _T | None]) -> tuple[int, _T] | None:
        """What the present flow has, else the flow that called it, and so on.

        The number is the depth of the flow that has it, for `go`.
        """
        for depth in range(len(self.state.frames), 0, -1):
            found = look(self.flows[self.state.frames[depth - 1].flow])
            if found:
                return depth, found
        return None

    def set(self, **variables: Json) -> None:
        """Give variables their values; a copy of a secret is one too."""
        secret = self.state.secret
        if secret:
            known = telling(self.state.variables, secret)
            fresh = (copies(value, known, (name,)) for name, value in variables.items())
            old = {path for path in secret if path[0] not in variables}
            secret = frozenset(old.union(*fresh))
        values = {**self.state.variables, **variables}
        self.state = replace(self.state, variables=values, secret=secret)

    def hide(self, *paths: Path) -> None:
        """What stands at these places is a secret, until the variable is set anew."""
        self.state = replace(self.state, secret=self.state.secret.union(paths))

    def is_secret(self, path: Path) -> bool:
        """Whether only the caller may know what stands there."""
        return is_secret(path, self.state.secret)

    def go(self, step: str, depth: int | None = None) -> None:
        """Move to a step of the flow at ``depth`` (default: the present flow)."""
        frames = self.state.frames[:depth]
        self.state = replace(self.state, frames=(*frames[:-1], Frame(frames[-1].flow, step)))

    def say(self, templates: tuple[Template, ...], step: Step) -> None:
        """Say the words of a step, and keep them for 'repeat'."""
        first = len(self.commands)
        self.mention(templates, step.bargein)
        said = [command.prompt for command in self.commands[first:] if isinstance(command, Say)]
        self.state = replace(self.state, said=(*self.state.said, *said)[-MAX_SAID:])

    def mention(self, templates: tuple[Template, ...], bargein: bool = True) -> None:
        """Say words that 'repeat' passes over, such as an apology."""
        for template in templates:
            prompt = template.prompt(self.state.variables, self.is_secret)
            if prompt.parts:
                self.emit(Say(prompt, bargein))

    def emit(self, command: Command) -> None:
        """Give a command, and before it the language where that is another than so far."""
        language = self.flow.language
        if self.state.speaks not in {"", language}:
            self.commands.append(ChangeLanguage(language))
        self.state = replace(self.state, speaks=language)
        self.commands.append(command)

    def change_language(self, wanted: str) -> None:
        """Go on in ``wanted``, in words not said before; not where no flow speaks it."""
        language = nearest_language(wanted, self._written.languages)
        if language:
            self.set(language=str(language))
            self.state = replace(self.state, said=())

    def run(self) -> None:
        """Walk on from the present step until a command waits or the contact ends."""
        for _ in range(MAX_STEPS):
            self._drop_forms()
            step = self.step
            self.trail.append(self.state)
            if isinstance(step, LanguageStep):
                step = self._change_language(step)
            # A form may be entered, or come back to, and so may a queue; an offer may be passed by.
            if not isinstance(step, FormStep | OfferStep) and not self._is_back_in_line:
                self.enter(step)
            if not self._pass(step):
                return
        self.end(Outcome.FAILED, f"the flow took {MAX_STEPS} steps without listening")

    def enter(self, step: Step) -> None:
        """Say what is said on entering a step."""
        if step.matter:
            self._note(step.matter)
        self.say(step.say, step)
        if step.served and not isinstance(step, AnswerStep):  # its answer serves
            self._mark_served()
        if step.card is not None:
            self._show(step.card)

    def _show(self, template: CardTemplate) -> None:
        card = template.filled(self.state.told)
        if card is not None:
            self.emit(Show(card))

    def _drop_forms(self) -> None:
        """Forget the forms that were left for good, and tell the flow of the one that waits."""
        frames = self.state.frames
        if not self.state.forms and "unfinished" not in self.state.variables:
            return
        forms = tuple(form for form in self.state.forms if frames[: len(form.at)] == form.at)
        self.state = replace(self.state, forms=forms)
        waiting = [form.at[-1] for form in forms if len(form.at) < len(frames)]
        title: Json = None
        if waiting:
            step = self.flows[waiting[-1].flow].steps[waiting[-1].step]
            title = (step.title if isinstance(step, FormStep) else "") or step.name
        self.set(unfinished=title)

    @property
    def _is_back_in_line(self) -> bool:
        """Whether the present step is the transfer whose queue the caller has a place in."""
        return self.state.queued == self.state.frames

    def end(self, outcome: Outcome, reason: str) -> None:
        self.commands.append(HangUp(outcome, reason))
        self.state = replace(self.state, waiting=Waiting.NOTHING, pending=None)

    def _mark_served(self) -> None:
        """From the last words of this step on; at once where it says nothing."""
        spoken = False
        if self.commands and isinstance(last := self.commands[-1], Say):
            spoken = True
            self.commands[-1] = replace(last, serves=True)
            self.state = replace(self.state, served_when_heard=True)
        else:
            self.state = replace(self.state, served=True)
        if self.state.noted is not None and not self._is_aside:
            noted = self.state.noted.served_now(spoken=spoken)
            self.state = replace(self.state, noted=noted)

    @property
    def _is_aside(self) -> bool:
        """Whether the caller has left a form for a while: what they get here is not the matter."""
        depth = len(self.state.frames)
        return any(len(form.at) < depth for form in self.state.forms)

    def _note(self, matter: Mapping[str, Template | Json]) -> None:
        """Take down what the contact is about."""
        noted = note(self.state.noted, self._shown(matter))
        if noted is not None:
            self.state = replace(self.state, noted=noted)
            self.set(matter=noted.as_variable())

    def _pass(self, step: Step) -> bool:
        """Carry a step out; whether the walk goes on."""
        match step:
            case SayStep() | LanguageStep():
                self.go(step.next.name)
            case SetStep():
                self._set(step)
                self.go(step.next.name)
            case BranchStep():
                self.go(self._choose(step))
            case CallStep():
                return self._call(step)
            case GotoStep():
                flow = self.flows[step.goto.name]
                frames = (*self.state.frames[:-1], Frame(flow.name, flow.start.name))
                self.state = replace(self.state, frames=frames)
            case ReturnStep():
                return self._return()
            case AskStep():
                return self._open_question(self, step)
            case FormStep():
                return self._open_form(self, step)
            case OfferStep():
                return self._open_offer(self, step)
            case ActStep():
                return self._act(step)
            case AnswerStep():
                self._look_up(step)
                return False
            case TransferStep():
                self._transfer(step)
                return False
            case HangUpStep():
                self.end(step.hangup or self.state.outcome_if_hung_up, step.reason)
                return False
            case _:
                assert_never(step)
        return True

    def _set(self, step: SetStep) -> None:
        secret = self.state.secret
        self.set(**self._values(step.set))
        made = [(name,) for name, value in step.set.items() if reads_secret(value, secret)]
        if made:
            self.hide(*made)

    def _change_language(self, step: LanguageStep) -> Step:
        """Change to the step's language; gives the step in it."""
        wanted = step.language
        self.change_language(
            wanted.language
            if isinstance(wanted, LanguageName)
            else str(wanted.value(self.state.variables) or "")
        )
        return self.step

    def _choose(self, step: BranchStep) -> str:
        for case in step.branch.cases:
            if holds(case.condition, self.state.variables):
                return case.next.name
        return step.branch.otherwise.name

    def _call(self, step: CallStep) -> bool:
        if len(self.state.frames) >= MAX_CALLS:
            self.end(Outcome.FAILED, f"flows called each other {MAX_CALLS} deep")
            return False
        flow = self.flows[step.call.name]
        frame = Frame(flow.name, flow.start.name)
        self.state = replace(self.state, frames=(*self.state.frames, frame))
        return True

    def _return(self) -> bool:
        if len(self.state.frames) == 1:
            self.end(self.state.outcome_if_hung_up, "the flow returned and nothing had called it")
            return False
        self.state = replace(self.state, frames=self.state.frames[:-1])
        caller = self.step
        if isinstance(caller, CallStep):
            self.go(caller.next.name)
        return True  # a form or question that was left for a while goes on by itself

    def _act(self, step: ActStep) -> bool:
        """Whether the walk goes on: what was done already is not done again."""
        arguments = self._values(step.arguments)
        once = self.state.once
        secret = self._reads_secret(step.arguments)
        if step.act.name in self._once and once.contact:
            place = f"{self.state.frames[-1].flow}.{step.name}"
            salted = {**arguments, "": SALT} if secret else arguments
            key = once.key(place, step.act.name, salted)
            if once.has(key):
                self.acted(step, once.result(key))
                return True
            arguments[KEY_ARGUMENT] = key
            self.state = replace(self.state, once=once.begun(key))
        filler = next(iter(self._prompts((step.filler,))), None) if step.filler else None
        self.emit(Act(step.act.name, arguments, filler, secret))
        self.state = replace(self.state, waiting=Waiting.ACTION)
        return False

    def _look_up(self, step: AnswerStep) -> None:
        question = _plain(step.answer.value(self.state.variables))
        arguments: dict[str, Json] = {"question": question, "language": str(self.flow.language)}
        self.emit(Act(ANSWER, arguments, secret=reads_secret(step.answer, self.state.secret)))
        self.state = replace(self.state, waiting=Waiting.ACTION)

    def acted(self, step: ActStep, value: Json) -> None:
        """Take what an action gave, and go on behind it."""
        self.state = replace(self.state, once=self.state.once.finished(value))
        if step.store is not None:
            self.set(**{step.store: value})
        self.go(step.next.name)

    def _transfer(self, step: TransferStep) -> None:
        context = {name: _plain(value) for name, value in self._shown(step.context).items()}
        to_queue, number = bool(queue_of(step.transfer.name)), step.callback
        called = "" if number is None else _plain(number.value(self.state.variables))
        at = step.callback_at if called else None
        company = step.while_waiting
        asked = company.offer.ask if company.offer is not None else ()
        self.emit(
            Transfer(
                step.transfer.name,
                context,
                step.mode,
                self._prompts((*company.say, *asked)),
                tuple(prompt.masked() for prompt in self._prompts(step.whisper)),
                step.ring_ms,
                facts=self.state.told if to_queue else {},
                callback=called,
                callback_at="" if at is None else _plain(at.value(self.state.variables)),
                way_back=self._way_back() if called else {},
                choices=choices(step, self.state.variables, self.flow.language),
            )
        )
        if self.state.queued:
            self.set(in_line=None)
        self.state = replace(
            self.state,
            waiting=Waiting.TRANSFER,
            said=(),
            queued=(),
            served=False,
            served_when_heard=False,
            noted=self.state.noted.unserved() if self.state.noted is not None else None,
        )

    def _way_back(self) -> Mapping[str, Json]:
        """The contact as it stands in the transfer that it has waited in, or in this one."""
        state = self.state
        waits = replace(state, frames=state.queued or state.frames, waiting=Waiting.TRANSFER)
        return waits.to_json()

    def _prompts(self, templates: tuple[Template, ...]) -> tuple[Prompt, ...]:
        prompts = (template.prompt(self.state.variables, self.is_secret) for template in templates)
        return tuple(prompt for prompt in prompts if prompt.parts)

    def _values(self, values: Mapping[str, Template | Json]) -> dict[str, Json]:
        return {
            name: value.value(self.state.variables) if isinstance(value, Template) else value
            for name, value in values.items()
        }

    def _reads_secret(self, values: Mapping[str, Template | Json]) -> bool:
        return any(reads_secret(value, self.state.secret) for value in values.values())

    def _shown(self, values: Mapping[str, Template | Json]) -> dict[str, Json]:
        """The values as others may know them."""
        secret = self.state.secret
        return {
            name: HIDDEN if reads_secret(values[name], secret) else value
            for name, value in self._values(values).items()
        }


def _plain(value: Json) -> str:
    return "" if value is None else str(value)
