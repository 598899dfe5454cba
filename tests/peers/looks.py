"""A page as people see it: light, dark and on a small telephone; and whether all can use it so.

Tests call `looked_at` where their page shows the most. With SCREENSHOTS in the environment, the
name of a folder, a picture of each look is kept there (`make test` names build/screenshots).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from tests.peers.accessibility import PROBLEMS
from tests.peers.chromium import Chromium

LOOKS: Final = {
    "light": (1280, 900, False),
    "dark": (1280, 900, True),
    "narrow": (360, 740, False),
}
"""Width and height in points, and whether it is dark."""


async def looked_at(browser: Chromium, page: str) -> None:
    """Look for what `PROBLEMS` finds in the page as it is now, in every look; ends in the last."""
    folder = os.environ.get("SCREENSHOTS", "")
    for look, (width, height, dark) in LOOKS.items():
        await browser.look(width, height, dark=dark)
        await browser.until(f"innerWidth == {width}")
        problems = await browser.evaluate(PROBLEMS)
        if problems:
            raise AssertionError(f"{page}, {look}: {problems}")
        if folder:
            path = Path(folder) / f"{page}-{look}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            await browser.screenshot(path)
