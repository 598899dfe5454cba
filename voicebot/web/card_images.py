"""``/chat/images/NAME``: the pictures of cards, from the application's folder.

Read when they are asked for, so that a new picture needs no restart. They are for everybody who has
a conversation, and for pages that embed one; only pictures in the folder itself are given out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.responses import Response

from voicebot.flows.cards import IMAGE_NAME

_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=3600",
}


def card_images_router(folder: Path) -> APIRouter:
    """Serve the pictures of ``folder``, which may be missing."""
    router = APIRouter(include_in_schema=False)

    @router.get("/chat/images/{name}")
    async def picture(name: str) -> Response:
        path = folder / name
        if not IMAGE_NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
            return Response("not here", 404)
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)

    return router
