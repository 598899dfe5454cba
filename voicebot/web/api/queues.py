"""``/api/queues`` and ``/api/agents``: who waits, who works, and agents' comings and goings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from voicebot.acd import events as ev
from voicebot.acd.model import AgentId, AgentProfile, Channel, ContactId
from voicebot.errors import RoutingError
from voicebot.sessions.queueing import QueueService
from voicebot.web.api.models import Problem, utc


class Queue(BaseModel):
    """One queue now, and since the start of the server."""

    name: str
    open: bool
    waiting: int = Field(description="contacts in line, callbacks among them")
    longest_wait_s: float = Field(description="of the first in line")
    wait_s: float | None = Field(description="estimate for who calls now; null: nobody knows")
    text_wait_s: float | None = Field(description="the same for who writes now")
    agents: int = Field(description="agents who take contacts or are at work")
    free: int
    answered: int
    abandoned: int
    callbacks: int
    service_level: float | None = Field(
        description="share answered within 20 s of all answered or abandoned, 0 to 1"
    )
    estimate_error_s: float = Field(description="mean error of the waits that were told")
    estimate_bias_s: float = Field(description="by how much they were too long on average")
    estimates: int = Field(description="how many of them have come true by now")


class Agent(BaseModel):
    """One agent of the settings."""

    name: str
    state: str = Field(description="available, paused, away, leaving or signed_out")
    reason: str
    since: datetime | None = Field(description="when the state began; null: not signed in")
    queues: list[str]
    contacts: list[str] = Field(description="ids of calls that ring or are talked with")
    wrapping: list[str] = Field(description="ids of calls with work left after them")


class AgentChange(BaseModel):
    """What an agent does next."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["sign_in", "pause", "resume", "sign_out", "wrap_up_done"]
    reason: str = Field("", max_length=64, description="why they pause")
    contact: str = Field("", max_length=64, description="which contact's work is done")


@dataclass(frozen=True, slots=True)
class QueueDesk:
    """What the router needs of the rest; ``present`` gives an agent's profile with what they can
    take as things are."""

    service: QueueService
    profiles: Mapping[AgentId, AgentProfile]
    present: Callable[[AgentProfile], AgentProfile] = lambda profile: profile

    def agent(self, name: AgentId) -> Agent:
        """Raises KeyError for one who is not in the settings."""
        profile, state = self.profiles[name], self.service.agents().get(name)
        return Agent(
            name=name,
            state="signed_out" if state is None else state.presence.value,
            reason="" if state is None else state.reason,
            since=None if state is None else utc(state.since),
            queues=list(profile.queues),
            contacts=[] if state is None else list(state.contacts),
            wrapping=[] if state is None else list(state.wrapping),
        )


def queues_router(desk: QueueDesk) -> APIRouter:
    """Serve the desk."""
    router = APIRouter(prefix="/api", tags=["queues"])

    @router.get("/queues", summary="Show the queues")
    async def queues() -> list[Queue]:
        """Give every queue as it is now."""
        return [_queue(desk.service, name) for name in desk.service.queues()]

    @router.get("/agents", summary="Show the agents")
    async def agents() -> list[Agent]:
        """Give every agent of the settings, signed in or not."""
        return [desk.agent(name) for name in desk.profiles]

    @router.post(
        "/agents/{name}",
        summary="Change what an agent does",
        responses={
            404: {"model": Problem, "description": "No such agent."},
            409: {"model": Problem, "description": "That cannot be, as things stand."},
        },
    )
    async def change(name: Annotated[str, InPath(max_length=64)], asked: AgentChange) -> Agent:
        """Sign an agent in or out, begin or end a pause, or end the work after a call."""
        agent = AgentId(name)
        if agent not in desk.profiles:
            raise HTTPException(404, "no such agent")
        try:
            desk.service.receive(_event(desk.present(desk.profiles[agent]), asked))
        except RoutingError as error:
            raise HTTPException(409, str(error)) from None
        return desk.agent(agent)

    return router


def _event(profile: AgentProfile, asked: AgentChange) -> ev.Event:
    agent = profile.agent_id
    match asked.action:
        case "sign_in":
            return ev.SignIn(profile)
        case "pause":
            return ev.Pause(agent, asked.reason)
        case "resume":
            return ev.Resume(agent)
        case "sign_out":
            return ev.SignOut(agent)
        case "wrap_up_done":
            return ev.WrapUpDone(agent, ContactId(asked.contact))


def _queue(service: QueueService, name: str) -> Queue:
    state, counts = service.queues()[name], service.tally.of(name)
    return Queue(
        name=name,
        open=service.is_open(name),
        waiting=state.waiting,
        longest_wait_s=state.longest_wait_s,
        wait_s=state.channels[Channel.VOICE].next_wait_s,
        text_wait_s=state.channels[Channel.TEXT].next_wait_s,
        agents=state.agents,
        free=state.free,
        answered=counts.connected,
        abandoned=counts.abandoned,
        callbacks=counts.callbacks,
        service_level=counts.service_level,
        estimate_error_s=state.error.mean_abs_s,
        estimate_bias_s=state.error.bias_s,
        estimates=state.error.count,
    )
