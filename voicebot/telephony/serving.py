"""What every door does with a call that was let in."""

from __future__ import annotations

import structlog

from voicebot.errors import CallError
from voicebot.telephony._api import CallLeg, Reception

log = structlog.get_logger(__name__)


async def serve(leg: CallLeg, reception: Reception) -> None:
    """Let the reception hold the call, and see that it is hung up in the end. Never raises."""
    try:
        await reception.on_call(leg)
    except CallError as error:
        log.info("call_given_up", call_id=leg.info.call_id, problem=str(error))
    except Exception:
        log.exception("call_failed", call_id=leg.info.call_id)
    finally:
        await leg.hang_up()
