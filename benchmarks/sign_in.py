"""What sign-in costs: a password, a request with a session, one with a token.

``python -m benchmarks.sign_in [--requests 2000]``; SQLite in a temporary folder, no network.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from voicebot.staff.desk import StaffDesk
from voicebot.staff.model import Actor
from voicebot.staff.passwords import Passwords
from voicebot.staff.register import Register
from voicebot.staff.roles import Role, Scope
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.staff import SqlAuditLog, SqlStaffBook
from voicebot.web.doorkeeper import Doorkeeper, EntryPolicy

PASSWORD = "correct horse battery"
SIGN_INS = 20


async def main(requests: int) -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'voicebot.db'}"
        await upgrade(url)
        engine = open_database(url)
        book, log, passwords = SqlStaffBook(engine), SqlAuditLog(engine), Passwords()
        desk, register, by = (
            StaffDesk(book, log, passwords),
            Register(book, log, passwords),
            Actor(""),
        )
        now = time.time()
        await register.add_user("anna", Role.ADMIN, PASSWORD, by, now, must_change=False)
        new = await register.add_token("anna", "bench", [Scope.CALLS_READ], by, now)
        spent = []
        for _ in range(SIGN_INS):
            began = time.perf_counter()
            signed_in = await desk.sign_in("anna", PASSWORD, "", time.time())
            spent.append(time.perf_counter() - began)
        assert signed_in is not None
        _print("signing in", spent)
        answer = PlainTextResponse("ok")
        guarded = Doorkeeper(answer, desk, EntryPolicy(), time.time)
        await _ask("a route, unguarded", answer, {}, requests)
        await _ask("by session", guarded, {"cookie": f"voicebot={signed_in.secret}"}, requests)
        await _ask("by token", guarded, {"authorization": f"Bearer {new.secret}"}, requests)
        await engine.dispose()


async def _ask(what: str, app: ASGIApp, headers: dict[str, str], requests: int) -> None:
    spent = []
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://voicebot") as client:
        for _ in range(requests):
            began = time.perf_counter()
            response = await client.get("/api/calls", headers=headers)
            spent.append(time.perf_counter() - began)
            assert response.status_code == 200
    _print(what, spent)


def _print(what: str, seconds: list[float]) -> None:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    print(f"{what:<20} p50 {p50:6.2f} ms  p95 {p95:6.2f} ms  of {len(seconds)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    asyncio.run(main(parser.parse_args().requests))
