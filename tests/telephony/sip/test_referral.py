"""Transfers: what is asked for, and what the reports mean."""

from __future__ import annotations

import pytest
from aiosipua import SipRequest, parse_uri

from voicebot.errors import TransferFailed
from voicebot.telephony.sip.referral import (
    MAX_HEADERS,
    MAX_VALUE,
    Referral,
    context_headers,
    refer_to,
    sipfrag_status,
)


def test_context_becomes_headers_of_ours() -> None:
    assert context_headers({"order": "17", "last_intent": "return", "X-Shop": "north"}) == {
        "X-Voicebot-Order": "17",
        "X-Voicebot-Last-Intent": "return",
        "X-Shop": "north",
    }


def test_context_cannot_smuggle_a_header_in() -> None:
    headers = context_headers({"a\r\nEvil: 1": "x\r\nEvil: 2", "::": "y"})
    assert headers == {"X-Voicebot-A-Evil-1": "x Evil: 2"}


def test_context_is_bounded() -> None:
    headers = context_headers({f"k{n}": "v" * 5000 for n in range(100)})
    assert len(headers) == MAX_HEADERS
    assert all(len(value) == MAX_VALUE for value in headers.values())


def test_the_target_gets_the_context_escaped_into_its_uri() -> None:
    value = refer_to("sip:agents@example.com", {"X-Voicebot-Said": "a & b = 50% <ü>"})
    uri = value.strip("<>")
    assert uri == (
        "sip:agents@example.com?X-Voicebot-Said=a%20%26%20b%20%3D%2050%25%20%3C%C3%BC%3E"
    )
    assert parse_uri(uri).host == "example.com"


def test_a_target_keeps_what_it_has() -> None:
    assert refer_to("sip:a@b;transport=tcp?X-A=1", {"X-B": "2"}) == (
        "<sip:a@b;transport=tcp?X-A=1&X-B=2>"
    )
    assert refer_to("agents@example.com:5070", {}) == "<sip:agents@example.com:5070>"
    assert refer_to("tel:+4930123", {"X-B": "2"}) == "<tel:+4930123>"


@pytest.mark.parametrize(
    "target", ["", "sip:", "sip:a b@c", "sip:a@b>\r\nEvil: 1", "tel:", "a@b@c"]
)
def test_what_is_no_address_fails(target: str) -> None:
    with pytest.raises(TransferFailed, match="not a SIP address"):
        refer_to(target, {})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("SIP/2.0 180 Ringing\r\n", 180),
        ("SIP/2.0 200\r\n", 200),
        ("", 0),
        ("HTTP/1.1 200 OK", 0),
        ("SIP/2.0 abc", 0),
    ],
)
def test_the_status_of_a_report(body: str, status: int) -> None:
    assert sipfrag_status(body) == status


def notify(status: int, state: str = "active;expires=60") -> SipRequest:
    request = SipRequest(method="NOTIFY", uri="sip:a@b")
    request.headers.set_single("Subscription-State", state)
    request.text = f"SIP/2.0 {status} X\r\n" if status else ""
    return request


async def test_a_transfer_is_done_when_the_target_has_answered() -> None:
    referral = Referral("sip:a@b")
    referral.answered(202)
    for status in (100, 180, 200, 503):
        referral.reported(notify(status))
    await referral.outcome(1)


async def test_a_refusal_by_phone_or_target_fails_with_its_status() -> None:
    by_phone = Referral("sip:a@b")
    by_phone.answered(603)
    by_target = Referral("sip:a@b")
    by_target.answered(202)
    by_target.reported(notify(100))
    by_target.reported(notify(486, "terminated;reason=noresource"))
    for referral, status in ((by_phone, 603), (by_target, 486)):
        with pytest.raises(TransferFailed) as caught:
            await referral.outcome(1)
        assert caught.value.status == status


async def test_reports_that_end_without_a_result_fail() -> None:
    referral = Referral("sip:a@b")
    referral.reported(notify(100, "terminated;reason=timeout"))
    with pytest.raises(TransferFailed, match="stopped reporting"):
        await referral.outcome(1)


async def test_no_answer_in_time_and_a_lost_caller_fail() -> None:
    late = Referral("sip:a@b")
    with pytest.raises(TransferFailed, match="not answered in 0 s"):
        await late.outcome(0)
    late.reported(notify(200))
    gone = Referral("sip:a@b")
    gone.leg_ended()
    with pytest.raises(TransferFailed, match="hung up"):
        await gone.outcome(1)
    silent = Referral("sip:a@b")
    silent.answered(None)
    with pytest.raises(TransferFailed, match="does not answer"):
        await silent.outcome(1)
