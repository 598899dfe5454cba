"""A store of notices in memory, as `NoticeStore` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from voicebot.notices.model import Kind, Notice, Retry, Waiting


def a_notice(number: int, contact: str = "", at: float = 0.0) -> Notice:
    return Notice("crm", f"n{number}", contact or f"c{number}", Kind.CALL_ENDED, "{}", at)


@dataclass
class MemoryNotices:
    """Rows by number: the notice, tries in vain, and when it is due."""

    rows: dict[int, tuple[Notice, int, float]] = field(default_factory=dict)

    def add(self, *notices: Notice) -> None:
        for notice in notices:
            self.rows[max(self.rows, default=0) + 1] = (notice, 0, notice.created_at)

    async def due(self, hook: str, now: float, limit: int) -> Sequence[Waiting]:
        found: list[Waiting] = []
        seen: set[str] = set()
        for number, (notice, tries, due_at) in sorted(self.rows.items()):
            if due_at <= now and notice.contact not in seen:
                found.append(Waiting(number, notice, tries))
            seen.add(notice.contact)
        return found[:limit]

    async def next_due_at(self, hook: str) -> float | None:
        return min((due_at for _, _, due_at in self.rows.values()), default=None)

    async def settle(self, done: Sequence[int], again: Sequence[Retry]) -> None:
        for number in done:
            del self.rows[number]
        for each in again:
            self.rows[each.number] = (self.rows[each.number][0], each.tries, each.due_at)

    async def give_up(self, hook: str, before: float) -> int:
        old = [number for number, (each, _, _) in self.rows.items() if each.created_at < before]
        for number in old:
            del self.rows[number]
        return len(old)

    async def waiting(self, hook: str) -> int:
        return len(self.rows)

    async def hooks(self) -> Sequence[str]:
        return sorted({notice.hook for notice, _, _ in self.rows.values()})
