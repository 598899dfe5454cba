"""Tokens, messages and offers: what strangers may send, and what comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import NoCommonCodec
from voicebot.telephony.webrtc import IceServers, messages
from voicebot.telephony.webrtc.offer import MalformedOffer, checked, wideband
from voicebot.telephony.webrtc.tokens import Tokens

OFFER = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 0f1c.local 50000 typ host
a=candidate:2 1 udp 2113937150 192.0.2.7 50001 typ host
a=candidate:3 1 tcp 1518214911 192.0.2.7 9 typ host tcptype active
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 00:11
a=mid:0
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:0 PCMU/8000
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:1
""".replace("\n", "\r\n")


def test_a_token_is_good_once() -> None:
    tokens = Tokens(ttl_s=60)
    token = tokens.issue(now=100.0)
    assert tokens.redeem(token, now=101.0)
    assert not tokens.redeem(token, now=101.0)


def test_a_token_is_good_for_a_time() -> None:
    tokens = Tokens(ttl_s=60)
    token = tokens.issue(now=100.0)
    assert not tokens.redeem(token, now=160.0)


def test_a_token_cannot_be_guessed() -> None:
    tokens = Tokens(ttl_s=60)
    given_out = {tokens.issue(now=0.0) for _ in range(100)}
    assert len(given_out) == 100
    assert all(len(token) * 6 >= 128 for token in given_out)
    assert not tokens.redeem("", now=0.0)
    assert not tokens.redeem("x" * 32, now=0.0)


def test_tokens_that_nobody_uses_are_forgotten() -> None:
    tokens = Tokens(ttl_s=60, most=3)
    first = tokens.issue(now=0.0)
    for _ in range(3):
        tokens.issue(now=1.0)
    assert not tokens.redeem(first, now=1.0)
    assert len(tokens) == 3
    tokens.issue(now=100.0)
    assert len(tokens) == 1


@pytest.mark.parametrize("key", "0123456789*#ABCD")
def test_a_key_is_read(key: str) -> None:
    assert messages.read(f'{{"type": "key", "key": "{key}"}}') == messages.KeyPressed(key)


def test_a_hang_up_is_read() -> None:
    assert messages.read('{"type": "hang_up"}') == messages.HangUpAsked()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "[]",
        "{",
        "null",
        '{"type": "key"}',
        '{"type": "key", "key": "12"}',
        '{"type": "key", "key": ""}',
        '{"type": "key", "key": 5}',
        '{"type": "key", "key": "x"}',
        '{"type": "ended"}',
        '{"type": "key", "key": "5", "more": "' + "x" * 300 + '"}',
        "[" * 100_000,
    ],
)
def test_what_a_page_should_not_say_is_nothing(text: str) -> None:
    assert messages.read(text) is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    messages.read(text)


def test_a_page_may_type_fast_but_not_flood() -> None:
    pace = messages.Pace()
    assert sum(pace.allows(100.0) for _ in range(100)) == 32
    assert not pace.allows(100.01)
    assert pace.allows(100.2)


def test_an_offer_keeps_what_can_be_reached() -> None:
    kept = checked(OFFER)
    assert "192.0.2.7 50001" in kept
    assert ".local" not in kept
    assert "tcptype" not in kept
    assert kept.endswith("\r\n")


def test_candidates_are_bounded() -> None:
    many = "".join(f"a=candidate:{n} 1 udp 1 192.0.2.7 {n} typ host\r\n" for n in range(1, 500))
    assert checked(OFFER + many).count("a=candidate:") <= 20


@pytest.mark.parametrize(
    "replaced, by, said",
    [
        ("v=0", "hello", "no session description"),
        ("m=audio", "m=video", "should have one audio stream"),
        ("m=application", "m=audio", "should have one audio stream"),
        ("m=application", "m=video", "one audio stream and one data channel"),
        ("a=ice-ufrag:", "a=nothing:", "lacks ice-ufrag"),
        ("a=ice-pwd:", "a=nothing:", "lacks ice-pwd"),
        ("a=fingerprint:", "a=nothing:", "lacks fingerprint"),
    ],
)
def test_an_offer_that_no_page_makes_is_refused(replaced: str, by: str, said: str) -> None:
    with pytest.raises(MalformedOffer, match=said):
        checked(OFFER.replace(replaced, by))


def test_an_offer_without_opus_has_no_codec_of_ours() -> None:
    with pytest.raises(NoCommonCodec):
        checked(OFFER.replace("opus/48000/2", "ISAC/16000"))


def test_the_answer_asks_for_wideband_with_copies_for_lost_packets() -> None:
    answer = wideband(OFFER)
    lines = [line for line in answer.split("\r\n") if line.startswith("a=fmtp:111 ")]
    assert len(lines) == 1
    assert "useinbandfec=1" in lines[0]
    assert "maxplaybackrate=16000" in lines[0]


def test_turn_credentials_are_made_for_an_hour() -> None:
    """The scheme of coturn's use-auth-secret, worked out with openssl."""
    servers = IceServers(("stun:a.example", "turn:b.example"), secret="north")
    plain, turn = servers.for_browser(now=1_700_000_000.5)
    assert plain == {"urls": "stun:a.example"}
    assert turn["username"] == "1700003600:voicebot"
    assert turn["credential"] == "d5C5tNE5j0oaK+9U+tv3tXs/0xU="


def test_set_turn_credentials_are_given_as_they_are() -> None:
    servers = IceServers(("turn:b.example",), username="shop", credential="pass")
    assert servers.for_browser(now=0.0) == [
        {"urls": "turn:b.example", "username": "shop", "credential": "pass"}
    ]
