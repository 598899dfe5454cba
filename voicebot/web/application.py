"""Puts the HTTP side together from what it is given; there are no globals to reach for.

Around everything stands the doorkeeper: a path that `web.access` does not list is closed. The
browsable documentation of FastAPI is off: it loads its scripts from elsewhere; ``/openapi.json`` is
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voicebot.errors import CallRefused, StorageError
from voicebot.sessions.feed import EventFeed
from voicebot.sessions.records import CallArchive
from voicebot.web.api.calls import calls_router
from voicebot.web.api.events import events_router
from voicebot.web.api.health import Readiness, health_router
from voicebot.web.api.sign_in import SignInSide
from voicebot.web.api.webrtc import tell_refused
from voicebot.web.contract import describe
from voicebot.web.doorkeeper import Doorkeeper
from voicebot.web.metrics import MetricSource, metrics_router
from voicebot.web.refusals import tell_invalid

log = structlog.get_logger(__name__)


def create_app(
    *,
    archive: CallArchive,
    feed: EventFeed,
    readiness: Readiness,
    metric_sources: Sequence[MetricSource],
    version: str,
    staff: SignInSide,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """Make the ASGI application; ``staff`` says who may come in, and ``routers`` are those that
    not every server has."""
    app = FastAPI(
        title="voicebot",
        description="Calls that voicebot served or is serving, and how the server stands.",
        version=version,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=[
            {"name": "calls", "description": "Records of calls, and calls as they happen."},
            {"name": "staff", "description": "Sign-in, accounts, tokens and the audit log."},
            {"name": "queues", "description": "Who waits for a person, and who works."},
            {"name": "wall", "description": "The line as it stands, and what to look after."},
            {"name": "webrtc", "description": "How a browser's page makes a call."},
            {"name": "text", "description": "Conversations and messages in text."},
            {"name": "health", "description": "For supervisors of the process, and Prometheus."},
        ],
        docs_url=None,
        redoc_url=None,
    )
    # The last one added is the outermost: what breaks in the doorkeeper is answered too.
    app.add_middleware(Doorkeeper, desk=staff.desk, policy=staff.entry, clock=staff.clock)
    app.add_middleware(UnexpectedErrors)
    app.add_exception_handler(StorageError, _storage_is_away)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(CallRefused, tell_refused)
    app.include_router(calls_router(archive))
    app.include_router(events_router(feed))
    app.include_router(health_router(readiness, version))
    app.include_router(metrics_router(metric_sources))
    for router in routers:
        app.include_router(router)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


class UnexpectedErrors:
    """Answers a mistake of ours with a plain 500; what it was goes into the log and no further."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except StorageError as error:  # of the doorkeeper; those of routes are answered further in
            if scope["type"] != "http" or begun:
                raise
            response = await _storage_is_away(Request(scope), error)
            await response(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            if begun and _only_left(error):
                return
            # The path's pattern, not the path: that may hold a caller's number.
            route = scope.get("route")
            log.exception("request_failed", route=getattr(route, "path", "?"))
            if begun:
                raise  # the line must break: a truncated body may not pass for a whole one
            response = JSONResponse({"detail": "something of ours broke"}, status_code=500)
            await response(scope, receive, send)


def _only_left(error: BaseException) -> bool:
    """Whether nothing is wrong but that who was listening to a stream of events has gone: its
    keeper, in a task of its own, may find that out by writing to it."""
    if isinstance(error, BaseExceptionGroup):
        return all(_only_left(each) for each in error.exceptions)
    return isinstance(error, anyio.BrokenResourceError)


async def _storage_is_away(request: Request, error: Exception) -> JSONResponse:
    log.error("storage_failed", problem=str(error))
    return JSONResponse({"detail": str(error)}, status_code=503, headers={"Retry-After": "5"})
