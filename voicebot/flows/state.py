"""Where a contact stands in its flow: frozen, and JSON both ways.

The state is all that a contact needs to go on elsewhere, on another channel or after a restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from voicebot.errors import UsageError
from voicebot.flows.frustration import CALM, Mood
from voicebot.flows.matter import Noted, customer_of
from voicebot.flows.once import UNKNOWN, Once
from voicebot.flows.secrecy import NONE, Paths, is_secret, scrubbed, telling, without
from voicebot.types import Heard, Json, Matter, Mode, Outcome, Prompt, SayAs, Value


class Waiting(StrEnum):
    """What the interpreter waits for."""

    START = "start"
    INPUT = "input"
    CONFIRMATION = "confirmation"
    ACTION = "action"
    TRANSFER = "transfer"
    TEXT = "text"
    """A link to go on in text is being sent."""
    NOTHING = "nothing"
    """The contact is over."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a flow; a call of another flow puts a frame on top."""

    flow: str
    step: str


Frames = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Silences and words not understood. ``here``: at this question, since its last answer.

    ``in_a_row`` ends with an answer, ``in_all`` counts until trouble has been taken care of.
    """

    noinput_here: int = 0
    nomatch_here: int = 0
    in_a_row: int = 0
    in_all: int = 0
    failures: int = 0
    troubles: int = 0

    def answered(self) -> Counts:
        """The counts when the caller was understood."""
        return replace(self, noinput_here=0, nomatch_here=0, in_a_row=0, failures=0)


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form that is not complete yet; the values stand in the variables of its slots.

    ``at`` are the frames up to it: while more lie on top, the caller is elsewhere and will come
    back. ``asking`` is the slot asked for, empty for the review; ``asked`` those asked so far.
    ``checked`` have values that their step ``filled`` has looked at or, where ``checking``, is
    looking at. ``unsure`` have values that must still be confirmed, ``said_back`` were said back
    before the present question, so that a bare 'no' means them.
    """

    at: Frames
    asking: str = ""
    asked: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    said_back: tuple[str, ...] = ()
    checking: bool = False


class Asking(StrEnum):
    """What an open offer of text asks."""

    NOTHING = ""
    WHETHER = "whether"
    NUMBER = "number"
    """Whether the number that the caller calls from is the right one."""
    OTHER = "other"
    """Which other number."""


@dataclass(frozen=True, slots=True)
class Offers:
    """The offers to go on in text. ``at`` are the frames of the open one, ``asking`` what it asks,
    ``made`` how many there were. ``nobody_free``: a person was wanted, and none could be had."""

    at: Frames = ()
    asking: Asking = Asking.NOTHING
    intent: str = ""
    made: int = 0
    declined: bool = False
    moved: bool = False
    nobody_free: bool = False


