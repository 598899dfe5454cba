"""``/api/audit``: who did what, when, from where; for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from voicebot.staff.model import AuditEntry, AuditLog


class Entry(BaseModel):
    """One line of the log."""

    id: int
    at: float = Field(description="UTC epoch seconds")
    who: str
    deed: str = Field(examples=["recording played"])
    what: str = Field(description="whom or what it was done to")
    address: str = Field(description="where from; empty for the command line")

    @classmethod
    def of(cls, entry: AuditEntry) -> Entry:
        return cls(
            id=entry.id,
            at=entry.at,
            who=entry.who,
            deed=entry.deed,
            what=entry.what,
            address=entry.address,
        )


class EntryList(BaseModel):
    """One page of the log."""

    entries: list[Entry]
    before: int | None = Field(description="ask for `before` this for the next page; null: no more")


def audit_router(log: AuditLog) -> APIRouter:
    """Serve ``log``."""
    router = APIRouter(prefix="/api/audit", tags=["staff"])

    @router.get("", summary="Read the audit log, newest first")
    async def entries(
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int | None, Query(ge=1)] = None,
    ) -> EntryList:
        """Give one page."""
        found = await log.entries(before=before, limit=limit)
        last = found[-1].id if len(found) == limit else None
        return EntryList(entries=[Entry.of(each) for each in found], before=last)

    return router
