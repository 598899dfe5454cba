"""Joins the staff room, its storage and its HTTP side, as the settings say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.config import Settings
from voicebot.local_key import remove_key, write_key
from voicebot.staff.desk import FixedToken, SessionPolicy, StaffDesk
from voicebot.staff.passwords import Passwords
from voicebot.staff.register import Register
from voicebot.staff.roles import Scope
from voicebot.staff.secrets import new_token
from voicebot.storage.staff import SqlAuditLog, SqlStaffBook
from voicebot.web.api.audit import audit_router
from voicebot.web.api.session import account_router, session_router
from voicebot.web.api.sign_in import Attempts, SignInSide, sign_in_router
from voicebot.web.api.users import users_router
from voicebot.web.doorkeeper import EntryPolicy
from voicebot.web.identity import SessionCookie
from voicebot.web.playbacks import Playbacks
from voicebot.web.staff_pages import staff_pages_router

_LOCAL_SCOPES: Final = frozenset(Scope) - {
    Scope.USERS_MANAGE,
    Scope.AUDIT_READ,
    Scope.CALLS_LISTEN,  # the audit log is to name a person
}
"""For commands beside the server: who may read the key may read all records in its folder too."""


class FrontDesk:
    """Who may come in; ``engine`` stays its giver's. ``clock`` gives UTC epoch seconds."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, clock: Callable[[], float] = time.time
    ) -> None:
        staff = settings.staff
        book, self.audit = SqlStaffBook(engine), SqlAuditLog(engine)
        passwords = Passwords()
        self._folder = settings.server.data
        self._key = new_token()
        desk = StaffDesk(
            book,
            self.audit,
            passwords,
            SessionPolicy(staff.idle_s, staff.lasts_s),
            fixed=(
                FixedToken("this machine", self._key, _LOCAL_SCOPES),
                FixedToken(
                    "outbound.token",
                    settings.outbound.token.get_secret_value(),
                    frozenset({Scope.DIAL}),
                ),
            ),
        )
        self.side = SignInSide(
            desk,
            Attempts.per_minute(staff.attempts_per_minute),
            clock,
            EntryPolicy(SessionCookie(staff.https), staff.origins, staff.metrics),
        )
        self._register = Register(book, self.audit, passwords)
        self.playbacks = Playbacks(self.audit, clock)

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        """What staff need of the HTTP side."""
        return (
            sign_in_router(self.side),
            session_router(self.side),
            account_router(self.side, self._register),
            users_router(self.side, self._register),
            audit_router(self.audit),
            staff_pages_router(),
        )

    def open(self) -> None:
        """Leave the key of this machine in the data folder. Raises StorageError."""
        write_key(self._folder, self._key)

    def close(self) -> None:
        """Take it away again."""
        remove_key(self._folder, self._key)

    async def first_link(self, url: str) -> str | None:
        """Where the first administrator begins; None where there are users. ``url`` is ours.

        The secret stands behind ``#``: no browser sends that part, and no proxy logs it.
        """
        secret = await self.side.desk.invite(self.side.clock())
        return None if secret is None else f"{url}/sign-in#first={secret}"
