"""The process that replays calls for a server (`voicebot.replaying`): one question, one answer.

The question comes on standard input, the answer goes to standard output, both in JSON. What goes
wrong is a sentence: nobody but the server hears of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from voicebot.cli.replay import as_data, replayed
from voicebot.config import Settings
from voicebot.errors import VoicebotError
from voicebot.logs import configure_logging
from voicebot.sessions.records import CallQuery

NICENESS: Final = 10


def main() -> None:
    os.nice(NICENESS)
    configure_logging("error")
    # What functions of the application print must not get between the lines of the answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    json.dump(_answer(json.load(sys.stdin)), answers)


def _answer(asked: Mapping[str, Any]) -> Any:
    settings = Settings.model_validate(asked["settings"])
    try:
        found = asyncio.run(
            replayed(
                *(settings, None, None, CallQuery(), asked["calls"], len(asked["calls"])),
                audio=False,
                live_reads=False,
            )
        )
    except VoicebotError as error:
        return {"problem": str(error)}
    return as_data(found)


if __name__ == "__main__":
    main()
