"""``/api/misunderstood`` and ``/api/funnel``: what calls teach designers.

Both are counted when they are asked for, one at a time, away from the calls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Protocol

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from voicebot.analytics.funnel import FunnelStep
from voicebot.analytics.misunderstood import (
    MOST,
    UNSURE,
    Cluster,
    Clusters,
    Misheard,
    MisheardTurns,
    Trouble,
)
from voicebot.errors import ModelError
from voicebot.sessions.records import CallArchive, CallQuery, CallRecord, Cursor
from voicebot.types import Language
from voicebot.web.api.history import Chosen
from voicebot.web.api.models import Problem

_PAGE = 100
_EXAMPLES = 5
_CALLS = 50
_PICTURE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}
"""What comes with a picture, should a browser open it by itself: its style, and no scripts."""


class Bench(Protocol):
    """Explains records by the application; takes a while and is called in a thread."""

    def clusters(self, turns: Sequence[Misheard]) -> Clusters:
        """Put turns together by meaning, a few of the new ones at a time. Raises ModelError."""
        ...

    def funnel(self, calls: Sequence[CallRecord]) -> list[FunnelStep]:
        """Follow calls through the flows."""
        ...

    def picture(self, calls: Sequence[CallRecord]) -> str:
        """Draw the ways of calls as SVG."""
        ...


class _Misunderstood(Chosen):
    unsure: float = Field(UNSURE, ge=0, le=1, description="confidence below which an answer counts")
    limit: int = Field(50, ge=1, le=200, description="clusters on one page")
    offset: int = Field(0, ge=0, le=100_000, description="`next_offset` of the page before")


class _Funnel(Chosen):
    calls: int = Field(300, ge=1, le=2000, description="calls that are followed, the newest")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class PlaceModel(_Model):
    """A place in a file of the designer's; line and column from 1, 0 for the file as a whole."""

    file: str = Field(examples=["flows/main.yaml"])
    line: int
    column: int


class SpotModel(_Model):
    """A step at which it happened, and the places to edit. `place` is null where the flows have
    changed since."""

    flow: str
    step: str
    count: int
    place: PlaceModel | None
    grammars: list[PlaceModel] = Field(description="grammars that it listens with: their roots")
    intents: PlaceModel | None = Field(description="intents that it listens for; null: none")


class ClusterModel(_Model):
    """Words that mean about the same and were not understood."""

    language: Language
    text: str = Field(description="the wording that stands for them")
    count: int
    kinds: dict[Trouble, int]
    examples: list[str] = Field(description="different wordings, the newest")
    calls: list[str] = Field(description="ids, the newest, as `voicebot replay --call` takes them")
    spots: list[SpotModel]

    @classmethod
    def of(cls, cluster: Cluster) -> ClusterModel:
        texts = dict.fromkeys(turn.text for turn in cluster.turns)
        calls = dict.fromkeys(turn.call_id for turn in cluster.turns)
        return cls(
            language=cluster.language,
            text=cluster.text,
            count=len(cluster.turns),
            kinds=dict(cluster.kinds),
            examples=list(texts)[:_EXAMPLES],
            calls=list(calls)[:_CALLS],
            spots=[SpotModel.model_validate(spot) for spot in cluster.spots],
        )


class ClusterPage(_Model):
    """`turns` were looked at, the newest; `complete` tells whether these were all. `pending` of
    them are in no cluster yet, as their words are new: ask again."""

    turns: int
    complete: bool
    pending: int
    clusters: list[ClusterModel]
    next_offset: int | None = Field(description="pass it as `offset`; null on the last page")


class EdgeModel(_Model):
    """A way out of a step that calls took."""

    target: str
    why: str
    label: str
    count: int


class AnswersModel(_Model):
    """What came of the questions of a step."""

    turns: int
    barged_in: int = Field(description="prompts that were interrupted")
    nomatch: int
    noinput: int
    slow_ms: float | None = Field(description="95 of 100 answers of the bot came within this time")


class StepModel(_Model):
    """A step of a flow. `drop_off` is `left` of `arrived`."""

    flow: str
    step: str
    file: str
    line: int
    column: int
    arrived: int
    left: int = Field(description="callers who hung up there unserved")
    drop_off: float
    ways: list[EdgeModel]
    answers: AnswersModel


class FunnelAnswer(_Model):
    """The steps that calls came to, in the order of the files."""

    calls: int
    complete: bool = Field(description="whether these were all calls of the interval")
    steps: list[StepModel]


def workbench_router(
    turns: MisheardTurns,
    archive: CallArchive,
    bench: Callable[[], Bench],
    clock: Callable[[], float] = time.time,
) -> APIRouter:
    """Serve what ``turns`` and ``archive`` hold as ``bench`` explains it."""
    router = APIRouter(prefix="/api", tags=["history"])
    # One at a time: the calls need the processor more.
    alone = asyncio.Lock()

    async def newest(asked: _Funnel) -> tuple[list[CallRecord], bool]:
        span = asked.span(clock())
        where = {name.value: value for name, value in asked.where.items()}
        query = CallQuery(since=span.since, until=span.until, where=where)
        return await _newest(archive, query, asked.calls)

    @router.get(
        "/misunderstood",
        summary="What callers said and the bot did not understand",
        responses={503: {"model": Problem, "description": "A language model is missing."}},
    )
    async def misunderstood(asked: Annotated[_Misunderstood, Query()]) -> ClusterPage:
        """Give words that no question took, that meant no intent, or that were taken with doubt,
        put together by meaning, with the file and line to edit and calls to replay."""
        found = await turns.misheard(
            asked.span(clock()), asked.where, unsure=asked.unsure, limit=MOST
        )
        try:
            async with alone:
                put = await asyncio.to_thread(bench().clusters, found.turns)
        except ModelError as error:
            raise HTTPException(503, str(error)) from None
        end = asked.offset + asked.limit
        return ClusterPage(
            turns=len(found.turns),
            complete=found.complete,
            pending=put.pending,
            clusters=[ClusterModel.of(each) for each in put.clusters[asked.offset : end]],
            next_offset=end if end < len(put.clusters) else None,
        )

    @router.get("/funnel", summary="Where callers go in the flows, and where they leave")
    async def funnel(asked: Annotated[_Funnel, Query()]) -> FunnelAnswer:
        """Follow the newest calls of an interval through the flows as they are now."""
        calls, complete = await newest(asked)
        async with alone:
            steps = await asyncio.to_thread(bench().funnel, calls)
        return FunnelAnswer(
            calls=len(calls),
            complete=complete,
            steps=[StepModel.model_validate(step) for step in steps],
        )

    @router.get(
        "/funnel/picture",
        summary="The same as a picture of the flows",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}}},
    )
    async def picture(asked: Annotated[_Funnel, Query()]) -> Response:
        """Draw the flows that these calls came to, with counts on the ways and losses in the
        steps."""
        calls, _ = await newest(asked)
        async with alone:
            drawn = await asyncio.to_thread(bench().picture, calls)
        return Response(drawn, media_type="image/svg+xml", headers=_PICTURE)

    return router


async def _newest(
    archive: CallArchive, query: CallQuery, most: int
) -> tuple[list[CallRecord], bool]:
    """At most so many contacts that have ended, and whether there are no more."""
    found: list[CallRecord] = []
    after: Cursor | None = None
    while len(found) < most:
        page = await archive.list_calls(query, after=after, limit=_PAGE)
        found += [call for call in page.calls if call.outcome]
        if page.next is None:
            return found[:most], len(found) <= most
        after = page.next
    return found[:most], False
