"""One call over HTTP: what the records, the ledger and the recording tell of it together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.web.asking import asking
from tests.web.shelf import STARTED, Shelf, finished_call, running_call
from voicebot.analytics.contacts import LedgerContact
from voicebot.desk.notes import Note
from voicebot.events import DeflectionReached, DeflectionStage, TurnResult
from voicebot.sessions.records import TurnRecord
from voicebot.types import CallId, Outcome
from voicebot.web.api.one_call import CallShelves, one_call_router


@dataclass
class Shelves:
    """What is known of calls besides their records."""

    archive: Shelf = field(default_factory=Shelf)
    known: LedgerContact | None = None
    stages: list[DeflectionReached] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    file: Path | None = None
    written: tuple[TurnRecord, ...] | None = None

    async def so_far(self, contact: CallId) -> tuple[TurnRecord, ...] | None:
        return self.written

    async def contact(self, call_id: CallId, now: float) -> LedgerContact | None:
        return self.known

    async def stages_of(self, call_id: CallId) -> Sequence[DeflectionReached]:
        return self.stages

    async def keep(self, note: Note) -> None:
        self.notes.append(note)

    async def about(self, contacts: Sequence[str]) -> tuple[Note, ...]:
        return tuple(each for each in self.notes if each.contact_id in contacts)


@pytest.fixture
def house() -> Shelves:
    return Shelves()


@pytest.fixture
async def client(house: Shelves) -> AsyncIterator[httpx.AsyncClient]:
    shelves = CallShelves(house.archive, house, house, house, lambda _: house.file, house.so_far)
    async with asking(one_call_router(shelves)) as client:
        yield client


def contact(**told: object) -> LedgerContact:
    known = {
        "id": CallId("c2"),
        "started_at": STARTED,
        "answered_at": STARTED + 1,
        "ended_at": STARTED + 60,
        "direction": "inbound",
        "door": "sip",
        "caller": "+15550100",
        "callee": "shop",
        "flow": "main",
        "language": "en-US",
        "version": "",
        "intent": "order",
        "customer": "17",
        "outcome": Outcome.TRANSFERRED,
        "reason": "",
        "queue": "support",
        "agent": "anna",
        "waited_s": 10.0,
        "handled_s": 20.0,
        "wrapped_s": 5.0,
        "called_back": False,
        "result": "",
        "repeat": False,
        "resolved": True,
        **told,
    }
    return LedgerContact(**known)  # type: ignore[arg-type]


async def test_a_finished_call_is_given_with_its_turns(
    house: Shelves, client: httpx.AsyncClient
) -> None:
    house.archive.calls.append(finished_call({"order": "4271"}))
    answer = await client.get("/api/calls/c2")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": "c2",
        "transport": "sip",
        "caller": "+15550100",
        "callee": "shop",
        "flow": "main",
        "language": "en-US",
        "version": "",
        "started_at": "2026-11-21T10:00:00.250000Z",
        "answered_at": "2026-11-21T10:00:01.250000Z",
        "ended_at": "2026-11-21T10:01:00.250000Z",
        "outcome": "self_served",
        "reason": "goodbye",
        "direction": "inbound",
        "answered_by": "",
        "headers": {},
        "matter": {"about": "order", "details": {"number": "4271"}, "open": False},
        "customer": "17",
        "turns": [
            {
                "number": 1,
                "at": "2026-11-21T10:00:09.250000Z",
                "step": "ask_order",
                "prompt": "Which order?",
                "result": "match",
                "heard": {
                    "text": "four two seven one",
                    "semantics": {"order": "4271"},
                    "confidence": 0.93,
                    "mode": "speech",
                },
                "latency_ms": None,
                "barged_in": True,
                "said_at": None,
                "heard_from": None,
                "heard_until": None,
                "channel": "",
            },
            {
                "number": 2,
                "at": "2026-11-21T10:00:20.250000Z",
                "step": "anything",
                "prompt": "More?",
                "result": "noinput",
                "heard": None,
                "latency_ms": 480.0,
                "barged_in": False,
                "said_at": None,
                "heard_from": None,
                "heard_until": None,
                "channel": "",
            },
        ],
        "recording": None,
        "queue": "",
        "agent": "",
        "waited_s": None,
        "handled_s": None,
        "wrapped_s": None,
        "called_back": False,
        "notes": [],
        "repeat": None,
        "resolved": None,
        "deflection": [],
        "is_written": False,
        "timeline": [
            {"part": "silence", "begin_s": 1.0, "end_s": 60.0, "estimated": True},
        ],
    }


async def test_text_that_goes_on_stands_behind_what_was_said(
    house: Shelves, client: httpx.AsyncClient
) -> None:
    house.archive.calls.append(finished_call({"order": "4271"}))
    before = (await client.get("/api/calls/c2")).json()
    house.written = ()
    opened = (await client.get("/api/calls/c2")).json()
    assert opened == before | {"is_written": True}
    asked = TurnRecord(
        100_001, STARTED + 90, "day", "Which day?", TurnResult.SAID, None, None, False
    )
    house.written = (replace(asked, channel="web"),)
    call = (await client.get("/api/calls/c2")).json()
    assert call["turns"][:-1] == before["turns"]
    assert (call["turns"][-1]["prompt"], call["turns"][-1]["channel"]) == ("Which day?", "web")
    assert call["timeline"] == before["timeline"], "nobody spoke then"


async def test_a_running_call_has_no_end_yet(house: Shelves, client: httpx.AsyncClient) -> None:
    house.archive.calls.append(running_call())
    call = (await client.get("/api/calls/c1")).json()
    assert (call["answered_at"], call["ended_at"], call["outcome"]) == (None, None, None)


async def test_an_unknown_call_is_a_404_in_json(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/calls/nobody")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "no call has this id"}


async def test_what_the_ledger_knows_is_told_with_the_call(
    house: Shelves, client: httpx.AsyncClient
) -> None:
    house.archive.calls.append(finished_call())
    house.known = contact()
    house.stages = [DeflectionReached(CallId("c2"), STARTED + 5, DeflectionStage.OFFERED, "order")]
    call = (await client.get("/api/calls/c2")).json()
    assert (call["resolved"], call["repeat"], call["agent"]) == (True, False, "anna")
    assert [(each["stage"], each["intent"]) for each in call["deflection"]] == [
        ("offered", "order")
    ]
    parts = {each["part"]: (each["begin_s"], each["end_s"]) for each in call["timeline"]}
    assert parts["waiting"] == (30.0, 40.0)
    assert parts["agent"] == (40.0, 60.0)


async def test_agents_notes_and_a_call_back_are_told_with_the_call(
    house: Shelves, client: httpx.AsyncClient
) -> None:
    house.archive.calls.append(finished_call())
    house.known = contact(called_back=True, result="label")
    house.notes = [Note("c2", "anna", "support", STARTED + 90, "label", "Sent it again.")]
    call = (await client.get("/api/calls/c2")).json()
    assert call["notes"] == [
        {
            "at": "2026-11-21T10:01:30.250000Z",
            "agent": "anna",
            "queue": "support",
            "code": "label",
            "text": "Sent it again.",
        }
    ]
    assert call["called_back"]
    # The agent talked in another call.
    assert "agent" not in {each["part"] for each in call["timeline"]}


async def test_the_waveform_tells_who_spoke_when(
    house: Shelves, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    rate = 8000
    sound = np.zeros((50 * rate, 2), np.float32)
    tone = 0.3 * np.sin(np.arange(rate * 2) / 4)
    sound[0 : 2 * rate, 1] = tone  # the bot, from 10 s of the call on
    sound[4 * rate : 6 * rate, 0] = tone  # the caller
    sound[5 * rate : 7 * rate, 1] = tone  # the bot, over the caller
    sound[45 * rate : 47 * rate, 1] = tone  # the agent
    house.file = tmp_path / "c2.wav"
    soundfile.write(house.file, sound, rate, subtype="PCM_16")
    house.archive.calls.append(replace(finished_call(), recording="c2.wav"))
    house.known = contact(waited_s=0.0, handled_s=8.0)
    answer = (await client.get("/api/calls/c2/waveform")).json()
    assert (answer["begin_s"], answer["seconds"]) == (10.0, 50.0)
    assert len(answer["caller"]) == len(answer["heard"]) == 50 / answer["step_s"]
    assert max(answer["caller"]) == 30
    spoken = [
        (each["part"], round(each["begin_s"]), round(each["end_s"]))
        for each in answer["timeline"]
        if each["part"] != "silence"
    ]
    assert spoken == [
        ("bot", 10, 12),
        ("caller", 14, 16),
        ("bot", 15, 17),
        ("overlap", 15, 16),
        ("agent", 55, 57),
    ]


@pytest.mark.parametrize("content", [None, b"no sound at all"])
async def test_a_recording_that_cannot_be_seen_is_a_404(
    house: Shelves, client: httpx.AsyncClient, tmp_path: Path, content: bytes | None
) -> None:
    house.file = tmp_path / "c2.wav"
    if content is not None:
        house.file.write_bytes(content)
    house.archive.calls.append(replace(finished_call(), recording="c2.wav"))
    answer = await client.get("/api/calls/c2/waveform")
    assert (answer.status_code, answer.json()) == (404, {"detail": "the recording cannot be read"})
    assert (await client.get("/api/calls/nobody/waveform")).status_code == 404
