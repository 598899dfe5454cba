"""Runs every benchmark one after the other, in processes of their own."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "recognition",
    "intents",
    "knowledge",
    "builtins",
    "vosk",
    "batching",
    "large_grammar",
    "startup",
    "conversations",
    "chat",
    "reload",
    "callers",
    "functions",
    "queue_calls",
    "queues",
    "ledger",
    "retention",
    "lessons",
    "webhooks",
    "sign_in",
    "desk",
    "wall",
    "listening",
    "search",
    "personal_numbers",
    "doors",
    "recorder",
    "strangers",
    "dtmf",
    "wideband",
    "bad_networks",
    "calls",
)


def main() -> None:
    failed = []
    for name in BENCHMARKS:
        print(f"\n=== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"did not finish, or missed what is wanted: {', '.join(failed)}")


if __name__ == "__main__":
    main()
