"""Running actions by name: time, breaker, and what the demo's actions give."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.actions.conftest import APPLICATION, Loader, Service, answer
from voicebot.actions.registry import ActionRegistry, load_actions
from voicebot.actions.seed import database_urls, seed_samples
from voicebot.errors import ActionError, FlowError


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[ActionRegistry]:
    await seed_samples(APPLICATION, tmp_path, {})
    urls = database_urls(APPLICATION, tmp_path, {})
    file = APPLICATION / "flows" / "actions.yaml"
    registry = load_actions(file, urls, APPLICATION / "actions")
    await registry.start()
    yield registry
    await registry.aclose()


async def test_an_order_is_found_by_its_number(demo: ActionRegistry) -> None:
    order = await demo.run("find_order", {"number": "4271"})
    assert isinstance(order, dict)
    assert order["status"] == "shipped"
    assert order["total"] == "84.00 USD"
    assert order["items"] == "a rain jacket and two wool scarves"
    eta = datetime.date.fromisoformat(str(order["eta"]))
    assert abs((eta - datetime.date.today()).days - 3) <= 1


async def test_an_unknown_order_is_null(demo: ActionRegistry) -> None:
    assert await demo.run("find_order", {"number": "9999"}) is None


async def test_a_return_is_opened_once(demo: ActionRegistry) -> None:
    first = await demo.run("open_return", {"number": "1508"})
    assert first == {"reference": "5001", "number": "1508"}
    assert await demo.run("open_return", {"number": "1508"}) == first


async def test_a_return_keeps_the_key_of_its_booking(demo: ActionRegistry, tmp_path: Path) -> None:
    booking = {"number": "1508", "idempotency_key": "k1"}
    first = await demo.run("open_return", booking)
    assert await demo.run("open_return", booking) == first
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        rows = database.execute("SELECT order_number, idempotency_key FROM return_request")
        assert rows.fetchall() == [("1508", "k1")]


async def test_a_label_is_free_where_the_shop_is_at_fault(demo: ActionRegistry) -> None:
    free = await demo.run("return_label", {"reason": "damaged"})
    assert free == {"free": True, "price": "0.00 USD"}
    paid = await demo.run("return_label", {"reason": "the wrong size"})
    assert paid == {"free": False, "price": "4.90 USD"}


async def test_an_order_on_its_way_cannot_be_returned(demo: ActionRegistry) -> None:
    assert await demo.run("open_return", {"number": "4271"}) is None


async def test_promotions_are_whole_sentences(demo: ActionRegistry) -> None:
    offers = await demo.run("promotions", {})
    assert isinstance(offers, str)
    assert offers.endswith(".")


async def test_runs_at_once_do_not_disturb_each_other(demo: ActionRegistry) -> None:
    numbers = ["4271", "1508", "7730", "9999"] * 6
    orders = await asyncio.gather(*(demo.run("find_order", {"number": n}) for n in numbers))
    found = [order["number"] if isinstance(order, dict) else None for order in orders]
    assert found == ["4271", "1508", "7730", None] * 6


async def test_an_unknown_action_is_an_error(load: Loader) -> None:
    with pytest.raises(ActionError, match="action nothing: there is no such action"):
        await load("").run("nothing", {})


async def test_the_first_problem_of_a_file_is_raised(load: Loader) -> None:
    with pytest.raises(FlowError, match=r"actions\.yaml:1:1"):
        load("a: {}\n")


async def test_a_service_that_is_down_is_left_alone(load: Loader, service: Service) -> None:
    service.answers = [answer(500)]
    registry = load(f"a:\n  http: GET {service.url}/\n")
    for _ in range(5):
        with pytest.raises(ActionError, match="status 500"):
            await registry.run("a", {})
    with pytest.raises(ActionError, match="failed too often"):
        await registry.run("a", {})
    assert len(service.requests) == 5


async def test_refusals_do_not_count_as_failures(load: Loader, service: Service) -> None:
    service.answers = [answer(409)]
    registry = load(f"a:\n  http: GET {service.url}/\n")
    for _ in range(8):
        with pytest.raises(ActionError, match="status 409"):
            await registry.run("a", {})


async def test_bad_arguments_reach_no_service(load: Loader, service: Service) -> None:
    registry = load(f"a:\n  http: GET {service.url}/{{n}}\n  arguments: {{n: digits}}\n")
    for _ in range(8):
        with pytest.raises(ActionError, match="not a string of digits"):
            await registry.run("a", {"n": "x"})
    assert service.requests == []


async def test_a_hang_up_cancels_a_run(load: Loader, service: Service) -> None:
    service.answers = [None, answer(200, "1")]
    registry = load(f"a:\n  http: GET {service.url}/\n")
    run = asyncio.create_task(registry.run("a", {}))
    while not service.requests:
        await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await registry.run("a", {}) == 1
