"""``voicebot dial``: have the running server call somebody, and say what came of it."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import httpx
import typer

from voicebot.cli.credentials import credentials
from voicebot.config import Settings, load_settings
from voicebot.errors import UsageError, VoicebotError

_PAUSE_S = 0.3
_GRACE_S = 60.0
"""For listening to who answered, after it may have rung for as long as it may."""


def dial(
    target: Annotated[str, typer.Argument(help="A SIP address, or a number for a provider.")],
    flow: Annotated[str, typer.Option(help="The flow that talks to who answers.")] = "",
    caller: Annotated[str, typer.Option(help="The number to show.")] = "",
    http: Annotated[str, typer.Option(help="The server's HTTP address.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Call TARGET from the running server; print who answered, or why nobody did.

    A server on this machine lets whoever may read its data folder dial; another asks for a token
    with the scope dial (VOICEBOT_STAFF__TOKEN). Exits with 1 when nobody answered.
    """
    settings = load_settings()
    shown = credentials(settings, http, dials=True)
    if not shown:
        raise UsageError(
            "no server has left its key in the data folder here, and there is no token. Set "
            "VOICEBOT_STAFF__TOKEN to one with the scope dial (`voicebot token add`)."
        )
    asked = {"target": target, "flow": flow, "caller": caller}
    with _client(settings, http, shown) as client:
        report = _ask(client, "POST", "/api/dial", asked)
        report = _follow(client, report, settings)
    typer.echo(json.dumps(report) if as_json else _sentence(report))
    if report["state"] != "answered":
        raise typer.Exit(1)


def _client(settings: Settings, http: str, shown: dict[str, str]) -> httpx.Client:
    host = settings.server.host
    host = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host
    return httpx.Client(
        base_url=http or f"http://{host}:{settings.server.port}",
        headers=shown,
    )


def _follow(client: httpx.Client, report: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Ask until it is known what came of the call."""
    ends_at = time.monotonic() + settings.outbound.answer_timeout_s + _GRACE_S
    while report["state"] == "dialling" or (
        report["state"] == "answered" and not report["answered_by"]
    ):
        if time.monotonic() > ends_at:
            break
        time.sleep(_PAUSE_S)
        report = _ask(client, "GET", f"/api/dial/{report['id']}")
    return report


def _ask(
    client: httpx.Client, method: str, path: str, body: dict[str, str] | None = None
) -> dict[str, Any]:
    try:
        response = client.request(method, path, json=body)
    except httpx.HTTPError:
        raise VoicebotError(
            f"no server answers at {client.base_url}. Start it with `voicebot serve`."
        ) from None
    if response.is_error:
        raise VoicebotError(f"the server refused: {_detail(response)}")
    found: dict[str, Any] = response.json()
    return found


def _detail(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return str(response.status_code)
    if isinstance(detail, list):  # what is wrong with the request's fields
        return "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in detail)
    return str(detail)


def _sentence(report: dict[str, Any]) -> str:
    if report["state"] == "answered":
        who = {"person": "a person", "machine": "an answering machine"}
        return f"answered by {who.get(report['answered_by'], 'somebody')} (call {report['id']})"
    status = f" ({report['status']})" if report["status"] else ""
    return f"{report['state']}{status} (call {report['id']})"
