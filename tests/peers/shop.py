"""A small application and its agents, for servers that tests start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def shop(folder: Path, flow: str, queues: str) -> Path:
    """Write an application of one flow; gives its folder."""
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "main.yaml").write_text(flow)
    (folder / "queues.yaml").write_text(queues)
    return folder


def agents(folder: Path, each: Mapping[str, str]) -> str:
    """Write a settings file with these agents of the queue ``support``: names and what else is said
    of them. Gives its path."""
    file = folder / "voicebot.toml"
    tables = (f'[agents.{name}]\nqueues = ["support"]\n{more}\n' for name, more in each.items())
    file.write_text("".join(tables))
    return str(file)
