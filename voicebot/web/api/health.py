"""``/healthz`` and ``/readyz``: for whatever restarts the server, and whatever sends it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class Check:
    """Whether one part can do its work; ``detail`` says in a few words how it stands."""

    ok: bool
    detail: str = ""


Readiness: TypeAlias = Callable[[], Mapping[str, Check]]
"""Gives every part's state by its name. Asked on the event loop: a snapshot, never a probe."""


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"]
    version: str = Field(description="voicebot's version")


class PartReadiness(BaseModel):
    """How one part stands."""

    ok: bool
    detail: str = Field(examples=["2 of 2 workers"])


class ReadinessReport(BaseModel):
    """Whether calls are served, and what each part says."""

    ready: bool
    checks: dict[str, PartReadiness]


def health_router(readiness: Readiness, version: str) -> APIRouter:
    """Serve the state that ``readiness`` gives; ready means that every part is."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Health:
        """Always 200 while the event loop turns; says nothing about calls."""
        return Health(status="ok", version=version)

    @router.get(
        "/readyz",
        summary="Are calls served?",
        responses={503: {"model": ReadinessReport, "description": "Not now; see the checks."}},
    )
    async def readyz(response: Response) -> ReadinessReport:
        """200 when every part is ready, else 503; the body says which is not."""
        checks = readiness()
        ready = all(check.ok for check in checks.values())
        response.status_code = 200 if ready else 503
        return ReadinessReport(
            ready=ready,
            checks={
                name: PartReadiness(ok=check.ok, detail=check.detail)
                for name, check in checks.items()
            },
        )

    return router
