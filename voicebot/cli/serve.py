"""``voicebot serve``: run the server until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from voicebot.app import Server
from voicebot.config import Settings, load_settings
from voicebot.log_drain import drained_log
from voicebot.logs import configure_logging
from voicebot.open_files import allow_many


def serve(
    config: Annotated[
        Path | None, typer.Option(help="Settings file; voicebot.toml if left out.")
    ] = None,
) -> None:
    """Serve calls until SIGTERM or Ctrl-C: running calls may then finish for a while."""
    settings = load_settings(config)
    configure_logging(settings.log.level, settings.log.format, redact=settings.log.redact)
    allow_many()
    with drained_log():
        asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    told = asyncio.Event()
    hurried = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        # The second time somebody means it: the calls that still run are hung up at once.
        (hurried if told.is_set() else told).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell)
    server = Server(settings)
    with Console(stderr=True).status("loading models and prompts"):
        starting = asyncio.create_task(server.start())
        stopping = asyncio.create_task(told.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
    await asyncio.gather(starting, return_exceptions=told.is_set())
    if not told.is_set():
        await _welcome(server)
    await told.wait()
    await _stop(server, hurried)


async def _stop(server: Server, hurried: asyncio.Event) -> None:
    ending = asyncio.create_task(server.stop())
    hurry = asyncio.create_task(hurried.wait())
    await asyncio.wait({ending, hurry}, return_when=asyncio.FIRST_COMPLETED)
    if not ending.done():
        server.hurry()
    hurry.cancel()
    await ending


async def _welcome(server: Server) -> None:
    settings = server.settings
    console = Console(stderr=True)
    host = settings.sip.advertised_host or settings.sip.host
    page = f"  Call   {server.http_url}/call  (in a browser)\n" if settings.webrtc.enabled else ""
    console.print(
        f"\n[bold]voicebot answers calls.[/bold]\n"
        f"  SIP    sip:shop@{host}:{server.sip_port}  (UDP and TCP)\n"
        f"{page}"
        f"{await _entrance(server, console)}"
        f"  Try    {first_call()}\n"
        f"  Stop   Ctrl-C\n",
        highlight=False,
        soft_wrap=True,  # a link that is broken in two is none
    )


def first_call() -> str:
    """What places a call from a second terminal: lines that were made by `new` have no Makefile."""
    return "make call" if Path("Makefile").is_file() else "voicebot call"


async def _entrance(server: Server, console: Console) -> str:
    """Where staff come in. The link for the first administrator is a secret: it is shown to people
    who look at a terminal, and never where lines are gathered into a log."""
    sign_in = f"  Staff  {server.http_url}/sign-in\n"
    wanted = server.settings.log.format
    if wanted == "json" or (wanted == "auto" and not console.is_terminal):
        return sign_in
    link = await server.front_desk.first_link(server.http_url)
    if link is None:
        return sign_in
    return f"  Staff  {link}\n         (makes you the administrator; once, within 15 minutes)\n"
