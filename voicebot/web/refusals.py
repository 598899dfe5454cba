"""What a request is told whose values are wrong: the place, the kind and a sentence for each.

The value itself is not repeated: a password would be, and some of what JSON can bring (a number
beyond all bounds, half a character) cannot be written into an answer at all.
"""

from __future__ import annotations

import json

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response


async def tell_invalid(request: Request, error: Exception) -> Response:
    """422 for a `RequestValidationError`; pure ASCII, since names of fields may be anything too."""
    assert isinstance(error, RequestValidationError)
    problems = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
    text = json.dumps({"detail": problems}, allow_nan=False)
    return Response(text, 422, media_type="application/json")
