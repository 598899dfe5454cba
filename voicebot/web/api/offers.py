"""``/api/offers``: how far those came who were offered text, of the contacts that were chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from voicebot.analytics.deflection import StagesOfChosen, deflection
from voicebot.web.api.deflection import FunnelModel
from voicebot.web.api.history import Chosen


class OfferFigures(BaseModel):
    """Of all intents, and of each that text was offered for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contacts: int = Field(description="contacts that were looked at, the newest")
    complete: bool = Field(description="whether these were all that were chosen")
    whole: FunnelModel
    by_intent: dict[str, FunnelModel]


def offers_router(records: StagesOfChosen, clock: Callable[[], float] = time.time) -> APIRouter:
    """Serve what ``records`` hold."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/offers", summary="From the offer of text to being served there")
    async def offers(asked: Annotated[Chosen, Query()]) -> OfferFigures:
        """Count the newest contacts that were chosen by how far they came on their way to text."""
        found = await records.chosen(asked.span(clock()), asked.where)
        told = deflection(found.facts)
        return OfferFigures(
            contacts=found.contacts,
            complete=found.complete,
            whole=FunnelModel.of(told.whole),
            by_intent={intent: FunnelModel.of(each) for intent, each in told.by_intent.items()},
        )

    return router
