"""``/api/search``: turns of calls by their words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from voicebot import types
from voicebot.analytics.history import Split
from voicebot.analytics.search import (
    SearchQuery,
    Speaker,
    Term,
    Transcripts,
    TurnFound,
    pieces,
    terms_of,
)
from voicebot.web.api.models import utc
from voicebot.web.moments import Moment


class _Asked(BaseModel):
    """Another name is an error: it must not be a filter without effect."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        description="words that must all be in one turn; longer words that begin so are found too. "
        'In "quotes": just these words, one after the other. Signs are no operators',
        examples=['refund "order number"'],
    )
    who: Speaker | None = Field(None, description="only what the caller, or the bot, said")
    since: Moment | None = Field(
        None, description="calls that began at this time or later; UTC where no zone is given"
    )
    until: Moment | None = Field(None, description="calls that began before this time")
    outcome: types.Outcome | None = Field(None, description="calls that ended so")
    caller: str | None = Field(None, max_length=256, description="exactly this number or name")
    direction: types.Direction | None = Field(None, description="who called whom")
    door: str | None = Field(None, max_length=64, description="how they came in")
    flow: str | None = Field(None, max_length=256)
    language: str | None = Field(None, max_length=64)
    intent: str | None = Field(None, max_length=256, description="empty: calls without a matter")
    queue: str | None = Field(None, max_length=256, description="empty: calls that did not wait")
    agent: str | None = Field(None, max_length=256, description="empty: calls that nobody took")
    limit: int = Field(50, ge=1, le=200, description="turns on one page")
    cursor: int | None = Field(None, ge=0, le=2**62, description="`next_cursor` of the page before")

    def query(self) -> SearchQuery:
        values = {each: getattr(self, each.value) for each in Split}
        return SearchQuery(
            *(terms_of(self.q), self.who, _seconds(self.since), _seconds(self.until)),
            where={each: value for each, value in values.items() if value is not None},
            outcome=self.outcome,
            caller=self.caller,
        )


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PieceModel(_Model):
    """A piece of what was said."""

    text: str
    hit: bool = Field(description="whether it is what was looked for")


class Hit(_Model):
    """A turn that was found, with its call."""

    call: str = Field(description="the call's id")
    turn: int = Field(description="the turn's number in the call, from 1")
    at: datetime
    step: str
    heard: list[PieceModel] = Field(description="what the caller said, shortened")
    said: list[PieceModel] = Field(description="what the bot said before it, shortened")
    caller: str
    flow: str
    transport: types.Transport
    started_at: datetime
    outcome: types.Outcome | None

    @classmethod
    def of(cls, found: TurnFound, terms: tuple[Term, ...]) -> Hit:
        def cut(text: str) -> list[PieceModel]:
            return [PieceModel(text=each.text, hit=each.hit) for each in pieces(text, terms)]

        return cls(
            call=found.call_id,
            turn=found.number,
            at=utc(found.at),
            step=found.step,
            heard=cut(found.heard),
            said=cut(found.said),
            caller=found.caller,
            flow=found.flow,
            transport=found.transport,
            started_at=utc(found.started_at),
            outcome=found.outcome,
        )


class SearchAnswer(_Model):
    """One page of turns, the newest first."""

    words: list[str] = Field(description="what was looked for; empty where the query has no word")
    hits: list[Hit]
    next_cursor: int | None = Field(description="pass it as `cursor`; null on the last page")


def search_router(transcripts: Transcripts) -> APIRouter:
    """Serve what ``transcripts`` find."""
    router = APIRouter(prefix="/api/search", tags=["calls"])

    @router.get("", summary="Find what was said")
    async def search(asked: Annotated[_Asked, Query()]) -> SearchAnswer:
        """Give the turns of calls in which all words of a query were said."""
        query = asked.query()
        # One more than asked for tells whether there is another page.
        found = await transcripts.find(query, before=asked.cursor, limit=asked.limit + 1)
        shown = found[: asked.limit]
        return SearchAnswer(
            words=[" ".join(term.words) for term in query.terms],
            hits=[Hit.of(each, query.terms) for each in shown],
            next_cursor=shown[-1].place if len(found) > asked.limit else None,
        )

    return router


def _seconds(moment: Moment | None) -> float | None:
    return None if moment is None else moment.timestamp()
