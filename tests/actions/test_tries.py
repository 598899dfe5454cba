"""Trying again: only what may pass, after growing pauses, under one key, within the time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.actions.conftest import Loader, Service, answer
from voicebot.actions.definition import ActionDefinition, HttpWork
from voicebot.actions.refused import Refused, Transient
from voicebot.actions.template import Template
from voicebot.actions.tries import Tries
from voicebot.errors import ActionError
from voicebot.types import Json


class Pauses:
    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


class Scripted:
    """A worker that does what it is told, one thing a try; None never comes back."""

    def __init__(self, *acts: Json | Exception) -> None:
        self.acts = list(acts)
        self.shares: list[float] = []

    async def run(self, arguments: Mapping[str, Json], timeout_s: float) -> Json:
        self.shares.append(timeout_s)
        act = self.acts.pop(0)
        if isinstance(act, Exception):
            raise act
        if act is None:
            await asyncio.Event().wait()
        return act


def _action(retries: int, timeout_ms: int = 5000) -> ActionDefinition:
    return ActionDefinition("a", "", (), timeout_ms, HttpWork("GET", Template(())), retries)


async def test_what_may_pass_is_tried_again_after_growing_pauses() -> None:
    pauses = Pauses()
    worker = Scripted(Transient("a", "x"), Transient("a", "y"), 1)
    assert await Tries(pauses, lambda: 0.5).run(worker, _action(2), {}) == 1
    assert pauses.taken == [0.05, 0.1]


async def test_the_last_failure_is_told() -> None:
    worker = Scripted(Transient("a", "first"), Transient("a", "last"))
    with pytest.raises(ActionError, match="last"):
        await Tries(Pauses()).run(worker, _action(1), {})


@pytest.mark.parametrize("error", [Refused("a", "no"), ActionError("a", "no")])
async def test_what_will_not_pass_is_not_tried_again(error: ActionError) -> None:
    worker = Scripted(error, 1)
    with pytest.raises(ActionError, match="no"):
        await Tries(Pauses()).run(worker, _action(3), {})
    assert len(worker.shares) == 1


async def test_a_try_that_hangs_leaves_time_for_the_next() -> None:
    worker = Scripted(None, 1)
    assert await Tries(Pauses()).run(worker, _action(1, 400), {}) == 1
    assert worker.shares[0] <= 0.2


async def test_without_retries_a_run_has_all_the_time_and_no_more() -> None:
    worker = Scripted(None)
    with pytest.raises(ActionError, match="took longer than 30 ms"):
        await Tries(Pauses()).run(worker, _action(0, 30), {})
    assert worker.shares == [pytest.approx(0.03, abs=0.01)]


async def test_a_read_is_tried_again_where_the_file_says_so(load: Loader, service: Service) -> None:
    service.answers = [answer(500), answer(200, "1")]
    assert await load(f"a:\n  http: GET {service.url}/\n  retries: 1\n").run("a", {}) == 1


async def test_tries_of_one_run_share_a_key_and_runs_do_not(load: Loader, service: Service) -> None:
    service.answers = [answer(502), answer(200, "1"), answer(200, "1")]
    registry = load(f"a:\n  http: POST {service.url}/\n  idempotent: true\n")
    await registry.run("a", {})
    await registry.run("a", {})
    first, again, other = (request.headers["idempotency-key"] for request in service.requests)
    assert first == again != other


async def test_the_flows_key_is_the_one_that_is_sent(load: Loader, service: Service) -> None:
    service.answers = [answer(200, "1")]
    registry = load(f"a:\n  http: POST {service.url}/\n")
    await registry.run("a", {"idempotency_key": "of-the-flow"})
    assert service.requests[0].headers["idempotency-key"] == "of-the-flow"


async def test_a_post_that_says_nothing_of_keys_is_not_tried_again(
    load: Loader, service: Service
) -> None:
    service.answers = [answer(502)]
    with pytest.raises(ActionError, match="status 502"):
        await load(f"a:\n  http: POST {service.url}/\n").run("a", {})
    assert len(service.requests) == 1


async def test_a_post_that_only_asks_needs_no_key(load: Loader, service: Service) -> None:
    service.answers = [answer(502), answer(200, "1")]
    text = f"a:\n  http: POST {service.url}/\n  changes: false\n  retries: 1\n"
    assert await load(text).run("a", {}) == 1
    assert all("idempotency-key" not in request.headers for request in service.requests)


@pytest.mark.parametrize("key", ["", "\n", "k" * 101, 5])
async def test_a_key_that_is_none_reaches_no_service(
    load: Loader, service: Service, key: Json
) -> None:
    service.answers = [answer(200, "1")]
    registry = load(f"a:\n  http: POST {service.url}/\n")
    if key == "":
        await registry.run("a", {"idempotency_key": key})
        assert service.requests[0].headers["idempotency-key"]
        return
    with pytest.raises(ActionError, match="is no key"):
        await registry.run("a", {"idempotency_key": key})
    assert not service.requests
