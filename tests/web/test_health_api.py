"""``/healthz`` says that the process lives, ``/readyz`` whether calls are served."""

from __future__ import annotations

import httpx

from tests.web.conftest import House
from voicebot.web.api.health import Check


async def test_the_process_is_alive_even_when_not_ready(
    house: House, client: httpx.AsyncClient
) -> None:
    house.checks["sip"] = Check(False)
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": "1.2.3"})


async def test_it_is_ready_when_every_part_is(house: House, client: httpx.AsyncClient) -> None:
    house.checks.update(sip=Check(True, "127.0.0.1:5060"), workers=Check(True, "2 of 2"))
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {
            "sip": {"ok": True, "detail": "127.0.0.1:5060"},
            "workers": {"ok": True, "detail": "2 of 2"},
        },
    }


async def test_one_part_that_is_not_makes_it_a_503(house: House, client: httpx.AsyncClient) -> None:
    house.checks.update(sip=Check(True), workers=Check(False, "1 of 2"))
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["checks"]["workers"] == {"ok": False, "detail": "1 of 2"}
