"""The gate that every SIP message passes."""

from __future__ import annotations

import pytest
from aiosipua import SipRequest
from hypothesis import example, given
from hypothesis import strategies as st

from voicebot.telephony.sip.messages import (
    MalformedMessage,
    build_answer,
    has_sdp,
    parse_message,
    reply_port,
    stamp_via,
)

INVITE = (
    b"INVITE sip:1000@127.0.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bKabc;rport\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKfirst\r\n"
    b'From: "Anna" <sip:anna@example.com>;tag=her\r\n'
    b"To: <sip:1000@127.0.0.1>\r\n"
    b"Call-ID: c1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Record-Route: <sip:10.0.0.1;lr>\r\n"
    b"Content-Type: application/sdp;charset=utf-8\r\n"
    b"Content-Length: 5\r\n\r\nv=0\r\n"
)


def request(data: bytes = INVITE) -> SipRequest:
    message, _ = parse_message(data)
    assert isinstance(message, SipRequest)
    return message


def test_a_head_holds_what_identifies_a_message() -> None:
    message, head = parse_message(INVITE)
    assert (head.call_id, head.from_tag, head.to_tag) == ("c1", "her", "")
    assert (head.cseq, head.method, head.branch) == (7, "INVITE", "z9hG4bKabc")
    assert head.sent_by == ("10.0.0.9", 5062)
    assert has_sdp(message)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b" SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9", b" SIP/3.0\r\nVia: SIP/2.0/UDP 10.0.0.9"),
        (b"INVITE sip:1000", b"INV(TE sip:1000"),
        (b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
        (b"CSeq: 7 INVITE", b"CSeq: seven INVITE"),
        (b"CSeq: 7 INVITE", b"CSeq: 99999999999 INVITE"),
        (b"CSeq: 7 INVITE\r\n", b""),
        (b"Call-ID: c1\r\n", b""),
        (b"From: ", b"Form: "),
        (b"10.0.0.9:5062", b"10.0.0.9:99999"),
        (b"Content-Length: 5", b"Content-Length: 50"),
        (b"Content-Length: 5", b"Content-Length: five"),
    ],
)
def test_what_cannot_be_acted_on_is_malformed(old: bytes, new: bytes) -> None:
    assert old in INVITE
    with pytest.raises(MalformedMessage):
        parse_message(INVITE.replace(old, new))


@given(st.binary(max_size=600))
@example(b"one two three")
@example(b"SIP/2.0 abc OK\r\n\r\n")
@example(b"SIP/2.0\r\n\r\n")
def test_noise_is_malformed_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse_message(noise)


@given(st.data())
def test_a_damaged_message_is_read_or_malformed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(INVITE) - 1))
    cut = data.draw(st.integers(0, 20))
    problem = ""
    try:
        parse_message(INVITE[:at] + data.draw(st.binary(max_size=20)) + INVITE[at + cut :])
    except MalformedMessage as error:
        problem = str(error)
    assert "anna" not in problem


def test_the_via_says_where_a_request_really_came_from() -> None:
    message = request()
    stamp_via(message, ("192.0.2.5", 40000))
    first, second = message.headers.get("via")
    assert "received=192.0.2.5" in first
    assert "rport=40000" in first
    assert second.endswith("z9hG4bKfirst")


def test_answers_go_to_the_source_port_only_when_asked_for() -> None:
    _, head = parse_message(INVITE)
    assert reply_port(request(), head, ("192.0.2.5", 40000)) == 40000
    without = INVITE.replace(b";rport", b"")
    _, head = parse_message(without)
    assert reply_port(request(without), head, ("192.0.2.5", 40000)) == 5062


def test_an_answer_carries_the_request_s_headers_and_a_tag() -> None:
    answer = build_answer(request(), 200, to_tag="ours", sdp="v=0\r\n")
    written = bytes(answer).decode()
    assert written.startswith("SIP/2.0 200 OK\r\n")
    assert written.count("Via: ") == 2
    assert "To: <sip:1000@127.0.0.1>;tag=ours" in written
    assert "Record-Route: <sip:10.0.0.1;lr>" in written
    assert "Content-Length: 5" in written


def test_trying_has_no_tag_and_a_tag_is_never_doubled() -> None:
    assert ";tag=" not in build_answer(request(), 100).headers.get("to")[0]
    tagged = INVITE.replace(b"To: <sip:1000@127.0.0.1>", b"To: <sip:1000@127.0.0.1>;tag=x")
    assert build_answer(request(tagged), 200, to_tag="y").headers.get("to")[0].count("tag=") == 1
