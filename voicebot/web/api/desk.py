"""``/api/desk/socket``: an agent's desk over one WebSocket (RFC 6455).

The page gets ``{"type": "state", ...}`` whenever something changes, and what happens in between:
``said``, ``suggestions``, ``missed``, and of contacts that write ``lines``, ``writing`` and
``there``. It sends orders, ``{"id": 1, "do": "hold", "contact": ...}``
(`Order`), each answered by ``{"type": "done", "id", "data"}`` or ``{"type": "refused", "id",
"detail"}``. The doorkeeper has looked at the right ``desk`` and at the handshake's origin; which
agent it is follows from the name of the user.
"""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import suppress
from typing import Any, Final

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, ContactId
from voicebot.desk.card import read_card
from voicebot.desk.conduct import Conduct
from voicebot.desk.contacts import AtDesk, Ringing
from voicebot.desk.desk import Desk
from voicebot.desk.desks import Desks
from voicebot.desk.line import DeskLines
from voicebot.desk.looking_up import suggested
from voicebot.desk.notes import Note
from voicebot.desk.screens import Screen
from voicebot.errors import CallRefused, RoutingError, StorageError
from voicebot.staff.model import Identity
from voicebot.types import Language
from voicebot.web.api.desk_models import Order
from voicebot.web.bodies import problem_of, read_message
from voicebot.web.identity import IN_SCOPE
from voicebot.web.rate_limit import RateLimit
from voicebot.web.two_ways import two_ways

log = structlog.get_logger(__name__)

NO_AGENT: Final = 4404
TOO_MANY: Final = 4429
TRY_LATER: Final = 1013
NO_MESSAGE: Final = 1003
FIGURES_EVERY_S: Final = 3.0
"""How old what the desk shows of its queues may be."""
LONGEST_ORDER: Final = 16 * 1024
ORDERS_PER_MINUTE: Final = 240
_NOT_KEPT: Final = "this could not be written down; it is still here, try again"


def desk_router(desks: Desks, lines: DeskLines) -> APIRouter:
    """Serve desks; ``lines`` ring colleagues."""
    router = APIRouter(prefix="/api/desk", tags=["desk"])

    @router.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        identity: Identity = websocket.scope[IN_SCOPE]
        await websocket.accept()
        desk = desks.place(AgentId(identity.name))
        if desk is None:
            await _close(websocket, NO_AGENT, "no agent")
            return
        try:
            screen = desk.open()
        except RoutingError as error:
            await _close(websocket, TOO_MANY, str(error))
            return
        try:
            await _Page(websocket, desks, desk, screen, lines).serve()
        except WebSocketDisconnect:
            pass
        except ValueError:
            await _close(websocket, NO_MESSAGE, "form")
        finally:
            desk.close(screen)

    return router


