"""Who was offered text in a recorded call is offered it again, and gets the link or not as then."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rehearsal.test_replay import act, call, heard, turn
from voicebot.cli.replayed_hearing import ReplayedHearing
from voicebot.config import Settings
from voicebot.events import DeflectionReached, DeflectionStage, TurnResult
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.rehearsal.recorded_offers import RecordedOffers
from voicebot.rehearsal.replay import Course, as_recorded, replay
from voicebot.sessions.records import CallRecord
from voicebot.types import Mode, Outcome, Transport

FLOW = """
language: en-US
start: question
steps:
  question: {ask: Which fruit?, grammar: fruit, next: offer}
  offer: {offer_text: "Shall I text you?", accepted: sent, declined: told, unavailable: told}
  sent: {ask: Sent. And which else?, grammar: fruit, next: bye}
  told: {ask: It is ripe. And which else?, grammar: fruit, next: bye}
  bye: {say: Bye., hangup: auto}
"""
YES = turn("offer", TurnResult.MATCH, heard("1", True, Mode.DTMF))
FIRST = turn("question", TurnResult.MATCH, heard("pear", "pear"))


def answered(step: str, transport: Transport = "sip") -> CallRecord:
    """A caller said yes to the offer, and was then asked at ``step``."""
    last = turn(step, TurnResult.MATCH, heard("melon", "melon"))
    made = call(FIRST, YES, last, outcome=Outcome.MOVED_TO_TEXT)
    return replace(made, caller="+15550100", transport=transport)


def now(market: Path, record: CallRecord, *stages: DeflectionStage) -> Course:
    (market / "flows" / "main.yaml").write_text(FLOW)
    settings = Settings.model_validate({"server": {"data": str(market)}})
    hearing = ReplayedHearing(market, settings, audio=False)
    reached = [DeflectionReached(record.id, 1020.0, each, "offer") for each in stages]
    interpreter = Interpreter(load_flows(market / "flows"))
    offers = RecordedOffers.of(record, reached)
    return asyncio.run(replay(record, interpreter, act, hearing.of(record), None, offers))


@pytest.mark.parametrize("transport", ["sip", "webrtc"])
def test_who_went_on_in_text_does_so_again(market: Path, transport: Transport) -> None:
    record = answered("sent", transport)
    course = now(market, record, DeflectionStage.OFFERED, DeflectionStage.ACCEPTED)
    assert course.heard == as_recorded(record).heard
    assert course.outcome is Outcome.MOVED_TO_TEXT


def test_a_link_that_could_not_be_sent_is_not_sent_now(market: Path) -> None:
    record = answered("told")
    course = now(market, record, DeflectionStage.OFFERED, DeflectionStage.FAILED)
    assert course.route == ("question", "offer", "told")


def test_who_was_offered_nothing_passes_by_unasked(market: Path) -> None:
    assert now(market, answered("sent")).route[:2] == ("question", "told")
