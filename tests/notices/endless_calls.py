"""A process of its own that writes calls and what is to be told of them, until it is killed.

Usage: endless_calls.py URL. It prints the number of each call that the journal has written.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.storage.facts import answered, started
from voicebot.notices.model import Hook
from voicebot.notices.payload import Teller
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal


async def write(url: str) -> None:
    teller = Teller([Hook("crm", "http://crm.example/", "s" * 32)])
    journal = SqlJournal(open_database(url), telling=teller)
    await journal.start()
    for number in itertools.count(1):
        journal.append(started(f"call-{number}"))
        journal.append(answered(f"call-{number}"))
        await journal.flush()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
