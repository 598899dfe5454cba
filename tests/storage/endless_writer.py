"""A process of its own that writes turns of one call, or contacts, until it is killed.

Usage: endless_writer.py URL turns|contacts. It prints the number of each turn that the journal has
written, or of the last of each hundred contacts.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.storage.facts import ORDER, answered, ended, started, turn
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal


async def write_turns(url: str) -> None:
    journal = SqlJournal(open_database(url))
    await journal.start()
    journal.append(started("a"))
    journal.append(answered("a"))
    for index in itertools.count(1):
        journal.append(turn("a", index, at=1_001.0 + index, heard=ORDER))
        await journal.flush()
        sys.stdout.write(f"{index}\n")
        sys.stdout.flush()


async def write_contacts(url: str) -> None:
    """As fast as they can be written, four facts each."""
    journal = SqlJournal(open_database(url))
    await journal.start()
    for number in itertools.count(1):
        call = f"c{number}"
        for fact in (started(call), answered(call), turn(call, 1, heard=ORDER), ended(call)):
            journal.append(fact)
        if number % 100 == 0:
            await journal.flush()
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run({"turns": write_turns, "contacts": write_contacts}[sys.argv[2]](sys.argv[1]))
