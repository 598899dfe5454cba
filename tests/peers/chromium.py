"""A real Chromium without a window, driven over a pipe by its DevTools protocol.

Nothing but the standard library: messages are JSON, each ended by a zero byte. The microphone is a
WAV file; without one, and without ``granted``, Chromium asks nobody and refuses it.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

WITHIN_S: Final = 20.0
_LONGEST_MESSAGE: Final = 16 * 1024 * 1024

# Chromium reads from descriptor 3 and writes to 4. Copies are taken first, with numbers that are
# free: a pipe may have any number, also the one that the other has to get.
PLACE_PIPES: Final = (
    "import fcntl, os, sys; here = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 5) for n in sys.argv[1:3]]; "
    "os.dup2(here[0], 3); os.dup2(here[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
)

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    # On loopback there is no address to be hidden, and none to be found but loopback itself.
    "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter",
    "--allow-loopback-in-peer-connection",
)


def chromium() -> str | None:
    """The program, None where there is none (Debian: chromium)."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Chromium:
    """One browser with one page; use as an async context manager.

    ``microphone`` is a WAV file that is heard once; ``granted`` whether pages may use it;
    ``plugged_in`` whether there is any microphone.
    ``namespace`` is the network namespace it lives in, ``secure`` an origin that counts as secure
    though it is not (127.0.0.1 always is).
    """

    microphone: Path | None = None
    granted: bool = True
    plugged_in: bool = True
    namespace: str = ""
    secure: str = ""
    flags: Sequence[str] = ()
    console: list[str] = field(default_factory=list, init=False)

    async def __aenter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ids = itertools.count(1)
        self._session = ""
        to_browser, self._out = os.pipe()
        from_browser, into = os.pipe()
        self._process = await asyncio.create_subprocess_exec(
            *self._wrapper(),
            sys.executable,
            "-c",
            PLACE_PIPES,
            str(to_browser),
            str(into),
            chromium() or "chromium",
            *self._flags(),
            pass_fds=(to_browser, into),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(into)
        self._stream = asyncio.StreamReader(limit=_LONGEST_MESSAGE)
        pipe = os.fdopen(from_browser, "rb", buffering=0)
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._stream), pipe
        )
        self._reading = asyncio.create_task(self._read())
        try:
            await self._attach()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the browser and its helpers: the process group that it was started with."""
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._transport.close()
        os.close(self._out)
        self._home.cleanup()
        await asyncio.sleep(0)  # the pipe's transport closes in the next turn of the loop

    # The page

    async def open(self, url: str) -> None:
        """Load ``url`` and wait until it has."""
        await self.command("Page.navigate", url=url)
        await self.until(f"document.readyState == 'complete' && location.href.startsWith({url!r})")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (a promise is awaited)."""
        answer = await self.command(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def until(self, condition: str, within_s: float = WITHIN_S) -> None:
        """Wait until a JavaScript expression is true."""
        try:
            async with asyncio.timeout(within_s):
                while not await self.evaluate(f"Boolean({condition})"):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            page = await self.evaluate("document.body.innerText")
            raise AssertionError(
                f"waited in vain for {condition}; the page says {page!r}, its console "
                f"{self.console}"
            ) from None

    async def click(self, selector: str) -> None:
        """Press the mouse on the middle of an element, as a person does."""
        place = await self.evaluate(
            f"(e => {{ e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect();"
            " return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })"
            f"(document.querySelector({selector!r}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.command(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place
            )

    async def type(self, keys: str) -> None:
        """Press keys of the keyboard."""
        for key in keys:
            await self.command("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
            await self.command("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def look(self, width: int, height: int = 740, *, dark: bool = False) -> None:
        """Give the page this size, in points of the screen, and this colour scheme."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.command("Emulation.setEmulatedMedia", features=[scheme])

    async def screenshot(self, path: Path) -> None:
        shot = await self.command("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the DevTools protocol."""
        id_ = next(self._ids)
        message: dict[str, Any] = {"id": id_, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        answer = asyncio.get_running_loop().create_future()
        self._answers[id_] = answer
        os.write(self._out, json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(WITHIN_S):
            found = await answer
        if "error" in found:
            raise AssertionError(f"{method}: {found['error']}")
        result: dict[str, Any] = found["result"]
        return result

    async def tab(self) -> Self:
        """Another page of the same browser, which ends with it."""
        other = copy.copy(self)
        other._session = ""
        created = await other.command("Target.createTarget", url="about:blank")
        await other._attach_to(created["targetId"])
        return other

    async def _attach(self) -> None:
        targets = (await self.command("Target.getTargets"))["targetInfos"]
        await self._attach_to(next(each["targetId"] for each in targets if each["type"] == "page"))

    async def _attach_to(self, page: str) -> None:
        attached = await self.command("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        await self.command("Page.enable")
        await self.command("Runtime.enable")
        await self.command("Log.enable")

    async def _read(self) -> None:
        while True:
            try:
                raw = await self._stream.readuntil(b"\0")
            except asyncio.IncompleteReadError:
                return
            message = json.loads(raw[:-1])
            if "id" in message:
                answer = self._answers.pop(message["id"], None)
                if answer is not None and not answer.done():
                    answer.set_result(message)
            elif message["method"] in {"Runtime.exceptionThrown", "Log.entryAdded"}:
                self.console.append(json.dumps(message["params"])[:500])

    def _wrapper(self) -> list[str]:
        return ["ip", "netns", "exec", self.namespace] if self.namespace else []

    def _flags(self) -> list[str]:
        flags = [*_FLAGS, f"--user-data-dir={self._home.name}", "--remote-debugging-pipe"]
        flags.append(
            "--use-fake-device-for-media-stream" if self.plugged_in else "--disable-audio-input"
        )
        if self.granted:
            flags.append("--use-fake-ui-for-media-stream")
        if self.microphone is not None:
            flags.append(f"--use-file-for-fake-audio-capture={self.microphone}%noloop")
        if self.secure:
            flags.append(f"--unsafely-treat-insecure-origin-as-secure={self.secure}")
        return [*flags, *self.flags, "about:blank"]
