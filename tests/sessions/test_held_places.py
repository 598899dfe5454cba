"""Places of before a restart, as the records tell them."""

from __future__ import annotations

from voicebot.acd.model import Contact, ContactId
from voicebot.flows.state import Frame
from voicebot.sessions.briefing import Briefing
from voicebot.sessions.held_places import HeldPlace, KeptPlace, NoPlaceRecords, PlaceBook

GOOD = HeldPlace(
    Contact(ContactId("good"), "support"), Briefing(), 5.0, (Frame("main", "person"),), 9.0
)


class Records(NoPlaceRecords):
    def __init__(self, *places: KeptPlace) -> None:
        self.kept = {place.contact_id: place for place in places}

    def place_gone(self, contact_id: str) -> None:
        del self.kept[contact_id]

    async def held_places(self) -> list[KeptPlace]:
        return list(self.kept.values())


async def test_a_place_that_cannot_be_read_holds_up_no_other() -> None:
    records = Records(KeptPlace("odd", "support", 1.0, None, {"frames": 7}), GOOD.kept)
    assert await PlaceBook(records).places() == [GOOD]
    assert list(records.kept) == ["good"]
