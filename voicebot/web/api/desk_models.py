"""What a desk's page may send."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from voicebot.desk.notes import LONGEST_NOTE


class Order(BaseModel):
    """One order of an agent's. ``contact`` is which contact it is about."""

    model_config = ConfigDict(extra="forbid")

    id: int = Field(ge=0, description="comes back with the answer")
    do: Literal[
        "ready",
        "pause",
        "sign_out",
        "prepare",
        "accept",
        "give_back",
        "decline",
        "hang_up",
        "hold",
        "take_back",
        "press",
        "send_on",
        "consult",
        "hand_over",
        "let_go",
        "note",
        "finish",
        "targets",
        "card",
        "look_up",
        "say",
        "typing",
        "seen",
    ]
    contact: str = Field("", max_length=64)
    kind: Literal["", "queue", "number", "agent", "flow"] = Field(
        "", description="of whom to turn to"
    )
    to: str = Field("", max_length=200, description="whom to turn to, or which key")
    warm: bool = Field(False, description="accept with the call that was prepared")
    code: str = Field("", max_length=64, description="wrap-up code")
    text: str = Field(
        "",
        max_length=LONGEST_NOTE,
        description="note, pause, question or what is written; for 'typing' empty or not, for "
        "'seen' the last line, for 'ready' empty, or 'text' to take no calls",
    )
    key: str = Field("", max_length=64, description="the page's own id of what is written")
