"""Short calls written by the journal, four facts each: the load of `ledger` and `webhooks`."""

from __future__ import annotations

import time

from voicebot.events import CallAnswered, CallEnded, CallStarted, TurnFinished, TurnResult
from voicebot.storage.journal import SqlJournal
from voicebot.types import CallId, Language, Outcome


async def write_calls(journal: SqlJournal, count: int, *, since: float, first: int = 0) -> float:
    """Calls a second that the journal takes down. They are numbered from ``first`` on, and began a
    second apart from ``since`` (epoch seconds) on."""
    await journal.start()
    began = time.perf_counter()
    for number in range(first, first + count):
        call, at = CallId(f"new-{number}"), since + number
        journal.append(
            CallStarted(call, at, "sip", f"+1555{number:07}", "shop", "main", Language("en-US"))
        )
        journal.append(CallAnswered(call, at))
        journal.append(
            TurnFinished(call, at + 1, 1, "start", "Hello", TurnResult.NOINPUT, None, None)
        )
        journal.append(CallEnded(call, at + 9, Outcome.SELF_SERVED, "goodbye"))
    await journal.flush()
    taken_s = time.perf_counter() - began
    await journal.stop()
    return count / taken_s
