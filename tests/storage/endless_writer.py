"""A process of its own that writes turns of one call until it is killed.

Usage: endless_writer.py URL. It prints the number of each turn that the journal has written.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.storage.facts import ORDER, answered, started, turn
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal


async def write(url: str) -> None:
    journal = SqlJournal(open_database(url))
    await journal.start()
    journal.append(started("a"))
    journal.append(answered("a"))
    for index in itertools.count(1):
        journal.append(turn("a", index, at=1_001.0 + index, heard=ORDER))
        await journal.flush()
        sys.stdout.write(f"{index}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
