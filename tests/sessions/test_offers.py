"""A voice call offers text, and the caller gets a link or hears why not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tests.sessions.conftest import Exchange
from voicebot.errors import StorageError, TextUnavailable
from voicebot.events import CallEvent, DeflectionReached, DeflectionStage
from voicebot.flows.state import FlowState, Frame, Waiting
from voicebot.sessions.invitation import (
    ConversationId,
    Invitation,
    MovingContact,
    TextReached,
    TextStage,
)
from voicebot.sessions.offers import NO_TEXT, DeflectionLedger, TextOffers
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Language, Outcome, Transport

URL = "https://voice.example/t/s3cret"
LOOPBACK = "1001"
"""Who calls over a line in memory."""

FLOW = """
start: fruit
steps:
  fruit:
    ask: Which fruit?
    grammar: fruit
    next: offer
  offer:
    offer_text: Shall I text you?
    keys: {"1": true, "2": false}
    accepted: sent
    declined: spoken
    unavailable: spoken
    in_text: spoken
  sent: {say: Sent., hangup: auto}
  spoken: {say: "No text, {problem}.", hangup: auto}
"""


@dataclass
class Invitations:
    """Gives `URL` to every contact; ``problem`` is raised instead."""

    prepared: list[MovingContact] = field(default_factory=list)
    withdrawn: list[ConversationId] = field(default_factory=list)
    problem: Exception | None = None

    async def prepare(self, contact: MovingContact) -> Invitation:
        if self.problem is not None:
            raise self.problem
        self.prepared.append(contact)
        return Invitation(ConversationId("c1"), URL, 900.0)

    async def withdraw(self, conversation: ConversationId) -> None:
        self.withdrawn.append(conversation)


@dataclass
class Links:
    """Queues links to the number of the ``callers`` it knows; ``problem`` is raised instead."""

    callers: set[str] = field(default_factory=lambda: {LOOPBACK, "caller", "+15550100"})
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    problem: Exception | None = None

    def reach(self, number: str) -> str | None:
        return "+15550100" if number in self.callers else None

    async def send_link(
        self, contact: CallId, number: str, link: str, language: Language, expires_at: float
    ) -> None:
        if self.problem is not None:
            raise self.problem
        self.sent.append((number, link, language))


@dataclass
class Text:
    invitations: Invitations = field(default_factory=Invitations)
    links: Links = field(default_factory=Links)
    shown: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    has_page: bool = True

    def show(self, call: CallId, url: str) -> bool:
        self.shown.append(url)
        return self.has_page

    def ask(self, call: CallId, key: str) -> None:
        self.asked.append(key)

    @property
    def offers(self) -> TextOffers:
        return TextOffers(self.invitations, self.links, self.show, ("hours",), 30.0, self.ask)


@pytest.fixture
def text() -> Text:
    return Text()


def info(transport: Transport, caller: str = "caller") -> LegInfo:
    return LegInfo(CallId("call"), transport, caller, "shop")


def stages(events: list[CallEvent]) -> list[tuple[str, str]]:
    return [
        (event.stage.value, event.intent)
        for event in events
        if isinstance(event, DeflectionReached)
    ]


def test_a_telephone_gets_an_sms_and_a_browser_its_page(text: Text) -> None:
    assert text.offers.fact(info("sip")) == {
        "to": "sms",
        "number": "+15550100",
        "ending": "00",
        "never": ["hours"],
        "soon_s": 30.0,
    }
    withheld = text.offers.fact(info("sip", "anonymous"))
    assert isinstance(withheld, dict)
    assert (withheld["to"], withheld["number"], withheld["ending"]) == ("sms", None, None)
    page = text.offers.fact(info("webrtc"))
    assert isinstance(page, dict)
    assert (page["to"], page["number"]) == ("page", None)


def test_nothing_is_offered_without_a_way() -> None:
    assert NO_TEXT.fact(info("sip")) is None
    assert TextOffers(Invitations()).fact(info("sip")) is None
    assert TextOffers(Invitations(), Links()).fact(info("webrtc")) is None


async def talk(exchange: Exchange, text: Text, key: str) -> list[CallEvent]:
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    exchange.adapt = lambda services: replace(services, offers=text.offers)
    line = await exchange.call()
    await line.hear_out()
    await line.say("apple")
    await line.hear_out()
    line.caller.press(key)
    await line.hear_out()
    await line.hang_up()
    return line.events


async def test_one_key_accepts_and_the_call_has_moved(exchange: Exchange, text: Text) -> None:
    events = await talk(exchange, text, "1")
    assert text.links.sent == [("+15550100", URL, "en-US")]
    [contact] = text.invitations.prepared
    assert contact.state.step == "spoken"
    assert contact.state.waiting is Waiting.TEXT
    assert [turn.prompt for turn in contact.turns] == ["Which fruit?", "Shall I text you?"]
    assert stages(events) == [("offered", "offer"), ("accepted", "offer")]
    assert getattr(events[-1], "outcome", None) is Outcome.MOVED_TO_TEXT
    assert text.asked == ["1", ""], "the page asks by a button until the answer"
    assert URL not in repr(events)


async def test_a_no_is_written_down(exchange: Exchange, text: Text) -> None:
    events = await talk(exchange, text, "2")
    assert not text.invitations.prepared
    assert stages(events) == [("offered", "offer"), ("declined", "offer")]
    assert text.asked == ["1", ""]


@pytest.mark.parametrize("problem", [TextUnavailable("enough today"), StorageError("locked")])
async def test_a_link_that_cannot_be_queued_is_void(
    exchange: Exchange, text: Text, problem: Exception
) -> None:
    text.links.problem = problem
    events = await talk(exchange, text, "1")
    assert text.invitations.withdrawn == ["c1"]
    assert stages(events) == [("offered", "offer"), ("failed", "offer")]
    assert getattr(events[-1], "outcome", None) is Outcome.ABANDONED_IN_FLOW


async def test_a_caller_in_the_browser_gets_the_link_on_the_page(text: Text) -> None:
    contact = _contact()
    assert type(await text.offers.send(contact, "")).__name__ == "TextSent"
    assert text.shown == [URL]
    text.has_page = False
    assert type(await text.offers.send(contact, "")).__name__ == "TextNotSent"
    assert text.invitations.withdrawn == ["c1"]


async def test_a_number_that_gets_no_messages_is_told(text: Text) -> None:
    sent = await text.offers.send(_contact(), "112")
    assert getattr(sent, "problem", "") == "no message reaches this number"
    assert not text.invitations.prepared


def _contact() -> MovingContact:
    state = FlowState((Frame("main", "offer"),), Waiting.TEXT)
    return MovingContact(CallId("call"), "main", Language("en-US"), "", state, {})


@pytest.mark.parametrize(
    ("stage", "outcome", "reached"),
    [
        (TextStage.OPENED, None, DeflectionStage.OPENED),
        (TextStage.CAME_BACK, None, DeflectionStage.CAME_BACK),
        (TextStage.EXPIRED, None, DeflectionStage.GAVE_UP),
        (TextStage.ENDED, Outcome.SELF_SERVED, DeflectionStage.SERVED),
        (TextStage.ENDED, Outcome.TRANSFERRED, DeflectionStage.HANDED_ON),
        (TextStage.ENDED, Outcome.ABANDONED_IN_FLOW, DeflectionStage.GAVE_UP),
        (TextStage.ENDED, Outcome.FAILED, DeflectionStage.GAVE_UP),
    ],
)
def test_what_became_of_the_text_is_a_stage_of_the_call(
    stage: TextStage, outcome: Outcome | None, reached: DeflectionStage
) -> None:
    facts: list[CallEvent] = []
    ledger = DeflectionLedger(facts.append)
    ledger.reached(TextReached(ConversationId("c1"), CallId("call"), stage, 7.0, outcome))
    ledger.reached(TextReached(ConversationId("c2"), CallId(""), stage, 8.0, outcome))
    assert facts == [DeflectionReached(CallId("call"), 7.0, reached)]
