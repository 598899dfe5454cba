"""A client of a few routes and nothing around them: no sign-in, no roles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI


@asynccontextmanager
async def asking(
    router: APIRouter,
    headers: Mapping[str, str] | None = None,
    instead: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """``headers`` go with every request; ``instead`` are dependencies by what stands in for
    them."""
    app = FastAPI()
    app.include_router(router)
    app.dependency_overrides |= instead or {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://voicebot", headers=headers
    ) as client:
        yield client
