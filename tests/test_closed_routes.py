"""Every route of the whole server is closed, unless it is listed as open here too."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from voicebot.app import Server
from voicebot.config import load_settings
from voicebot.staff.roles import Scope
from voicebot.storage.migrations import upgrade
from voicebot.web.access import RULES, AccessRules, Door

FLOW = "start: end\nsteps:\n  end:\n    hangup: self_served\n"
OPEN = {
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "GET /call",
    "GET /call/",
    "GET /call/{name}",
    "GET /t/",
    "GET /t/{token}",
    "GET /chat/{name}",
    "GET /chat/images/{name}",
    "GET /widget.js",
    "GET /sign-in",
    "GET /staff/{name}",
    "POST /api/sign-in",
    "POST /api/sign-in/first",
    "POST /api/webrtc/token",
    "POST /api/webrtc/offer",
    "POST /api/webrtc/restart",
    "POST /api/audiosocket/calls",
    "GET /api/audiosocket/calls/{uuid}/state",
    "GET /api/audiosocket/calls/{uuid}/target",
    "GET /api/audiosocket/calls/{uuid}/context/{name}",
    "POST /api/mediastream/voice",
    "POST /api/mediastream/next",
    "WEBSOCKET /api/mediastream/stream/{token}",
    # Chat: a link or the browser's own key.
    "OPTIONS /api/chat/{path:path}",
    "POST /api/chat/begin",
    "POST /api/chat/open",
    "GET /api/chat/{conversation}/lines",
    "GET /api/chat/{conversation}/events",
    "WEBSOCKET /api/chat/{conversation}/socket",
    "POST /api/chat/{conversation}/leave_line",
    "POST /api/chat/{conversation}/messages",
    "POST /api/chat/{conversation}/call",
    "GET /api/chat/{conversation}/phone",
    "POST /api/chat/{conversation}/phone",
    "POST /api/chat/{conversation}/typing",
    # Signed by who sends.
    "POST /api/texting/twilio/inbound",
    "POST /api/texting/twilio/status",
    "POST /api/webhook/messages",
}
"""What a stranger may ask for. Think twice before you add a line."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """With every door that there is; nothing is started."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(FLOW)
    environment = {
        "VOICEBOT_SERVER__APPLICATION": str(tmp_path),
        "VOICEBOT_SERVER__DATA": str(tmp_path),
        "VOICEBOT_MEDIASTREAM__PUBLIC_URL": "https://voicebot.example",
        "VOICEBOT_MEDIASTREAM__AUTH_TOKEN": "secret",
        "VOICEBOT_OUTBOUND__TOKEN": "sesame",
        "VOICEBOT_TEXTING__GATEWAY": "twilio",
        "VOICEBOT_TEXTING__ACCOUNT": "AC1",
        "VOICEBOT_TEXTING__AUTH_TOKEN": "secret",
        "VOICEBOT_TEXTING__SENDER": "+15550100",
        "VOICEBOT_TEXTING__PUBLIC_URL": "https://voicebot.example",
        "VOICEBOT_WEBHOOK__URL": "https://messenger.example",
        "VOICEBOT_WEBHOOK__SECRET": "0123456789abcdef0123456789abcdef",
    }
    settings = load_settings(environment=environment)
    await upgrade(settings.database_url)
    server = Server(settings)
    yield server
    await server.stop()


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route; a WebSocket has the method WEBSOCKET."""
    return [
        (method, route.path or "")
        for route in iter_route_contexts(app.routes)
        for method in sorted((route.methods or {"WEBSOCKET"}) - {"HEAD"})
    ]


def an_example(path: str) -> str:
    return re.sub(r"{\w+}", "x", path)


async def test_every_route_has_a_line_in_the_table(server: Server) -> None:
    rules = AccessRules()
    found = routes(server.web_app)
    assert len(found) > 30
    unlisted = [path for _, path in found if rules.access(an_example(path)) is Door.CLOSED]
    assert unlisted == [], "give them a line in voicebot/web/access.py"
    assert {
        f"{method} {path}" for method, path in found if rules.access(an_example(path)) is Door.OPEN
    } == OPEN


async def test_every_line_of_the_table_leads_to_a_route(server: Server) -> None:
    found = [an_example(path) for _, path in routes(server.web_app)]
    for rule in RULES:
        beginning = rule.replace("*", "x")
        assert any(path == beginning or path.startswith(f"{beginning}/") for path in found), rule


async def test_a_stranger_gets_nothing_that_is_not_open(server: Server) -> None:
    transport = httpx.ASGITransport(server.web_app, client=("192.0.2.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://voicebot") as client:
        for method, path in routes(server.web_app):
            if f"{method} {path}" not in OPEN and method != "WEBSOCKET":
                answer = await client.request(method, an_example(path))
                assert (answer.status_code, method, path) == (401, method, path)
        for path in ("/api", "/api/nothing", "/docs", "//api/calls", "/api/calls\n"):
            # The whole address: a path with two slashes would name another host.
            address = f"http://voicebot{path}".replace("\n", "%0A")
            assert (await client.get(address)).status_code == 404


async def test_a_right_opens_only_what_asks_for_it(server: Server) -> None:
    """The token of the settings may dial, and nothing else."""
    rules = AccessRules()
    transport = httpx.ASGITransport(server.web_app, client=("192.0.2.1", 5000))
    headers = {"Authorization": "Bearer sesame"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=headers
    ) as client:
        for method, path in routes(server.web_app):
            access = rules.access(an_example(path))
            if isinstance(access, Scope) or access in (Door.METRICS, Door.BROWSER):
                answer = await client.request(method, an_example(path))
                refused = answer.status_code == 403
                assert (refused, path) == (access is not Scope.DIAL, path)


@pytest.mark.parametrize(
    ("path", "access"),
    [
        ("/healthz", Door.OPEN),
        ("/healthz/x", Door.OPEN),
        ("/healthz\n", Door.CLOSED),
        ("/Healthz", Door.CLOSED),
        ("/call/call.js", Door.OPEN),
        ("/caller", Door.CLOSED),
        ("/call/../api/calls", Door.OPEN),  # no router leaves /call/ by dots
        ("/api/calls", Scope.CALLS_READ),
        ("/api/calls/", Scope.CALLS_READ),
        ("/api/calls/c1", Scope.CALLS_READ),
        ("/api/calls/c1/recording", Scope.RECORDINGS_PLAY),
        ("/api/calls/c1/recording/", Scope.RECORDINGS_PLAY),
        ("/api/calls//recording", Scope.RECORDINGS_PLAY),
        ("//api/calls", Door.CLOSED),
        ("/api", Door.CLOSED),
        ("/", Door.BROWSER),
        ("", Door.CLOSED),
    ],
)
def test_a_path_belongs_to_the_longest_rule(path: str, access: object) -> None:
    assert AccessRules().access(path) is access
