"""Conversations in text that wait for agents: how soon they are offered, answered and restored.

Usage: ``python -m benchmarks.text_at_desk [--waiting 1000] [--agents 20] [--turns 200]``

Everything but HTTP, in one process on SQLite: so many conversations wait, each agent holds three.
``offered`` is from an agent's leaving one to the next being offered to them, wanted within 300 ms;
``shown`` from an agent's line to a page of the caller having it, durable by then; ``restored`` how
long it takes after a restart until every place is back.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import numpy as np

from tests.sessions.text_centre import Centre, until, wants_person
from voicebot.sessions.chats import Chats
from voicebot.sessions.text_talk import TextTalk

WANTED_MS: Final = 300.0
ROOM: Final = 3


async def fill(centre: Centre, chats: Chats, waiting: int, agents: int) -> float:
    """Conversations that wait, and agents who hold as many as they can; conversations a second."""
    began = time.perf_counter()
    for _ in range(waiting + ROOM * agents):
        await wants_person(chats)
    seconds = time.perf_counter() - began
    for number in range(agents):
        centre.sign_in(f"agent{number}", text=ROOM)
    await until(lambda: len(centre.offers) == ROOM * agents, 120)
    for _, _, taken in centre.offers:
        taken.set_result(None)
    await until(lambda: len(centre.talks) == ROOM * agents, 120)
    return (waiting + ROOM * agents) / seconds


async def offered_ms(centre: Centre, talk: TextTalk) -> float:
    """An agent leaves a conversation, and takes the next; until that was offered."""
    offers, talks = len(centre.offers), len(centre.talks)
    began = time.perf_counter()
    leaving = asyncio.create_task(talk.leave())
    await until(lambda: len(centre.offers) > offers)
    took = time.perf_counter() - began
    await leaving
    centre.offers[-1][2].set_result(None)
    await until(lambda: len(centre.talks) > talks)
    return 1000 * took


async def shown_ms(chats: Chats, talk: TextTalk, number: int) -> float:
    """An agent writes; until the caller's page has it."""
    views = chats.follow(talk.conversation, 0)
    assert isinstance(views, AsyncGenerator)
    await anext(views)
    began = time.perf_counter()
    saying = asyncio.create_task(talk.say("I am looking at your order.", f"k{number}"))
    while not any(line.who == "agent" for line in (await anext(views)).lines):
        pass
    took = time.perf_counter() - began
    await saying
    await views.aclose()
    return 1000 * took


async def measure(waiting: int, agents: int, turns: int, folder: Path) -> bool:
    """Print what is found; whether it is soon enough."""
    centre, chance = Centre(folder), random.Random(1)
    offered: list[float] = []
    shown: list[float] = []
    async with centre.running() as chats:
        rate = await fill(centre, chats, waiting, agents)
        for number in range(turns):
            going_on = [talk for talk in centre.talks if not talk.over]
            shown.append(await shown_ms(chats, chance.choice(going_on), number))
            offered.append(await offered_ms(centre, chance.choice(going_on)))
        print(f"waiting {waiting}, agents {agents} with {ROOM} conversations each")
        print(f"entered   {rate:8.0f} conversations/s")
    began = time.perf_counter()
    async with centre.running() as chats:
        print(f"restored  {time.perf_counter() - began:8.1f} s for {len(chats.line)} places")
    for name, found in (("offered", offered), ("shown", shown)):
        p50, p95 = np.percentile(found, (50, 95))
        print(f"{name:8}  {p50:8.1f} ms median, {p95:.1f} ms p95")
    return bool(np.percentile(offered, 95) <= WANTED_MS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=1000)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--turns", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soon = asyncio.run(measure(asked.waiting, asked.agents, asked.turns, Path(folder)))
    if not soon:
        sys.exit("an agent waits too long for the next conversation")


if __name__ == "__main__":
    main()
