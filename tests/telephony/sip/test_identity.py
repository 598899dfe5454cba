"""Who calls whom."""

from __future__ import annotations

import pytest
from aiosipua import SipRequest

from voicebot.telephony.sip.identity import MAX_HEADERS, MAX_VALUE, leg_info, party


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"Anna B" <sip:+4930123@example.com;user=phone>;tag=1', "+4930123"),
        ("sip:anna@example.com", "anna"),
        ("<sips:anna:secret@example.com>", "anna"),
        ("<tel:+1-201-555-0123;phone-context=x>", "+1-201-555-0123"),
        ("<sip:+49301;npdi@example.com>", "+49301"),
        ("<sip:j%C3%BCrgen@example.com>", "jürgen"),
        ('"x, y" <sip:1@a>, <tel:+2>', "1"),
        ("<sip:example.com>", ""),
        ("<http://a@b>", ""),
        ("", ""),
    ],
)
def test_a_party_is_the_bare_number_or_name(value: str, expected: str) -> None:
    assert party(value) == expected


def invite(**headers: str) -> SipRequest:
    request = SipRequest(method="INVITE", uri="sip:1000@192.0.2.1:5060;user=phone")
    given = {"From": "<sip:anna@example.com>;tag=1", "To": "<sip:shop@192.0.2.1>", **headers}
    for name, value in given.items():
        request.headers.set_single(name.replace("_", "-"), value)
    return request


def test_the_asserted_identity_goes_before_the_from() -> None:
    assert leg_info(invite()).caller == "anna"
    assert leg_info(invite(P_Asserted_Identity="<tel:+4930>")).caller == "+4930"


def test_the_older_identity_serves_where_there_is_no_asserted_one() -> None:
    older = '"Anna" <sip:4930@gw.example.com>;party=calling;screen=yes'
    assert leg_info(invite(Remote_Party_ID=older)).caller == "4930"
    both = invite(Remote_Party_ID=older, P_Asserted_Identity="<tel:+4931>")
    assert leg_info(both).caller == "+4931"


def test_what_the_caller_s_side_sends_along_is_kept() -> None:
    given = {
        "User_to_User": "56a390f3d2b7310023a2;encoding=hex",
        "Diversion": "<sip:200@pbx>;reason=no-answer",
        "History_Info": "<sip:300@pbx>;index=1",
        "P_Asserted_Identity": "<tel:+4931>",
    }
    headers = leg_info(invite(**given)).headers
    assert {name.lower().replace("_", "-"): value for name, value in given.items()}.items() <= (
        headers.items()
    )


def test_the_callee_is_the_one_in_the_request_uri() -> None:
    assert leg_info(invite()).callee == "1000"


def test_a_caller_without_a_name_is_anonymous() -> None:
    assert leg_info(invite(From="<sip:gateway.example.com>;tag=1")).caller == "anonymous"


def test_useful_headers_come_in_lower_case_and_the_rest_not_at_all() -> None:
    headers = leg_info(invite(X_Shop="North", Diversion="<sip:2@a>", Via="x", Call_ID="y")).headers
    assert headers["x-shop"] == "North"
    assert headers["diversion"] == "<sip:2@a>"
    assert not {"via", "call-id"} & set(headers)


def test_headers_are_bounded() -> None:
    many = {f"X_{n}": "v" * 5000 for n in range(100)}
    headers = leg_info(invite(**many)).headers
    assert len(headers) <= MAX_HEADERS
    assert all(len(value) <= MAX_VALUE for value in headers.values())


def test_every_call_has_an_id_of_its_own() -> None:
    assert leg_info(invite()).call_id != leg_info(invite()).call_id
