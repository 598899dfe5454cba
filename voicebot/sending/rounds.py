"""When something is sent: in rounds, until cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from voicebot.errors import StorageError

LONGEST_SLEEP_S: Final = 60.0
"""A round comes as often as this, whatever the last one said."""
STORAGE_PAUSE_S: Final = 5.0

log = structlog.get_logger(__name__)


async def keep_sending(
    send_due: Callable[[], Awaitable[float]], stirred: asyncio.Event, what: str
) -> None:
    """Send what is due, until cancelled. ``send_due`` gives after how many seconds there is
    something to do again; ``stirred`` tells that there is something new. ``what`` names it in the
    log."""
    while True:
        stirred.clear()
        try:
            sleep_s = await send_due()
        except StorageError as error:
            log.warning("sending_waits", what=what, problem=str(error))
            sleep_s = STORAGE_PAUSE_S
        except Exception:  # what nobody thought of may not end the sending for good
            log.exception("sending_failed", what=what)
            sleep_s = STORAGE_PAUSE_S
        try:
            async with asyncio.timeout(min(sleep_s, LONGEST_SLEEP_S)):
                await stirred.wait()
        except TimeoutError:
            continue
