"""Where a target leads: to its host, through a provider, or nowhere."""

from __future__ import annotations

import pytest

from voicebot.errors import DialFailed
from voicebot.telephony.sip.digest import Credentials
from voicebot.telephony.sip.providers import Provider, Server, routes_to, server_of

TRUNK = Provider(
    "trunk", (Server("a.example"), Server("b.example")), "trunk.example", Credentials("u", "p")
)
OTHER = Provider("other", (Server("c.example"),), "other.example", Credentials("u", "p"))
PROVIDERS = {"trunk": TRUNK, "other": OTHER}


@pytest.mark.parametrize(
    "target, uri, servers",
    [
        ("sip:bob@192.0.2.7:5070", "sip:bob@192.0.2.7:5070", ["192.0.2.7:5070"]),
        ("+49 (30) 12-34", "sip:+49301234@trunk.example", ["a.example:5060", "b.example:5060"]),
        ("tel:+4930;ext=1", "sip:+4930@trunk.example", ["a.example:5060", "b.example:5060"]),
        ("other/100", "sip:100@other.example", ["c.example:5060"]),
        ("sip:100@other.example", "sip:100@other.example", ["c.example:5060"]),
    ],
)
def test_a_target_leads_somewhere(target: str, uri: str, servers: list[str]) -> None:
    routes = routes_to(target, PROVIDERS)
    assert [route.uri for route in routes] == [uri] * len(servers)
    assert [str(route.server) for route in routes] == servers


@pytest.mark.parametrize(
    "target",
    ["", "bob", "http://h", "sip:", "sip:b@h\r\nX: y", "sip:b@h:99999", "other/<x>", "mailto:a@b"],
)
def test_what_leads_nowhere_is_told(target: str) -> None:
    with pytest.raises(DialFailed):
        routes_to(target, PROVIDERS)


def test_a_number_needs_a_provider() -> None:
    with pytest.raises(DialFailed) as caught:
        routes_to("100", {})
    assert caught.value.outcome == "unreachable"


def test_the_transport_is_the_uri_s() -> None:
    assert server_of("sip:h;transport=tcp").transport == "TCP"
    assert server_of("sip:h;transport=udp").transport == "UDP"


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(Credentials("u", "secret"))
