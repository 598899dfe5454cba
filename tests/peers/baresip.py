"""Runs baresip (Debian's baresip-core) as a real SIP phone against a server under test.

The phone speaks a wave file, keeps what it hears as another, and takes key presses over baresip's
UDP console. It is ended by its own process id.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.peers.ports import free_ports

PROGRAM: Final = shutil.which("baresip")
MODULES: Final = Path("/usr/lib/baresip/modules")
MISSING: Final = "baresip is not installed (Debian: baresip-core)"

_CONFIG: Final = """\
sip_listen 127.0.0.1:{sip_port}
net_interface 127.0.0.1
rtp_ports {media_port}-{last_media_port}
audio_source aufile,{said}
ausrc_srate 8000
auplay_srate 8000
snd_path {folder}
cons_listen 127.0.0.1:{console}
module_path {modules}
module cons.so
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
"""


@dataclass
class Baresip:
    """One phone, dialling ``target`` when it starts, or answering at once who calls it where that
    is empty (``called_at`` says where). Use as an async context manager.

    ``said`` is a wave file (8000 Hz, mono) that it speaks; when that ends it hangs up. ``folder``
    must exist; what it heard is written there.
    """

    target: str
    said: Path
    folder: Path
    limit_s: int = 20
    sip_port: int = field(default=0, init=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _console: int = field(default=0, init=False)

    async def start(self) -> Self:
        assert PROGRAM is not None, MISSING
        self._console = free_ports(2)
        media_port = free_ports(22)
        self.sip_port = free_ports(2)
        config = _CONFIG.format(
            sip_port=self.sip_port,
            media_port=media_port,
            last_media_port=media_port + 20,
            said=self.said,
            folder=self.folder,
            console=self._console,
            modules=MODULES,
        )
        (self.folder / "config").write_text(config)
        answering = "manual" if self.target else "auto"
        account = f"<sip:anna@127.0.0.1>;regint=0;answermode={answering}\n"
        (self.folder / "accounts").write_text(account)
        (self.folder / "contacts").write_text("")
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *("-f", str(self.folder), "-t", str(self.limit_s)),
            *(("-e", f"/dial {self.target}") if self.target else ()),
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return self

    @property
    def called_at(self) -> str:
        """The address that it is called at."""
        return f"sip:anna@127.0.0.1:{self.sip_port}"

    def press(self, key: str) -> None:
        """Press a key; it stays down until the next one, which should come 200 ms later or more."""
        self._type(key)

    def hang_up(self) -> None:
        self._type("b")

    async def stop(self) -> str:
        """End the phone, politely first; gives what it printed."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(30):
                output, _ = await self._process.communicate()
        except TimeoutError:
            self._process.kill()
            output, _ = await self._process.communicate()
        return output.decode(errors="replace")

    def heard(self) -> Path | None:
        """The wave file of what the phone heard, once it has stopped."""
        return next(self.folder.glob("dump-*-dec.wav"), None)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _type(self, character: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as console:
            console.sendto(character.encode(), ("127.0.0.1", self._console))
