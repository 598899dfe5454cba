"""What pages and the server tell each other in a conversation, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from voicebot.sessions.chat_records import MAX_TEXT, ChatLine, Who
from voicebot.sessions.chat_view import ChatView


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Link(_Asked):
    """The secret of a link."""

    token: str = Field(max_length=64)


class Written(_Asked):
    """A message, or the new value of a fact."""

    id: str = Field(pattern=r"^[A-Za-z0-9-]{1,40}$", description="the sender's own id of it")
    text: str = Field(max_length=4 * MAX_TEXT)
    fact: str = Field("", max_length=64, description="name of the fact that is corrected")


class Typing(_Asked):
    """Whether the caller is writing."""

    on: bool


class Begun(BaseModel):
    """A conversation that is open in this browser now."""

    conversation: str
    key: str = Field("", description="for pages of other origins; ours have it as a cookie")


class Sent(BaseModel):
    """What became of a message."""

    cursor: int = Field(description="its line")


class CardLine(BaseModel):
    label: str
    value: str


class CardLink(BaseModel):
    label: str
    url: str = Field(description="an https address")


class Card(BaseModel):
    """Something to look at: a product, an order, a parcel on its way."""

    title: str
    lines: list[CardLine]
    image: str = Field(description="a file under /chat/images/, empty for none")
    alt: str = Field(description="what the picture shows")
    links: list[CardLink]
    replies: list[str] = Field(description="answers to write by a touch")


class Line(BaseModel):
    """One line of a conversation."""

    cursor: int
    at: float = Field(description="UTC seconds since the epoch")
    channel: str = Field(examples=["voice", "web", "sms"])
    who: Literal["caller", "bot", "agent"]
    name: str = Field("", description="the agent whose line it is")
    text: str
    id: str = Field(description="the sender's id of a message, empty for ours")
    card: Card | None = Field(None, description="stands for the same as the text")

    @classmethod
    def of(cls, line: ChatLine) -> Self:
        return cls(
            cursor=line.cursor,
            at=line.at,
            channel=line.channel,
            who=line.who.value,
            name=line.name,
            text=line.text,
            id=line.client_id if line.who is Who.CALLER else "",
            card=None if line.card is None else Card.model_validate(line.card.to_json()),
        )


class Waiting(BaseModel):
    """Where the conversation stands in a line."""

    position: int | None = Field(description="1 is next; null while an agent is being asked")
    wait_s: int | None = Field(description="estimated rest of the wait; null: nobody knows")
    queue: str


class Agent(BaseModel):
    """Who has the conversation."""

    name: str


class Fact(BaseModel):
    """Something that was understood of the caller."""

    name: str
    label: str
    value: str
    editable: bool


class View(BaseModel):
    """What a page shows that knew the lines before these."""

    lines: list[Line]
    reworded: list[Line] = Field(
        description="lines the page knows and that read otherwise by now: they held a secret"
    )
    cursor: int = Field(description="the last line there is")
    facts: list[Fact]
    replies: list[str] = Field(description="short answers, for buttons")
    typing: bool = Field(description="the bot is at it")
    over: bool
    language: str = Field(description="what is spoken now (BCP 47)", examples=["en-US"])
    secret: bool = Field(description="the answer is a secret: not to be shown or kept as typed")
    call: str = Field(
        description="a call that goes on with it: empty, dialling, on, over, or why none came",
        examples=["no_answer"],
    )
    waiting: Waiting | None = Field(None, description="the conversation waits for a person")
    agent: Agent | None = Field(None, description="a person has the conversation")
    agent_typing: bool = Field(False, description="they are at it")

    @classmethod
    def of(cls, view: ChatView) -> Self:
        return cls(
            lines=[Line.of(line) for line in view.lines],
            reworded=[Line.of(line) for line in view.reworded],
            cursor=view.cursor,
            facts=[
                Fact(name=fact.name, label=fact.label, value=fact.value, editable=fact.editable)
                for fact in view.facts
            ],
            replies=list(view.replies),
            typing=view.typing,
            over=view.over,
            language=view.language,
            secret=view.secret,
            call=view.call,
            waiting=None if view.waiting is None else Waiting(**asdict(view.waiting)),
            agent=Agent(name=view.agent) if view.agent else None,
            agent_typing=view.agent_typing,
        )


class CallGrant(BaseModel):
    """The right to make one call that goes on where the text stood."""

    token: str
    expires_in_s: float
    ice_servers: list[dict[str, str]]


class Number(_Asked):
    """Whom to call."""

    number: str = Field("", max_length=40, description="empty: the number that is known")


class Phone(BaseModel):
    """Whether the contact can be called at a telephone."""

    offered: bool
    ending: str = Field("", description="last digits of the number that is known", examples=["42"])


class Refused(BaseModel):
    """Why something is not taken or given."""

    detail: str
    code: str
