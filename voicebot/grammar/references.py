"""URIs of references between grammars (SRGS 1.0, 2.2.2 and 4.9; RFC 3986, section 5).

Bases are mostly relative themselves (``./menus/``), and a relative reference keeps the form in
which it was written, as results show it: ``./menus/`` and ``city.gram`` make ``./menus/city.gram``.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def join(base: str, uri: str) -> str:
    """Give ``uri`` as seen from ``base``, which may be empty."""
    if not base or uri.startswith("/") or _SCHEME.match(uri):
        return uri
    if _SCHEME.match(base):
        try:
            return urljoin(base, uri) if "://" in base else uri
        except ValueError:
            return uri
    return base[: base.rfind("/") + 1] + uri
