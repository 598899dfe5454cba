"""``/api/dial``: have voicebot call somebody. Asks for a token, unlike what only reads."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import DialRefused
from voicebot.sessions.outbound import DialOrder, DialReport
from voicebot.types import CallId, Language
from voicebot.web.api.models import Problem
from voicebot.web.bearer import bearer

RETRY_AFTER_S = 10


class DialRequest(BaseModel):
    """Whom to call, and the flow that talks to them."""

    model_config = ConfigDict(extra="forbid")

    target: str = Field(
        min_length=1,
        max_length=256,
        description="a SIP address, or a number that goes through a provider; `name/number` "
        "chooses the provider",
        examples=["sip:bob@192.0.2.7", "+15550100"],
    )
    flow: str = Field("", max_length=128, description="the flow; empty for the one of calls in")
    caller: str = Field(
        "", pattern=r"^[\w+.-]{0,64}$", description="number or name shown to the called party"
    )
    headers: dict[str, str] = Field(
        default_factory=dict, max_length=16, description="context, sent as X-Voicebot-NAME"
    )
    timeout_s: float | None = Field(
        None, gt=0, le=300, description="how long it may ring; else as the settings say"
    )


class Dial(BaseModel):
    """What came of a call out so far."""

    id: str = Field(description="the call's id, as in /api/calls")
    state: str = Field(
        description="dialling, answered, busy, no answer, declined, unreachable or failed",
        examples=["answered"],
    )
    answered_by: str = Field(
        description="person, machine or unknown; empty while nobody has answered or been heard"
    )
    status: int = Field(description="SIP status of a refusal, 0 where there was none")

    @classmethod
    def of(cls, report: DialReport) -> Dial:
        return cls(
            id=report.call_id,
            state=report.state,
            answered_by=report.answered_by,
            status=report.status,
        )


@dataclass(frozen=True, slots=True)
class DialDesk:
    """What the router needs of the rest: ``flow`` is the usual one, ``language`` gives a flow's."""

    token: str = field(repr=False)
    order: Callable[[DialOrder], DialReport]
    report: Callable[[CallId], DialReport | None]
    flows: Callable[[], Collection[str]]
    flow: str
    language: Callable[[str], Language]
    timeout_s: float


def dial_router(desk: DialDesk) -> APIRouter:
    """Serve the desk to who brings its token; without a token it is closed."""

    router = APIRouter(
        prefix="/api/dial",
        tags=["calls"],
        dependencies=[Depends(bearer(desk.token, "outbound.token", "nobody may dial"))],
        responses={
            401: {"model": Problem, "description": "No token, or a wrong one."},
            403: {"model": Problem, "description": "No token is set, so nobody may dial."},
        },
    )

    @router.post(
        "",
        status_code=202,
        summary="Call somebody",
        responses={503: {"model": Problem, "description": "No free line; try again later."}},
    )
    async def dial(asked: DialRequest) -> Dial:
        """Begin a call and give its id at once; ask for it to see what came of it."""
        flow = asked.flow or desk.flow
        if flow not in (flows := desk.flows()):
            known = ", ".join(sorted(flows))
            raise HTTPException(422, f"there is no flow '{flow}'; known here: {known}")
        try:
            report = desk.order(
                DialOrder(
                    target=asked.target,
                    flow=flow,
                    language=desk.language(flow),
                    caller=asked.caller,
                    headers=asked.headers,
                    timeout_s=asked.timeout_s or desk.timeout_s,
                )
            )
        except DialRefused as refusal:
            raise HTTPException(503, str(refusal), {"Retry-After": str(RETRY_AFTER_S)}) from None
        return Dial.of(report)

    @router.get(
        "/{id}",
        summary="What came of a call out",
        responses={404: {"model": Problem, "description": "No call out has this id (any more)."}},
    )
    async def report(id: Annotated[str, Path(max_length=64)]) -> Dial:
        """The last thousand calls out are kept; the records of all are in /api/calls."""
        found = desk.report(CallId(id))
        if found is None:
            raise HTTPException(404, "no call out has this id")
        return Dial.of(found)

    return router
