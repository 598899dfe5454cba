"""What a command shows the server that it asks."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from voicebot.config import Settings
from voicebot.local_key import read_key

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def credentials(settings: Settings, http: str = "", *, dials: bool = False) -> dict[str, str]:
    """Headers for the server at ``http`` (empty: the one of the settings).

    The token of the settings, else the key that a server on this machine leaves in its data
    folder, which goes to this machine alone. Empty where there is neither.
    """
    local = not http or urlsplit(http).hostname in _LOOPBACK
    token = (
        settings.staff.token.get_secret_value()
        or (settings.outbound.token.get_secret_value() if dials else "")
        or (read_key(settings.server.data) if local else "")
    )
    return {"Authorization": f"Bearer {token}"} if token else {}
