"""'Call me': a conversation in text goes on by telephone, at the number that its holder types.

We dial; the text goes on meanwhile. Once a person has answered, the call takes the conversation
along where it stands then, and the text is over. Where nobody answers (or a machine does), nothing
has changed but what the page is told.

Numbers are checked before anything rings: E.164, of the prefixes that the operator allows, within
`CallLimits`. Nothing else can be dialled from a page. Left out on purpose: proving that the number
is the holder's; whoever answers hears the question that the text stood at.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from voicebot.errors import DialRefused, StorageError, TextRefused
from voicebot.sessions.call_limits import DAY_S, AskedCalls, CallAsked, CallLimits
from voicebot.sessions.chat_ledger import BY_TELEPHONE
from voicebot.sessions.chat_records import ChatRecord
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.outbound import ANSWERED, DialOrder, DialReport
from voicebot.telephony._api import LegInfo
from voicebot.turns.answered_by import AnsweredBy
from voicebot.types import CallId

log = structlog.get_logger(__name__)

DIALLING: Final = "dialling"
MACHINE: Final = "machine"


class TextSide(Protocol):
    """The conversations, as far as a call needs them; `voicebot.sessions.chats.Chats` is one."""

    async def record(self, conversation: ConversationId) -> ChatRecord: ...

    def call_is(self, conversation: ConversationId, state: str) -> None: ...

    async def leave_for_voice(
        self, conversation: ConversationId, reason: str, number: str
    ) -> ChatRecord: ...


@dataclass(frozen=True, slots=True)
class CallMePolicy:
    """``prefixes`` are those of numbers that may be called, with their plus; none: nobody is.
    ``number`` writes what was typed as E.164, None where it is no number; ``caller`` is shown to
    who is called. ``network`` gives what one subscriber has of the address of a browser."""

    prefixes: tuple[str, ...]
    number: Callable[[str], str | None]
    caller: str = ""
    ring_s: float = 30.0
    network: Callable[[str], str] = str


class CallMe:
    """Calls for conversations. ``order`` has a call made (`OutboundCalls.order`); ``clock`` gives
    UTC epoch seconds."""

    def __init__(
        self,
        chats: TextSide,
        order: Callable[[DialOrder], DialReport],
        policy: CallMePolicy,
        limits: CallLimits,
        asked: AskedCalls,
        clock: Callable[[], float],
    ) -> None:
        self._chats = chats
        self._order = order
        self._policy = policy
        self._limits = limits
        self._asked = asked
        self._clock = clock
        self._calls: dict[CallId, ConversationId] = {}
        self._keeping: set[asyncio.Task[None]] = set()

    @property
    def is_offered(self) -> bool:
        return bool(self._policy.prefixes)

    async def start(self) -> None:
        """Count what was asked for before the last stop. Raises StorageError."""
        for call in await self._asked.since(self._clock() - DAY_S):
            self._limits.add(call)

    async def stop(self) -> None:
        """Let what was promised be written down."""
        await asyncio.gather(*self._keeping)

    async def ending(self, conversation: ConversationId) -> str:
        """The last two digits of the number that the contact is known by, empty where it cannot be
        called. Raises TextRefused 'key', StorageError."""
        number = self._known_number(await self._chats.record(conversation))
        return "" if number is None else number[-2:]

    async def call(self, conversation: ConversationId, written: str, address: str = "") -> None:
        """Begin to call the number ``written``, or the one that the contact is known by where it is
        empty; what comes of it is told by `Chats.call_is`. ``address`` is that of who asks.

        Raises TextRefused: 'voice' (no calls, no line), 'number' (is none), 'elsewhere' (may not be
        called), 'calling' (one rings already), 'rate', 'over', 'key'; StorageError.
        """
        if not self.is_offered:
            raise TextRefused("voice", "nobody is called from here")
        record = await self._chats.record(conversation)
        if record.ended_at is not None:
            raise TextRefused("over", "this conversation has ended")
        if conversation in self._calls.values():
            raise TextRefused("calling", "a telephone rings for this conversation already")
        number = self._policy.number(written) if written.strip() else self._known_number(record)
        if number is None:
            raise TextRefused("number", "this is no number that can be called")
        if not number.startswith(self._policy.prefixes):
            raise TextRefused("elsewhere", "numbers of that country are not called")
        asked = CallAsked(self._clock(), number, self._policy.network(address))
        if wait_s := self._limits.wait_s(asked):
            raise TextRefused("rate", "too many calls were asked for", math.ceil(wait_s))
        await self._asked.add(asked, asked.at - DAY_S)
        order = DialOrder(
            number, record.flow, record.language, self._policy.caller, timeout_s=self._policy.ring_s
        )
        try:
            report = self._order(order)
        except DialRefused as refusal:
            raise TextRefused("voice", str(refusal), 10) from None
        self._calls[report.call_id] = conversation
        self._chats.call_is(conversation, DIALLING)

    def allowed(self, written: str) -> str | None:
        """The number ``written`` as a queue calls it back for a conversation, which counts as one
        of the calls that the limits allow; None where the rules for such calls forbid it."""
        number = self._policy.number(written)
        if number is None or not self.is_offered or not number.startswith(self._policy.prefixes):
            return None
        asked = CallAsked(self._clock(), number, "")
        if self._limits.wait_s(asked):
            return None
        # The limits bound how many of these there are.
        keeping = asyncio.create_task(self._keep(asked), name="a promised call")
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        return number

    async def _keep(self, asked: CallAsked) -> None:
        try:
            await self._asked.add(asked, asked.at - DAY_S)
        except StorageError as error:
            log.warning("promised_call_not_kept", problem=str(error))

    def over(self, report: DialReport) -> None:
        """A call out is over, one of these or another. Who answered and left before we knew whether
        it was a person did not take it."""
        state = "declined" if report.state == ANSWERED else report.state.replace(" ", "_")
        self._over(report.call_id, state)

    def has_ordered(self, call_id: CallId) -> bool:
        """Whether a call that was answered is for a conversation: see `goes_on`."""
        return call_id in self._calls

    async def goes_on(self, info: LegInfo) -> ChatRecord | None:
        """What the answered call goes on with; None where it has nothing to say: a machine has
        answered, or the conversation ended meanwhile."""
        conversation = self._calls[info.call_id]
        if info.answered_by == AnsweredBy.MACHINE:
            self._over(info.call_id, MACHINE)
            return None
        try:
            record = await self._chats.leave_for_voice(conversation, BY_TELEPHONE, info.callee)
        except (TextRefused, StorageError) as error:
            log.warning("text_not_taken_along", call_id=info.call_id, problem=str(error))
            self._over(info.call_id, "failed")
            return None
        del self._calls[info.call_id]
        return record

    def _known_number(self, record: ChatRecord) -> str | None:
        variables = record.state.get("variables")
        known = variables.get("caller") if isinstance(variables, dict) else None
        number = self._policy.number(known) if isinstance(known, str) else None
        allowed = number is not None and number.startswith(self._policy.prefixes)
        return number if allowed else None

    def _over(self, call_id: CallId, state: str) -> None:
        conversation = self._calls.pop(call_id, None)
        if conversation is not None:
            self._chats.call_is(conversation, state)
