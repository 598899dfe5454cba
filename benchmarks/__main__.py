"""Runs every benchmark, or those that are named, one after the other, in processes of their own."""

from __future__ import annotations

import argparse
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)}")
    names: list[str] = parser.parse_args().names
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no measurement {', '.join(unknown)}; --help lists them")
    failed = []
    for name in names or BENCHMARKS:
        print(f"\n=== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"did not finish, or missed what is wanted: {', '.join(failed)}")


if __name__ == "__main__":
    main()
