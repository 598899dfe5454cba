"""The changes of a conversation as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from voicebot.errors import StorageError, TextRefused, TextUnavailable
from voicebot.sessions.chat_view import ChatView
from voicebot.web.api.chat_models import View

BEAT_S: Final = 15.0
"""Proxies take a line for dead that is silent for a minute or less."""


async def as_events(
    views: AsyncGenerator[ChatView, None], beat_s: float = BEAT_S
) -> AsyncGenerator[str, None]:
    """Each of ``views``, its id being the cursor, and a comment in every silence of ``beat_s``
    seconds. What refuses the page is the last event."""
    coming: asyncio.Future[ChatView] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(views))
            await asyncio.wait((coming,), timeout=beat_s)
            if not coming.done():
                yield ": still here\n\n"
                continue
            view, coming = coming.result(), None
            yield f"id: {view.cursor}\ndata: {View.of(view).model_dump_json()}\n\n"
    except StopAsyncIteration:
        return
    except (TextRefused, TextUnavailable, StorageError) as error:
        code = error.code if isinstance(error, TextRefused) else "unavailable"
        yield f'event: refused\ndata: {{"code": "{code}"}}\n\n'
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await views.aclose()
