"""Carries out the actions of a flow while the caller is on the line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError
from voicebot.flows.commands import ANSWER, Act
from voicebot.flows.events import ActionDone, ActionFailed, FlowEvent
from voicebot.logs import discretion
from voicebot.sessions.account import CallAccount
from voicebot.types import Json, Prompt

log = structlog.get_logger(__name__)

FILLER_AFTER_S = 0.8
"""How long an action may take before the caller is told that we are at it."""


async def carry_out(
    order: Act,
    act: Callable[[str, Mapping[str, Json]], Awaitable[Json]],
    account: CallAccount,
    say: Callable[[Prompt], None],
) -> FlowEvent:
    """Run the action by ``act``, and give the flow its value or its failure.

    What became of it, and what was looked up in the knowledge, goes into ``account``. Cancelled
    with the caller's line.
    """
    began, result = account.clock(), ActionResult.GIVEN_UP
    with discretion(order.secret):
        action = asyncio.ensure_future(act(order.action, order.arguments))
    try:
        if order.filler is not None:
            await asyncio.wait({action}, timeout=FILLER_AFTER_S)
            if not action.done():
                say(order.filler)
        value = await action
        result = ActionResult.DONE
        if order.action == ANSWER and not order.secret:
            account.looked_up(order.arguments, value)
        return ActionDone(value)
    except ActionError as error:
        result = error.result
        with discretion(order.secret):
            log.warning("action_failed", action=error.action, problem=error.problem)
        return ActionFailed(error.problem)
    finally:
        action.cancel()
        account.acted(order.action, result, began)
