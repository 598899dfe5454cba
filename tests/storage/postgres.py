"""A PostgreSQL of the tests' own, on a socket in a folder of its own; no port is opened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PLACES = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]


def program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: postgresql)")
    return found


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server; gives the folder of its socket."""
    pytest.importorskip("asyncpg", reason="the extra 'postgres' is not installed")
    initdb, postgres = program("initdb"), program("postgres")
    # It will not run as root.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="voicebot-postgres-"))
    try:
        if user is not None:
            try:
                shutil.chown(folder, user)
            except LookupError:
                pytest.skip("there is no user postgres to run it")
        data = folder / "data"
        made = [
            initdb,
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run([*made, "--no-sync"], check=True, capture_output=True, user=user)
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
        options += ["-c", "fsync=off"]
        process = subprocess.Popen(
            [postgres, "-D", str(data), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user,
        )
        try:
            _wait(folder)
            yield str(folder)
        finally:
            # At once: nobody wants to have the databases written out that are deleted below.
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path) -> None:
    ready = [program("pg_isready"), "-h", str(folder), "-t", "30"]
    for _ in range(60):
        if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
            return
        # A socket that is not there yet is told at once, whatever -t says.
        subprocess.run(["sleep", "0.2"], check=True)
    raise AssertionError("PostgreSQL did not start")


def new_database(socket: str, name: str) -> str:
    """Make an empty database; gives its URL."""
    subprocess.run(
        [program("createdb"), "-h", socket, "-U", "postgres", name], check=True, capture_output=True
    )
    return f"postgresql://postgres@/{name}?host={socket}"
