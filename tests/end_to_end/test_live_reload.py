"""Files that are saved while a real server serves real calls."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.peers.phone import dialled
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.peer,
    pytest.mark.model,
]

FLOW = """\
start: ask
steps:
  ask:
    ask: Press 1.
    keys: {"1": one}
    timeout_ms: 60000
    next: bye
  bye:
    say: Goodbye.
    served: true
    hangup: auto
"""


async def _logged(server: ServerProcess, event: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            for entry in server.log:
                if entry["event"] == event:
                    return entry
            await asyncio.sleep(0.05)


async def test_saved_files_are_for_new_calls_and_broken_ones_for_nobody(tmp_path: Path) -> None:
    flow = tmp_path / "shop" / "flows" / "main.yaml"
    flow.parent.mkdir(parents=True)
    flow.write_text(FLOW)
    settings = {"SERVER__APPLICATION": str(tmp_path / "shop")}
    async with ServerProcess(tmp_path / "data", settings) as server:
        async with dialled(server, "before") as before:
            await before.call.speech(before.since)
            flow.write_text(FLOW.replace("Goodbye.", "See you soon."))
            changed = await _logged(server, "application_changed")
            assert changed["calls_on_earlier_versions"] == 1
            async with dialled(server, "after") as after:
                await after.press("1")
                await after.ended()
            await before.press("1")
            await before.ended()
        flow.write_text(FLOW.replace("next: bye", "next: by"))
        refused = await _logged(server, "application_not_changed")
        ready = (await server.get("/readyz"))["checks"]["application"]
        async with dialled(server, "later") as later:
            await later.press("1")
            await later.ended()
        calls = {name: await server.finished_call(name) for name in ("before", "after", "later")}
    assert calls["before"]["turns"][-1]["prompt"] == "Goodbye."
    assert calls["after"]["turns"][-1]["prompt"] == "See you soon."
    assert calls["later"]["turns"][-1]["prompt"] == "See you soon."
    assert (calls["before"]["version"], calls["after"]["version"]) == (
        changed["before"],
        changed["version"],
    )
    assert calls["later"]["version"] == changed["version"]
    assert "step 'by' does not exist" in refused["problem"]
    assert ready["ok"] is True
    assert "step 'by' does not exist" in ready["detail"]
