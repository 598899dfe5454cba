"""Webhooks of a whole server: their settings, and what is counted of them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from voicebot.app import Server
from voicebot.config import load_settings
from voicebot.errors import ConfigError
from voicebot.events import CallEnded
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Outcome

FLOW = "start: end\nsteps:\n  end:\n    hangup: self_served\n"
HOOK = '[event_hooks.crm]\nurl = "http://127.0.0.1:9/"\nsecret_env = "CRM_SECRET"\n'


def server_of(folder: Path, hook: str = HOOK) -> Server:
    (folder / "flows").mkdir()
    (folder / "flows" / "main.yaml").write_text(FLOW)
    (folder / "voicebot.toml").write_text(hook)
    environment = {
        "VOICEBOT_SERVER__APPLICATION": str(folder),
        "VOICEBOT_SERVER__DATA": str(folder),
        "VOICEBOT_STAFF__METRICS": "open",
    }
    return Server(load_settings(folder / "voicebot.toml", environment))


async def test_the_journal_tells_the_hooks_and_figures_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SECRET", "s" * 32)
    server = server_of(tmp_path)
    try:
        await upgrade(server.settings.database_url)
        teller = server.event_hooks.teller
        assert teller is not None
        ended = CallEnded(CallId("a"), 1.0, Outcome.SELF_SERVED, "")
        assert [notice.hook for notice in teller.of(ended)] == ["crm"]
        transport = httpx.ASGITransport(server.web_app)
        async with httpx.AsyncClient(transport=transport, base_url="http://voicebot") as client:
            figures = (await client.get("/metrics")).text
        assert 'voicebot_event_hook_delivered_total{hook="crm"} 0' in figures
    finally:
        await server.stop()


def test_a_secret_that_is_missing_or_short_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SECRET", "short")
    with pytest.raises(ConfigError, match=r"CRM_SECRET: needs 32 characters"):
        server_of(tmp_path)


@pytest.mark.parametrize(
    "line",
    ['kinds = ["call.sneezed"]', "give_up_h = 0", 'secret_env = "VOICEBOT_X"', "colour = 1"],
)
def test_what_makes_no_sense_is_told(tmp_path: Path, line: str) -> None:
    kept = HOOK if "secret_env" not in line else HOOK.partition("secret_env")[0]
    with pytest.raises(ConfigError, match="event_hooks"):
        server_of(tmp_path, kept + line + "\n")
