"""When agents were ready and busy, as rows (`sessions.ready_times` makes the stretches).

Rows of a database older than 0023 do not say whether the agent was busy: they are not counted, for
an occupancy that holds for a part of the time is better than one that is wrong for all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.analytics.history import Span
from voicebot.analytics.measures import AgentSeconds
from voicebot.sessions.ready_times import Stretch
from voicebot.storage.schema import agent_time


async def write_times(connection: AsyncConnection, stretches: Sequence[Stretch]) -> None:
    """Write ``stretches``; the same agent and beginning again moves the end."""
    if not stretches:
        return
    table = agent_time.c
    same = (table.agent == bindparam("of"), table.began_at == bindparam("since"))
    keys = [{"of": each.agent, "since": each.began_at} for each in stretches]
    rows = [
        {
            "agent": each.agent,
            "began_at": each.began_at,
            "ended_at": each.ended_at,
            "busy": each.busy,
        }
        for each in stretches
    ]
    await connection.execute(delete(agent_time).where(*same), keys)
    await connection.execute(insert(agent_time), rows)


async def read_times(connection: AsyncConnection, span: Span) -> Mapping[str, AgentSeconds]:
    """Each agent's time in ``span``, as far as it is known."""
    table = agent_time.c
    statement = select(agent_time).where(
        table.ended_at > span.since, table.began_at < span.until, table.busy.is_not(None)
    )
    ready: defaultdict[str, float] = defaultdict(float)
    busy: defaultdict[str, float] = defaultdict(float)
    for row in (await connection.execute(statement)).mappings():
        seconds = min(row["ended_at"], span.until) - max(row["began_at"], span.since)
        ready[row["agent"]] += seconds
        busy[row["agent"]] += seconds if row["busy"] else 0.0
    return {agent: AgentSeconds(ready[agent], busy[agent]) for agent in ready}
