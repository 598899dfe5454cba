"""Somebody hangs up in the middle of a return and calls again: real SIP calls, a real record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.phone import dialled
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.peer,
    pytest.mark.model,
]

NUMBER = "+15550117"
IN_A_QUERY = NUMBER.replace("+", "%2B")


async def test_second_call_is_greeted_with_what_the_first_left_open(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server:
        async with dialled(server, NUMBER) as phone:
            await phone.listen()
            await phone.press("2")
            await phone.listen()
            await phone.press("1508")
            await phone.listen()
        first = await server.finished_call(IN_A_QUERY)
        assert first["outcome"] == "abandoned_in_flow"
        assert first["matter"] == {"about": "return", "details": {"number": "1508"}, "open": True}
        assert first["customer"] == "17"

        async with dialled(server, NUMBER) as phone:
            await phone.listen()
            await phone.press("1")
            await phone.listen()
        second = await server.finished_call(IN_A_QUERY)
        assert second["id"] != first["id"]
        greeted, taken_up = second["turns"][:2]
        assert greeted["step"] == "about_return"
        assert "Is it about your return from " in greeted["prompt"]
        assert "1508" not in greeted["prompt"]
        assert taken_up["step"] == "return_form"
        assert "What is wrong with it?" in taken_up["prompt"]
        looked_up = 'voicebot_caller_lookups_total{result="done",what="history"}'
        assert await server.metric(looked_up) == 2

        async with dialled(server, "anonymous") as phone:
            await phone.listen()
        stranger = await server.finished_call("anonymous")
        assert (stranger["matter"], stranger["customer"]) == (None, "")
        assert stranger["turns"][0]["step"] == "main_menu"