class _Page:
    """One page's socket."""

    def __init__(
        self, websocket: WebSocket, desks: Desks, desk: Desk, screen: Screen, lines: DeskLines
    ) -> None:
        self._websocket = websocket
        self._desks = desks
        self._desk = desk
        self._screen = screen
        self._conduct = Conduct(desks, desk, lines)
        self._limit = RateLimit(ORDERS_PER_MINUTE)

    async def serve(self) -> None:
        """Until the page goes. Raises what ends it."""
        await two_ways(self._show(), self._hear())

    async def _show(self) -> None:
        shown: dict[str, Any] = {}
        while not self._screen.cut_off:
            state = self._desks.view(self._desk)
            if state != shown:
                shown = state
                await self._send({"type": "state", "now": self._desks.services.clock(), **state})
            for message in self._screen.take():
                await self._send(message)
            await self._screen.stirred(FIGURES_EVERY_S)
        await _close(self._websocket, TRY_LATER, "come back")

    async def _hear(self) -> None:
        while True:
            message = await read_message(self._websocket, LONGEST_ORDER)
            if wait_s := self._limit.wait_s("", asyncio.get_running_loop().time()):
                await asyncio.sleep(math.ceil(wait_s))
            await self._take(message)

    async def _take(self, message: Any) -> None:
        id_ = message.get("id") if isinstance(message, dict) else None
        try:
            data = await self._do(Order.model_validate(message))
        except ValidationError as error:
            answer = {"type": "refused", "detail": problem_of(error)}
        except (RoutingError, CallRefused) as error:
            answer = {"type": "refused", "detail": getattr(error, "reason", "") or str(error)}
        except StorageError:
            log.warning("order_not_kept", agent=self._desk.agent)
            answer = {"type": "refused", "detail": _NOT_KEPT}
        else:
            answer = {"type": "done", "data": data}
        await self._send({"id": id_ if isinstance(id_, int) else None, **answer})

    async def _do(self, order: Order) -> Any:
        contact, conduct, desk = ContactId(order.contact), self._conduct, self._desk
        match order.do:
            case "ready":
                desk.ready(text_only=order.text == "text")
            case "pause":
                desk.pause(order.text)
            case "sign_out":
                desk.sign_out()
            case "prepare":
                return desk.prepare(contact, self._screen)
            case "accept":
                return desk.accept(contact, self._screen, warm=order.warm)
            case "give_back":
                desk.give_back(contact, self._screen)
            case "decline":
                desk.decline(contact)
            case "hang_up":
                await conduct.hang_up(contact)
            case "hold":
                conduct.hold(contact)
            case "take_back":
                conduct.take_back(contact)
            case "press":
                conduct.press(contact, order.to)
            case "send_on" | "consult":
                await self._turn_to(order, contact)
            case "hand_over":
                await conduct.hand_over(contact)
            case "let_go":
                await conduct.let_go(contact)
            case "finish":
                self._desks.service.receive(ev.WrapUpDone(desk.agent, contact))
            case "note":
                await self._keep(order, contact)
            case "targets":
                return self._desks.targets(desk)
            case "card":
                return await read_card(self._desks.services, self._before(contact))
            case "look_up":
                language = self._before(contact).briefing.language
                return await self._look_up(language, order.text)
            case "say" | "typing" | "seen":
                return await self._write(order, contact)
        return None

    async def _write(self, order: Order, contact: ContactId) -> Any:
        match order.do:
            case "say":
                if not order.key:
                    raise RoutingError("what is written needs a 'key' of the page's own")
                return {"cursor": await self._conduct.say(contact, order.text, order.key)}
            case "typing":
                self._conduct.typing(contact, on=bool(order.text))
            case "seen":
                if not order.text.isdecimal():
                    raise RoutingError("'seen' needs the number of a line in 'text'")
                self._conduct.seen(contact, int(order.text[:9]))
        return None

    async def _turn_to(self, order: Order, contact: ContactId) -> None:
        conduct = self._conduct
        match order.do, order.kind:
            case "send_on", "queue":
                await conduct.to_queue(contact, order.to)
            case "send_on", "number":
                await conduct.to_number(contact, order.to)
            case "send_on", "flow":
                await conduct.to_flow(contact, order.to)
            case "consult", "number":
                conduct.consult_number(contact, order.to)
            case "consult", "agent":
                conduct.consult_agent(contact, AgentId(order.to))
            case _:
                raise RoutingError("a queue and the flow cannot be asked, nor an agent be sent to")

    def _before(self, contact_id: ContactId) -> AtDesk | Ringing:
        ringing = self._desk.ringing.get(contact_id)
        return self._desk.at(contact_id) if ringing is None else ringing

    async def _look_up(self, language: Language, question: str) -> dict[str, Any]:
        return suggested(question, await self._desks.services.suggest(language, question))

    async def _keep(self, order: Order, contact_id: ContactId) -> None:
        contact = self._desk.at(contact_id)
        if order.code and order.code not in self._desks.codes(contact.queue):
            raise RoutingError(f"the queue has no code '{order.code}' (any more)")
        contact.code, contact.note = order.code, order.text
        now = self._desks.services.clock()
        await self._desks.services.notes.keep(
            Note(contact_id, self._desk.agent, contact.queue, now, order.code, order.text)
        )
        self._desk.stir()

    async def _send(self, message: Any) -> None:
        await self._websocket.send_text(json.dumps(message))


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # the page was quicker
        await websocket.close(code, reason)
