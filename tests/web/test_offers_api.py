"""What came of offers of text, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from tests.web.asking import asking
from voicebot.analytics.deflection import Stages
from voicebot.analytics.history import Span, Split
from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.types import CallId
from voicebot.web.api.offers import offers_router

CALL = CallId("a")


class Records:
    def __init__(self) -> None:
        self.asked: list[tuple[Span, Mapping[Split, str]]] = []

    async def chosen(self, span: Span, where: Mapping[Split, str]) -> Stages:
        self.asked.append((span, where))
        stages = [(DeflectionStage.OFFERED, "label"), (DeflectionStage.ACCEPTED, "label")]
        stages += [(DeflectionStage.SERVED, "")]
        facts = [DeflectionReached(CALL, at, *each) for at, each in enumerate(stages)]
        return Stages(facts, 7, complete=False)


async def test_the_chosen_contacts_are_counted_by_how_far_they_came() -> None:
    records = Records()
    async with asking(offers_router(records, lambda: 2000.0)) as client:
        query = {"since": "1970-01-01T00:00:10Z", "queue": "support"}
        answer = await client.get("/api/offers", params=query)
    values = {Split.DIRECTION: "inbound", Split.QUEUE: "support"}
    assert records.asked == [(Span(10.0, 2000.0), values)]
    told = answer.json()
    assert (told["contacts"], told["complete"]) == (7, False)
    assert told["whole"] == told["by_intent"]["label"]
    assert (told["whole"]["served"], told["whole"]["deflection_rate"]) == (1, 1.0)