@dataclass(frozen=True, slots=True)
class FlowState:
    """Everything that the interpreter knows of a contact."""

    frames: Frames
    waiting: Waiting = Waiting.START
    variables: Mapping[str, Json] = field(default_factory=dict)
    questions: tuple[Frames, ...] = ()
    """Questions asked, the present one last: the way that 'go back' goes."""
    said: tuple[Prompt, ...] = ()
    """What was said up to the present question: what 'repeat' says again."""
    counts: Counts = Counts()
    pending: Heard | None = None
    """The answer that waits to be confirmed."""
    served: bool = False
    served_when_heard: bool = False
    handed_over: bool = False
    """Whether a person has taken the call and given it back."""
    called_back: bool = False
    """Whether a queue has promised to call back."""
    queued: Frames = ()
    """The transfer whose queue keeps a place for the caller, who does something else meanwhile."""
    forms: tuple[OpenForm, ...] = ()
    """Forms under way, the deepest last."""
    mood: Mood = CALM
    speaks: str = ""
    """The language that the channel was told last; empty for that of the first flow."""
    noted: Noted | None = None
    """What the contact is about, as far as the flow has said."""
    unsettled: Counts | None = None
    """The counts before words were taken as they were: they hold again where nothing answers
    them."""
    once: Once = UNKNOWN
    offers: Offers = Offers()
    secret: Paths = NONE
    """Where in the variables secrets stand (`flows.secrecy`)."""

    @property
    def told(self) -> dict[str, Json]:
        """The variables without their secrets: what others may know."""
        if not self.secret:
            return dict(self.variables)
        return without(self.variables, self.secret, telling(self.variables, self.secret))

    def sealed(self) -> FlowState:
        """The state without secrets. What was about to be confirmed is asked for again."""
        if not self.secret:
            return self
        known = telling(self.variables, self.secret)
        open_form = next((form for form in self.forms if form.at == self.frames), None)
        asks_secret = open_form is not None and (open_form.asking,) in self.secret
        unasked = self.waiting is Waiting.CONFIRMATION and (
            asks_secret or (self.pending is not None and is_secret(("answer",), self.secret))
        )
        done = tuple((key, scrubbed(value, known)) for key, value in self.once.done)
        return replace(
            self,
            waiting=Waiting.INPUT if unasked else self.waiting,
            pending=None if unasked else self.pending,
            variables=self.told,
            said=tuple(prompt.masked() for prompt in self.said),
            once=replace(self.once, done=done),
            secret=NONE,
        )

    @property
    def step(self) -> str:
        """Name of the present step, ``flow.step`` where it is not the first flow's."""
        top = self.frames[-1]
        return top.step if len(self.frames) == 1 else f"{top.flow}.{top.step}"

    @property
    def outcome_if_hung_up(self) -> Outcome:
        """What a contact counts as that the caller ends now, having heard all that was said.

        The rule: a caller has been served once they heard a step marked ``served`` to its end,
        or heard enough of it to answer. Asking for a person takes that back, for the person was
        what they wanted: while they wait it is abandoned in the queue, also where they do something
        else meanwhile that does not serve them, and when nobody came it is abandoned in the flow
        until something else serves them. Whoever a person has talked to was transferred, unless
        they left while they waited for another one. Who waits for a promised call has a callback
        booked, and who has taken a link to go on in text has moved there, whatever served them
        before; whether the text serves them is told by its own stages (`events.DeflectionStage`).
        """
        return self._outcome(self.served or self.served_when_heard)

    @property
    def outcome_if_cut_off(self) -> Outcome:
        """The same for a caller who hung up before the last `Say` with ``serves`` had ended."""
        return self._outcome(self.served)

    def matter(self, *, heard_all: bool) -> Matter | None:
        """What the contact is about if it ends now; ``heard_all``: what was said last too."""
        return self.noted.matter(heard_all=heard_all) if self.noted is not None else None

    @property
    def customer(self) -> str:
        """The application's own word for who calls, from the variable ``customer``; or empty."""
        if is_secret(("customer",), self.secret):
            return customer_of(self.told.get("customer"))
        return customer_of(self.variables.get("customer"))

    def _outcome(self, served: bool) -> Outcome:
        moved = self.offers.moved
        if self.waiting is Waiting.TRANSFER:
            return Outcome.MOVED_TO_TEXT if moved else Outcome.ABANDONED_IN_QUEUE
        if self.handed_over:
            return Outcome.TRANSFERRED
        if self.called_back:
            return Outcome.CALLBACK_BOOKED
        if served:
            return Outcome.SELF_SERVED
        if moved:
            return Outcome.MOVED_TO_TEXT
        return Outcome.ABANDONED_IN_QUEUE if self.queued else Outcome.ABANDONED_IN_FLOW

    def to_json(self) -> dict[str, Json]:
        """Plain data for storage or for another process; secrets do not leave this one."""
        if self.secret:
            return self.sealed().to_json()
        return {
            "frames": frames_to_json(self.frames),
            "waiting": self.waiting.value,
            "variables": dict(self.variables),
            "questions": [frames_to_json(frames) for frames in self.questions],
            "said": [_prompt_to_json(prompt) for prompt in self.said],
            "counts": _counts_to_json(self.counts),
            "pending": _heard_to_json(self.pending),
            "served": self.served,
            "served_when_heard": self.served_when_heard,
            "handed_over": self.handed_over,
            "called_back": self.called_back,
            "queued": frames_to_json(self.queued),
            "mood": {name: getattr(self.mood, name) for name in Mood.__slots__},
            "forms": [_form_to_json(form) for form in self.forms],
            "speaks": self.speaks,
            "noted": self.noted.to_json() if self.noted is not None else None,
            "unsettled": _counts_to_json(self.unsettled) if self.unsettled else None,
            "once": self.once.to_json(),
            "offers": _offers_to_json(self.offers),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FlowState:
        """The inverse of `to_json`. Raises UsageError for data that it did not make."""
        try:
            return cls(
                frames=frames_from_json(data["frames"]),
                waiting=Waiting(data["waiting"]),
                variables=dict(data["variables"]),
                questions=tuple(frames_from_json(frames) for frames in data["questions"]),
                said=tuple(_prompt_from_json(prompt) for prompt in data["said"]),
                counts=Counts(**data["counts"]),
                pending=_heard_from_json(data["pending"]),
                served=data["served"],
                served_when_heard=data["served_when_heard"],
                handed_over=data.get("handed_over", False),
                called_back=data.get("called_back", False),
                queued=frames_from_json(data.get("queued", ())),
                mood=Mood(**data.get("mood", {})),
                forms=tuple(_form_from_json(form) for form in data.get("forms", ())),
                speaks=data.get("speaks", ""),
                noted=Noted(**noted) if (noted := data.get("noted")) is not None else None,
                unsettled=Counts(**data["unsettled"]) if data.get("unsettled") else None,
                once=Once.from_json(data["once"]) if "once" in data else UNKNOWN,
                offers=_offers_from_json(data.get("offers", {})),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"this is no state of a flow: {error!r}") from None


def _counts_to_json(counts: Counts) -> dict[str, Json]:
    return {name: getattr(counts, name) for name in Counts.__slots__}


def frames_to_json(frames: Frames) -> Json:
    return [[frame.flow, frame.step] for frame in frames]


def frames_from_json(data: Any) -> Frames:
    return tuple(Frame(flow, step) for flow, step in data)


_FORM_NAMES = ("asked", "checked", "unsure", "said_back")


def _form_to_json(form: OpenForm) -> Json:
    lists: dict[str, Json] = {name: list(getattr(form, name)) for name in _FORM_NAMES}
    at = frames_to_json(form.at)
    return {"at": at, "asking": form.asking, "checking": form.checking, **lists}


def _form_from_json(data: Any) -> OpenForm:
    return OpenForm(
        at=frames_from_json(data["at"]),
        asking=data["asking"],
        checking=data["checking"],
        **{name: tuple(data[name]) for name in _FORM_NAMES},
    )


def _offers_to_json(offers: Offers) -> Json:
    plain: dict[str, Json] = {name: getattr(offers, name) for name in Offers.__slots__}
    return plain | {"at": frames_to_json(offers.at), "asking": offers.asking.value}


def _offers_from_json(data: Any) -> Offers:
    asking = Asking(data.get("asking", ""))
    return Offers(**{**data, "at": frames_from_json(data.get("at", ())), "asking": asking})


def _prompt_to_json(prompt: Prompt) -> Json:
    return [
        part if isinstance(part, str) else {"value": part.value, "say_as": part.say_as.value}
        for part in prompt.parts
    ]


def _prompt_from_json(data: Any) -> Prompt:
    return Prompt(
        tuple(
            part if isinstance(part, str) else Value(part["value"], SayAs(part["say_as"]))
            for part in data
        )
    )


def _heard_to_json(heard: Heard | None) -> Json:
    if heard is None:
        return None
    return {
        "text": heard.text,
        "semantics": heard.semantics,
        "confidence": heard.confidence,
        "mode": heard.mode.value,
        "grammar": heard.grammar,
    }


def _heard_from_json(data: Any) -> Heard | None:
    if data is None:
        return None
    return Heard(
        data["text"], data["semantics"], data["confidence"], Mode(data["mode"]), data["grammar"]
    )
