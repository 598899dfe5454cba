"""Fills the prompt cache that benchmarks and tests share, as ``make serve`` does for its own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.peers.server import KEPT, ROOT


def warm_prompts() -> None:
    """Render what is missing; takes a second when nothing is."""
    subprocess.run(
        [sys.executable, "-m", "voicebot.cli.main", "prompts", "build"],
        cwd=ROOT,
        env=os.environ | {"VOICEBOT_SERVER__DATA": str(KEPT)},
        check=True,
    )
