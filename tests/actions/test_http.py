"""HTTP actions against a local service that misbehaves."""

from __future__ import annotations

import json

import pytest

from tests.actions.conftest import Loader, Service, answer
from voicebot.actions.http import MAX_ANSWER_BYTES
from voicebot.errors import ActionError
from voicebot.types import Json


def _get(service: Service, *extra: str) -> str:
    lines = ["a:", f"http: GET {service.url}/orders/{{n}}?q={{n}}", "arguments: {n: text}", *extra]
    return "\n  ".join([*lines, ""])


async def _run(load: Loader, text: str, n: str = "1") -> Json:
    return await load(text).run("a", {"n": n})


async def test_arguments_are_percent_encoded(load: Loader, service: Service) -> None:
    service.answers = [answer(200, '{"ok": true}')]
    assert await _run(load, _get(service), "a/b?c=ä &d") == {"ok": True}
    encoded = "a%2Fb%3Fc%3D%C3%A4%20%26d"
    assert service.requests[0].path == f"/orders/{encoded}?q={encoded}"


@pytest.mark.parametrize("walk", [".", ".."])
async def test_an_argument_cannot_walk_the_path(load: Loader, service: Service, walk: str) -> None:
    with pytest.raises(ActionError, match="would change the URL's path"):
        await _run(load, _get(service), walk)
    assert service.requests == []


async def test_a_secret_comes_from_the_environment(load: Loader, service: Service) -> None:
    service.answers = [answer(200, "{}")]
    text = _get(service, "headers: {Authorization: 'Bearer ${env:SHOP_TOKEN}'}")
    await load(text, environment={"SHOP_TOKEN": "s3cret"}).run("a", {"n": "1"})
    assert service.requests[0].headers["authorization"] == "Bearer s3cret"


async def test_a_missing_secret_is_named(load: Loader, service: Service) -> None:
    text = _get(service, "headers: {Authorization: 'Bearer ${env:SHOP_TOKEN}'}")
    with pytest.raises(ActionError, match="environment variable SHOP_TOKEN is not set"):
        await _run(load, text)


async def test_a_header_cannot_be_broken_out_of(load: Loader, service: Service) -> None:
    text = _get(service, "headers: {X-Order: '{n}'}")
    with pytest.raises(ActionError, match="a header cannot carry"):
        await _run(load, text, "1\r\nX-Evil: 1")
    assert service.requests == []


async def test_a_body_keeps_the_types_of_its_arguments(load: Loader, service: Service) -> None:
    service.answers = [answer(201, '{"id": 7}')]
    text = (
        f"a:\n  http: POST {service.url}/returns\n  arguments: {{n: digits, count: integer}}\n"
        "  json: {order: '{n}', count: '{count}', note: 'no. {n}', fixed: [1, null]}\n"
        "  result: id\n"
    )
    assert await load(text).run("a", {"n": "42", "count": "2"}) == 7
    body = {"order": "42", "count": 2, "note": "no. 42", "fixed": [1, None]}
    assert json.loads(service.requests[0].body) == body


async def test_the_result_is_a_path_into_the_answer(load: Loader, service: Service) -> None:
    service.answers = [answer(200, '{"items": [{"name": "lamp"}]}')]
    assert await _run(load, _get(service, "result: items.0.name")) == "lamp"


async def test_an_answer_of_another_shape_is_an_error(load: Loader, service: Service) -> None:
    service.answers = [answer(200, '{"items": []}')]
    with pytest.raises(ActionError, match=r"holds no 'items\.0\.name'"):
        await _run(load, _get(service, "result: items.0.name"))


async def test_an_absent_status_is_null(load: Loader, service: Service) -> None:
    service.answers = [answer(404, "<html>")]
    assert await _run(load, _get(service, "absent: 404")) is None


async def test_an_empty_answer_is_null(load: Loader, service: Service) -> None:
    service.answers = [answer(204)]
    assert await _run(load, _get(service)) is None


async def test_an_unexpected_status_is_an_error(load: Loader, service: Service) -> None:
    service.answers = [answer(403, "{}")]
    with pytest.raises(ActionError, match="answered with status 403"):
        await _run(load, _get(service))


async def test_only_expected_statuses_pass(load: Loader, service: Service) -> None:
    service.answers = [answer(200, "1"), answer(202, "2")]
    registry = load(_get(service, "expect: [202]"))
    with pytest.raises(ActionError, match="status 200"):
        await registry.run("a", {"n": "1"})
    assert await registry.run("a", {"n": "1"}) == 2


@pytest.mark.parametrize("garbage", ["<html>", '{"a": NaN}', "[" * 100_000, "\ufeff{}x"])
async def test_garbage_is_not_json(load: Loader, service: Service, garbage: str) -> None:
    service.answers = [answer(200, garbage)]
    with pytest.raises(ActionError, match="not JSON"):
        await _run(load, _get(service))


async def test_no_http_at_all_is_a_broken_connection(load: Loader, service: Service) -> None:
    service.answers = [b"\x00\x01 hello\r\n\r\n"]
    with pytest.raises(ActionError, match="connection to the service broke"):
        await _run(load, _get(service))


async def test_a_cut_off_answer_is_a_broken_connection(load: Loader, service: Service) -> None:
    service.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]
    with pytest.raises(ActionError, match="connection to the service broke"):
        await _run(load, _get(service))


async def test_a_huge_answer_is_not_read(load: Loader, service: Service) -> None:
    service.answers = [answer(200, "1" * (MAX_ANSWER_BYTES + 1))]
    with pytest.raises(ActionError, match="longer than 1000000 bytes"):
        await _run(load, _get(service))


async def test_silence_ends_with_the_actions_time(load: Loader, service: Service) -> None:
    service.answers = [None]
    with pytest.raises(ActionError, match=r"in time|took longer than 60 ms"):
        await _run(load, _get(service, "timeout_ms: 60"))


async def test_a_closed_service_cannot_be_reached(load: Loader, service: Service) -> None:
    await service.stop()
    with pytest.raises(ActionError, match="cannot be reached"):
        await _run(load, _get(service))


# Redirects


async def test_a_redirect_on_the_same_host_is_followed(load: Loader, service: Service) -> None:
    service.answers = [answer(302, "", "Location: /elsewhere"), answer(200, "5")]
    assert await _run(load, _get(service)) == 5
    assert service.requests[1].path == "/elsewhere"


@pytest.mark.parametrize("to", ["http://localhost:1/x", "//127.0.0.2/x", "https://127.0.0.1/x"])
async def test_a_redirect_to_another_host_is_refused(
    load: Loader, service: Service, to: str
) -> None:
    service.answers = [answer(301, "", f"Location: {to}")]
    with pytest.raises(ActionError, match="redirects to another host"):
        await _run(load, _get(service))


async def test_a_circle_of_redirects_ends(load: Loader, service: Service) -> None:
    service.answers = [answer(302, "", "Location: /round")]
    with pytest.raises(ActionError, match="redirects more than 3 times"):
        await _run(load, _get(service))


async def test_a_post_is_not_redirected(load: Loader, service: Service) -> None:
    service.answers = [answer(307, "", "Location: /x")]
    text = f"a:\n  http: POST {service.url}/x\n"
    with pytest.raises(ActionError, match="redirects a POST"):
        await load(text).run("a", {})
