"""One call as it is watched from outside: what a caller does, and what the server tells of it.

The caller is a real SIP caller; the lines of the bot come from the server's event stream
(`/api/events`), which is followed from before the call until its end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from voicebot.cli.caller_voice import Utterance
from voicebot.errors import CallError, UsageError
from voicebot.telephony.sip_client import ClientCall, SipClient
from voicebot.types import KEYS

QUIET_MS = 900
"""The bot's silence after which the caller takes the turn."""

_BOT_WITHIN_S = 20.0
_END_WITHIN_S = 3.0
_TOLD_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Pressed:
    """Keys that the caller presses instead of speaking."""

    keys: str

    def __post_init__(self) -> None:
        if not self.keys or set(self.keys) - set(KEYS):
            raise UsageError(f"'{self.keys}' are no keys; a telephone has {KEYS}")


Move: TypeAlias = Utterance | Pressed


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation. ``at`` is seconds since dialling; ``who`` one of ``call``,
    ``bot``, ``caller``, ``heard``, ``ended``; ``latency_ms`` is the server's turn latency."""

    at: float
    who: str
    text: str
    latency_ms: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)


class Conversation:
    """Places one call, makes ``moves`` one after the other and tells every `Line` to ``tell``."""

    def __init__(
        self,
        target: str,
        http: str,
        moves: Sequence[Move],
        tell: Callable[[Line], None],
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        """``credentials``: headers that let us follow what the server tells."""
        self._target = target
        self._http = http.rstrip("/")
        self._moves = moves
        self._tell = tell
        self._credentials = dict(credentials or {})
        self._caller = f"demo-{id(self) & 0xFFFF:04x}"
        self._began = 0.0
        self._outcome = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        """Hold the conversation; give its outcome as the server recorded it.

        Raises UsageError when no server runs, CallRefused, or CallError when the call breaks.
        """
        timeout = httpx.Timeout(5, read=None)
        async with httpx.AsyncClient(
            timeout=timeout, trust_env=False, headers=self._credentials
        ) as web:
            try:
                async with web.stream("GET", f"{self._http}/api/events") as answer:
                    if answer.status_code in {401, 403}:
                        raise UsageError(
                            f"{self._http} does not let us follow its calls. Run this where the "
                            "server's data folder is, or set VOICEBOT_STAFF__TOKEN to a token with "
                            "the scope calls:read (`voicebot token add`)."
                        )
                    if answer.status_code != 200:
                        raise UsageError(f"{self._http} answers, but is no voicebot server")
                    watcher = asyncio.create_task(self._watch(answer))
                    try:
                        return await self._hold()
                    finally:
                        watcher.cancel()
                        await asyncio.gather(watcher, return_exceptions=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                raise UsageError(
                    f"no server is running at {self._http}; start one with 'voicebot serve'"
                ) from None
            except httpx.HTTPError as error:
                raise CallError(f"the server's events broke off ({type(error).__name__})") from None

    async def _hold(self) -> str:
        async with SipClient() as client:
            self._began = asyncio.get_running_loop().time()
            self._say("call", f"calling {self._target}")
            call = await client.call(self._target, caller=self._caller, record=False)
            try:
                await self._talk(call)
            except CallError:
                if call.ended_at is None:
                    raise
            await call.hang_up()
        try:
            async with asyncio.timeout(_TOLD_WITHIN_S):
                return str(await self._outcome)
        except TimeoutError:
            raise CallError("the server did not tell how the call ended") from None

    async def _talk(self, call: ClientCall) -> None:
        assert call.answered_at is not None
        since = call.answered_at
        for move in self._moves:
            await call.quiet(since, QUIET_MS, _BOT_WITHIN_S)
            since = asyncio.get_running_loop().time()
            if isinstance(move, Pressed):
                self._say("caller", f"presses {move.keys}")
                call.press(move.keys)
            else:
                self._say("caller", move.text, {"voice": move.voice})
                call.play(move.octets)
            await call.sent()
        await call.quiet(since, QUIET_MS, _BOT_WITHIN_S)
        try:
            await call.ended(_END_WITHIN_S)
        except CallError:
            self._say("caller", "hangs up")

    def _say(self, who: str, text: str, detail: dict[str, Any] | None = None) -> None:
        at = asyncio.get_running_loop().time() - self._began
        latency_ms = (detail or {}).get("latency_ms")
        self._tell(Line(at, who, text, latency_ms, detail or {}))

    # What the server tells

    async def _watch(self, answer: httpx.Response) -> None:
        """Tell what the server says of our call. Ours is the one with our caller's name."""
        ours = ""
        async for name, data in _events(answer):
            if name == "started" and data.get("caller") == self._caller:
                ours = data["call"]
            elif not ours or data.get("call") != ours:
                continue
            elif name == "answered":
                self._say("call", "answered", {"call": ours})
            elif name == "prompt":
                self._say("bot", " ".join(str(data["prompt"]).split()), data)
            elif name == "heard":
                self._say("heard", _heard(data), data)
            elif name == "ended":
                self._say("ended", f"{data['outcome']} ({data['reason']})", data)
                if not self._outcome.done():
                    self._outcome.set_result(data["outcome"])


def _heard(data: dict[str, Any]) -> str:
    heard = data.get("heard")
    if heard is None:
        return str(data["result"])
    if heard["mode"] == "speech":
        return f"{heard['text']} (confidence {heard['confidence']:.2f})"
    return f"{heard['text']} ({heard['mode']})"


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Read server-sent events: a name and a JSON object each."""
    name, data = "", ""
    async for line in answer.aiter_lines():
        if not line:
            if name and data:
                yield name, json.loads(data)
            name, data = "", ""
        elif line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data += line.removeprefix("data:").strip()
