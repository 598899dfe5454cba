"""What sending something back costs at Harbour Lane.

An action of flows/actions.yaml names a function here (``python: returns.label``); the types of its
arguments are what flows may pass. Files here may import each other (``from actions.x import y``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

OUR_FAULT = frozenset({"damaged", "faulty", "not what you ordered"})
LABEL_PRICE = Decimal("4.90")


class Label(TypedDict):
    """``price`` as it is read out, such as '4.90 USD'."""

    free: bool
    price: str


def label(reason: str) -> Label:
    """A label is free when it was our fault; otherwise its price comes off the refund."""
    price = Decimal("0.00") if reason in OUR_FAULT else LABEL_PRICE
    return {"free": not price, "price": f"{price} USD"}
