"""``/api/calls/{id}/recording``: the sound of a call, for staff and their tools.

Whole or in parts (RFC 9110, section 14: browsers ask for ranges to jump in a sound). Who plays it
is in the audit log before a byte of it leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from voicebot.sessions.records import CallArchive
from voicebot.types import CallId
from voicebot.web.api.models import Problem
from voicebot.web.identity import actor_of
from voicebot.web.playbacks import Playbacks

MEDIA_TYPES = {".wav": "audio/wav", ".opus": "audio/ogg", ".ogg": "audio/ogg"}


def recordings_router(
    archive: CallArchive, path: Callable[[str], Path | None], playbacks: Playbacks
) -> APIRouter:
    """Serve the recordings of ``archive``'s calls; ``path`` gives the file of a recording's name,
    None where it has been deleted, or may not be heard yet."""
    router = APIRouter(prefix="/api/calls", tags=["calls"])

    @router.get(
        "/{id}/recording",
        summary="Give the recording of a call",
        response_class=FileResponse,
        responses={
            200: {"content": {kind: {} for kind in sorted(set(MEDIA_TYPES.values()))}},
            206: {"description": "The part that `Range` asks for."},
            404: {"model": Problem, "description": "No such call, or no recording of it."},
            409: {"model": Problem, "description": "The call is still running."},
        },
    )
    async def get_recording(
        id: Annotated[str, InPath(max_length=64)], request: Request
    ) -> FileResponse:
        """Give the sound of a finished call in stereo: left the caller, right what they heard."""
        call = await archive.get_call(CallId(id))
        if call is None:
            raise HTTPException(404, "no call has this id")
        if call.recording is None:
            raise HTTPException(404, "this call was not recorded")
        if call.ended_at is None:
            raise HTTPException(409, "the call is still being recorded")
        file = path(call.recording)
        if file is None:
            raise HTTPException(404, "the recording has been deleted, or is held back to be muted")
        await playbacks.note(actor_of(request), call.id)
        return FileResponse(
            file,
            media_type=MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
            headers={"cache-control": "private, no-store"},
        )

    return router
