"""What gateways are asked over HTTP, and what their answers mean."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs

import pytest

from tests.actions.conftest import Service, answer
from tests.texting.conftest import NUMBER, SECRET_LINK, Post
from voicebot.actions.http import new_client
from voicebot.actions.template import parse_template
from voicebot.sessions.invitation import ConversationId, TextTo
from voicebot.texting.gateway import Accepted, Attempt, Refused, Undecided, Unreached
from voicebot.texting.http_gateway import HttpGateway, HttpProvider
from voicebot.texting.signature import fault_in
from voicebot.texting.twilio import TwilioAccount, TwilioGateway
from voicebot.texting.webhook import WebhookGateway, line_message

SECRET = "0123456789abcdef0123456789abcdef"


async def send(gateway: HttpGateway | TwilioGateway | WebhookGateway, post: Post) -> Attempt:
    try:
        return await gateway.send(post.message())
    finally:
        await gateway.aclose()


def provider(service: Service, **more: object) -> HttpGateway:
    url = parse_template(f"{service.url}/send?to={{to}}&key=${{env:KEY}}")
    made = HttpProvider(url=url, sender="Shop", **more)  # type: ignore[arg-type]
    return HttpGateway(made, new_client(), {"KEY": "k1"})


async def test_any_provider_is_asked_by_template(service: Service, post: Post) -> None:
    service.answers = [answer(202, '{"messages": [{"id": 77}]}')]
    gateway = provider(
        service,
        json={"from": "{sender}", "to": "{to}", "content": "{text}"},
        headers={"Authorization": parse_template("Key ${env:KEY}")},
        reference=("messages", "0", "id"),
    )
    assert await send(gateway, post) == Accepted("77")
    [asked] = service.requests
    assert asked.path == "/send?to=%2B15550100&key=k1"
    assert asked.headers["authorization"] == "Key k1"
    assert asked.headers["idempotency-key"] == "m1"
    body = json.loads(asked.body)
    assert body == {"from": "Shop", "to": NUMBER, "content": f"Go on: {SECRET_LINK}"}


async def test_form_fields_are_filled_in_too(service: Service, post: Post) -> None:
    service.answers = [answer(200)]
    assert await send(provider(service, form={"msisdn": "{to}", "id": "{id}"}), post) == Accepted()
    assert parse_qs(service.requests[0].body.decode()) == {"msisdn": [NUMBER], "id": ["m1"]}


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        (answer(429, "", "Retry-After: 30"), Unreached("the gateway answered with status 429", 30)),
        (answer(503), Unreached("the gateway answered with status 503")),
        (answer(500), Undecided("the gateway answered with status 500")),
        (answer(504), Undecided("the gateway answered with status 504")),
        (answer(400), Refused("the gateway answered with status 400")),
        (answer(302, "", "Location: /x"), Refused("the gateway answered with status 302")),
        (b"nonsense\r\n\r\n", Undecided("the connection to the gateway broke")),
    ],
)
async def test_what_an_answer_means(
    service: Service, post: Post, raw: bytes, meaning: Attempt
) -> None:
    service.answers = [raw]
    assert await send(provider(service), post) == meaning


async def test_a_gateway_that_is_away_has_sent_nothing(service: Service, post: Post) -> None:
    gateway = provider(service)
    await service.stop()
    assert await send(gateway, post) == Unreached("the gateway cannot be reached")


async def test_a_variable_that_is_not_set_is_told(service: Service, post: Post) -> None:
    made = HttpProvider(url=parse_template(service.url + "/${env:MISSING}"))
    gateway = HttpGateway(made, new_client(), {})
    assert await send(gateway, post) == Refused("environment variable MISSING is not set")


def twilio(service: Service, sender: str = "+15550000") -> TwilioGateway:
    account = TwilioAccount(
        "AC1", "token", sender, "https://us.example/api/texting/twilio/status", service.url
    )
    return TwilioGateway(account, new_client())


async def test_twilio_is_asked_as_its_messages_resource_wants(service: Service, post: Post) -> None:
    service.answers = [answer(201, '{"sid": "SM9", "status": "queued"}')]
    assert await send(twilio(service), post) == Accepted("SM9")
    [asked] = service.requests
    assert (asked.method, asked.path) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json")
    assert base64.b64decode(asked.headers["authorization"].split()[1]) == b"AC1:token"
    assert parse_qs(asked.body.decode()) == {
        "To": [NUMBER],
        "From": ["+15550000"],
        "Body": [f"Go on: {SECRET_LINK}"],
        "StatusCallback": ["https://us.example/api/texting/twilio/status?id=m1"],
    }


async def test_a_messaging_service_is_no_number(service: Service, post: Post) -> None:
    service.answers = [answer(201, "{}")]
    await send(twilio(service, "MG1"), post)
    fields = parse_qs(service.requests[0].body.decode())
    assert fields["MessagingServiceSid"] == ["MG1"]
    assert "From" not in fields


@pytest.mark.parametrize(("code", "opted_out"), [(21610, True), (21211, False)])
async def test_twilio_says_who_wants_no_messages(
    service: Service, post: Post, code: int, opted_out: bool
) -> None:
    service.answers = [answer(400, json.dumps({"code": code, "message": f"no {NUMBER}"}))]
    attempt = await send(twilio(service), post)
    assert attempt == Refused(f"the gateway refused it with error {code}", opted_out)


async def test_a_line_for_a_messenger_is_posted_signed(service: Service, post: Post) -> None:
    service.answers = [answer(200)]
    line = TextTo("chat", "anna", ConversationId("c1"), 7, "Which order?", ("4271",))
    message = line_message(line, post.now)
    gateway = WebhookGateway(f"{service.url}/hook", SECRET, new_client(), lambda: post.now)
    assert await gateway.send(message) == Accepted()
    await gateway.aclose()
    [asked] = service.requests
    assert json.loads(asked.body) == {
        "id": "c1.7",
        "channel": "chat",
        "recipient": "anna",
        "conversation": "c1",
        "cursor": 7,
        "who": "bot",
        "name": "",
        "text": "Which order?",
        "replies": ["4271"],
        "card": None,
    }
    stamp, signed = asked.headers["x-voicebot-timestamp"], asked.headers["x-voicebot-signature"]
    assert fault_in(asked.body, stamp, signed, post.now, SECRET) == ""
    assert line_message(line, post.now + 1).id == message.id


async def test_an_endless_answer_is_cut_short(service: Service, post: Post) -> None:
    service.answers = [answer(200, "x" * 200_000)]
    assert await send(provider(service), post) == Accepted()


async def test_a_url_that_is_none_is_refused(post: Post) -> None:
    gateway = HttpGateway(HttpProvider(url=parse_template("http://[::1")), new_client(), {})
    problem = "the URL or a header of the gateway cannot be sent"
    assert await send(gateway, post) == Refused(problem)
