"""An engine that loads at once and misbehaves on demand: what pools of workers are tested with."""

from __future__ import annotations

import os
import time

from voicebot.errors import AudioError, ModelError


class ToyEngine:
    def __init__(self, fail_to_load: bool = False) -> None:
        if fail_to_load:
            raise ModelError("toy", "missing", "Build one.")
        self.grammars_seen = 0

    def echo(self, value: object) -> object:
        return value

    def pid(self) -> int:
        return os.getpid()

    def die(self) -> None:
        os._exit(3)

    def hang(self) -> None:
        time.sleep(60)

    def nap(self, seconds: float) -> None:
        time.sleep(seconds)

    def refuse(self) -> None:
        raise AudioError("toy.wav", problem="too quiet")

    def crash(self) -> None:
        raise ZeroDivisionError("inside the engine")

    def chatter(self) -> str:
        print("a library prints to standard output")  # noqa: T201
        return "heard"

    def key_of(self, grammar: object) -> str:
        return str(getattr(grammar, "key", "nothing"))
