"""What answers the flows' actions: a made-up shop with ten thousand orders, and the real knowledge.

The sample shop has seven orders, so that a month of callers would all ask for the same ones. What
is no order here goes to the application's own sample database and functions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Final

from voicebot.types import Json

_STATUS: Final = ("shipped", "packing", "delayed", "delivered", "cancelled", "")
_OFTEN: Final = (42, 16, 9, 27, 3, 3)
_ITEMS: Final = (
    "a rain jacket",
    "two wool scarves",
    "a stoneware teapot",
    "a reading lamp",
    "an oak side table",
    "a canvas weekend bag",
)

Act = Callable[[str, Mapping[str, Json]], Awaitable[Json]]


class Counter:
    """``act`` runs what is none of the shop's; what it gives for the same arguments is kept."""

    def __init__(self, act: Act, seed: int) -> None:
        self._act = act
        self._seed = seed
        self._kept: dict[str, Json] = {}

    async def run(self, name: str, arguments: Mapping[str, Json], today: date) -> Json:
        """Raises ActionError where an action of the application fails."""
        number = str(arguments.get("number") or "")
        match name:
            case "find_order":
                return self._order(number, today)
            case "find_customer":
                return None
            case "cancel_order":
                return {"number": number}
            case "open_return":
                order = self._order(number, today)
                if order is None or order["status"] != "delivered":
                    return None
                return {"reference": self._reference(number), "number": number}
            case "find_return":
                pickup = (today + timedelta(days=2)).strftime("%Y%m%d")
                return {"reference": self._reference(number), "number": number, "pickup": pickup}
        return await self._once(name, arguments)

    async def _once(self, name: str, arguments: Mapping[str, Json]) -> Json:
        key = repr((name, sorted(arguments.items())))
        if key not in self._kept:
            self._kept[key] = await self._act(name, arguments)
        return self._kept[key]

    def _order(self, number: str, today: date) -> dict[str, Json] | None:
        dice = Random(f"{self._seed} {number}")
        status = dice.choices(_STATUS, _OFTEN)[0]
        if not status:
            return None
        away = -dice.randint(1, 9) if status == "delivered" else dice.randint(1, 6)
        eta = None if status == "cancelled" else (today + timedelta(days=away)).isoformat()
        return {
            "number": number,
            "status": status,
            "total": f"{dice.randint(9, 220)}.{dice.choice((0, 50, 95)):02} USD",
            "eta": eta,
            "items": dice.choice(_ITEMS),
            "customer": None,
        }

    def _reference(self, number: str) -> str:
        return str(5000 + int(number or 0) % 5000)
