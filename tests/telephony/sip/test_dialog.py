"""The dialog with a caller."""

from __future__ import annotations

from voicebot.telephony.sip.dialog import Dialog
from voicebot.telephony.sip.messages import Message, parse_message

INVITE = (
    b"INVITE sip:1000@192.0.2.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bKabc\r\n"
    b"Record-Route: <sip:near.example.com;lr>\r\n"
    b"Record-Route: <sip:far.example.com;lr>\r\n"
    b"From: <tel:+4930123>;tag=her\r\n"
    b"To: The Shop <sip:1000@192.0.2.1>\r\n"
    b"Contact: <sip:anna@10.0.0.9:5062;transport=tcp>;expires=60\r\n"
    b"Call-ID: c1\r\nCSeq: 7 INVITE\r\n\r\n"
)


def dialog() -> Dialog:
    message, head = parse_message(INVITE)
    return Dialog.called(message, head, "192.0.2.1", 5060)  # type: ignore[arg-type]


def sent(opened: Dialog, method: str) -> Message:
    request, _ = opened.request(method, "UDP")
    return parse_message(bytes(request))[0]


def test_requests_go_to_the_contact_along_the_callers_route() -> None:
    opened = dialog()
    request, branch = opened.request("BYE", "TCP", {"X-A": "1"})
    assert request.uri == "sip:anna@10.0.0.9:5062;transport=tcp"
    # In the order of the INVITE: we are the called side (RFC 3261 section 12.1.1).
    assert request.headers.get("route") == [
        "<sip:near.example.com;lr>",
        "<sip:far.example.com;lr>",
    ]
    assert request.headers.get("via") == [f"SIP/2.0/TCP 192.0.2.1:5060;branch={branch};rport"]
    assert request.headers.get("from") == [f"The Shop <sip:1000@192.0.2.1>;tag={opened.local_tag}"]
    assert request.headers.get("to") == ["<tel:+4930123>;tag=her"]
    assert request.headers.get("contact") == ["<sip:192.0.2.1:5060;transport=tcp>"]
    assert request.headers.get("x-a") == ["1"]


def test_our_requests_are_numbered_and_well_formed() -> None:
    opened = dialog()
    assert [sent(opened, "REFER").headers.get("cseq")[0] for _ in range(3)] == [
        "1 REFER",
        "2 REFER",
        "3 REFER",
    ]


def test_an_older_request_is_not_accepted_and_a_newer_one_moves_the_target() -> None:
    opened = dialog()
    message, head = parse_message(INVITE)
    assert not opened.accept(message, head)  # type: ignore[arg-type]
    newer = INVITE.replace(b"CSeq: 7", b"CSeq: 9").replace(b"anna@10.0.0.9", b"anna@10.0.0.77")
    message, head = parse_message(newer)
    assert opened.accept(message, head)  # type: ignore[arg-type]
    assert opened.request("BYE", "UDP")[0].uri == "sip:anna@10.0.0.77:5062;transport=tcp"


def test_the_called_address_stands_alone() -> None:
    assert dialog().identity() == "<sip:1000@192.0.2.1>"


def test_the_calling_side_turns_the_route_round_and_goes_on_counting() -> None:
    text = (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
        b"Record-Route: <sip:far.example.com;lr>\r\nRecord-Route: <sip:near.example.com;lr>\r\n"
        b"From: <sip:1000@192.0.2.1>;tag=ours\r\nTo: <sip:bob@example.com>;tag=his\r\n"
        b"Contact: <sip:bob@10.0.0.9>\r\nCall-ID: c2\r\nCSeq: 4 INVITE\r\n\r\n"
    )
    answer, head = parse_message(text)
    here = ("192.0.2.1", 5060)
    opened = Dialog.calling(answer, head, "sip:bob@example.com", here)  # type: ignore[arg-type]
    assert (opened.local_tag, opened.remote_tag) == ("ours", "his")
    assert opened.next_uri == "sip:near.example.com;lr"
    ack = opened.ack(4, "UDP")
    assert ack.headers.get("cseq") == ["4 ACK"]
    assert ack.headers.get("route") == ["<sip:near.example.com;lr>", "<sip:far.example.com;lr>"]
    assert opened.request("BYE", "UDP")[0].headers.get("cseq") == ["5 BYE"]
    assert ack.uri == "sip:bob@10.0.0.9"
