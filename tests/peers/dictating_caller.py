"""Callers who each say a recording, paced as telephones do; a program.

    python -m tests.peers.dictating_caller TARGET HOST FILE... [--stay]

Each FILE is raw mu-law. Says ``calling`` when all are connected; with ``--stay`` nobody hangs up.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from voicebot.telephony.sip_client import SipClient


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("host")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--stay", action="store_true")
    options = parser.parse_args()
    async with SipClient(host=options.host) as client:
        calls = [
            (await client.call(options.target, caller=file.stem, codecs=("PCMU",)), file)
            for file in options.files
        ]
        print("calling", flush=True)  # noqa: T201
        for call, file in calls:
            call.play(file.read_bytes())
        await asyncio.gather(*(call.sent(timeout_s=600) for call, _ in calls))
        if options.stay:
            await asyncio.sleep(600)
        # Time for what is still under way.
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    asyncio.run(main())
