"""``/api/audit``: who did what, when, from where; for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from voicebot.errors import StaffError
from voicebot.staff.model import AuditChoice, AuditEntry, AuditLog, Deed
from voicebot.staff.names import name_of


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


class DeedList(BaseModel):
    """What there is to choose from."""

    deeds: list[Deed]


def audit_router(log: AuditLog) -> APIRouter:
    """Serve ``log``."""
    router = APIRouter(prefix="/api/audit", tags=["staff"])

    @router.get("", summary="Read the audit log, newest first")
    async def entries(
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
        who: Annotated[str | None, Query(max_length=64, description="a user's name")] = None,
        deed: Annotated[Deed | None, Query(description="what was done")] = None,
        since: Annotated[float | None, Query(description="UTC epoch seconds")] = None,
        until: Annotated[float | None, Query(description="UTC epoch seconds; excluded")] = None,
    ) -> EntryList:
        """Give one page; what a user's tokens did is found under the user's name."""
        choice = AuditChoice(_name(who), deed, since, until)
        found = await log.entries(before=before, limit=limit, choice=choice)
        last = found[-1].id if len(found) == limit else None
        return EntryList(entries=[Entry.of(each) for each in found], before=last)

    @router.get("/deeds", summary="What the audit log tells of")
    async def deeds() -> DeedList:
        """Every kind of line."""
        return DeedList(deeds=list(Deed))

    return router


def _name(typed: str | None) -> str | None:
    """As users are named; another word, such as '(unknown)', stands for itself."""
    try:
        return None if typed is None else name_of(typed)
    except StaffError:
        return typed
