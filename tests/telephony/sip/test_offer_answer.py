"""Agreeing about audio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import NoCommonCodec
from voicebot.media import opus
from voicebot.telephony.sip.messages import MalformedMessage
from voicebot.telephony.sip.offer_answer import (
    OurMedia,
    agree,
    read_sdp,
    write_answer,
    write_offer,
)

OURS = OurMedia("192.0.2.1", 20000, 77, 3)


def offer(*lines: str, connection: str = "IN IP4 10.0.0.9", session: str = "") -> str:
    head = ["v=0", "o=- 1 1 IN IP4 10.0.0.9", "s=-"]
    head += [f"c={connection}"] if connection else []
    head += ["t=0 0"] + ([f"a={session}"] if session else [])
    return "\r\n".join([*head, *lines]) + "\r\n"


BOTH = "m=audio 4000 RTP/AVP 0 8 101"
KEYS = "a=rtpmap:101 telephone-event/8000"


def test_the_callers_first_codec_wins() -> None:
    assert agree(read_sdp(offer(BOTH))).codec == "PCMU"
    assert agree(read_sdp(offer("m=audio 4000 RTP/AVP 18 8 0"))).codec == "PCMA"


def test_a_dynamic_number_for_g711_is_taken() -> None:
    agreed = agree(read_sdp(offer("m=audio 4000 RTP/AVP 98", "a=rtpmap:98 pcma/8000/1")))
    assert (agreed.codec, agreed.payload_type) == ("PCMA", 98)


def test_the_present_codec_stays_in_mid_call() -> None:
    assert agree(read_sdp(offer("m=audio 4000 RTP/AVP 8 0")), "PCMU").codec == "PCMU"
    assert agree(read_sdp(offer("m=audio 4000 RTP/AVP 8")), "PCMU").codec == "PCMA"


def test_keys_have_the_number_that_the_caller_gave() -> None:
    lines = (
        "m=audio 4000 RTP/AVP 0 96 97",
        "a=rtpmap:96 telephone-event/48000",
        "a=rtpmap:97 telephone-event/8000",
    )
    theirs = read_sdp(offer(*lines))
    agreed = agree(theirs)
    assert agreed.keys_payload_type == 97
    answer = write_answer(theirs, agreed, OURS)
    assert "m=audio 20000 RTP/AVP 0 97\r\n" in answer
    assert "a=rtpmap:97 telephone-event/8000" in answer
    assert agree(read_sdp(offer("m=audio 4000 RTP/AVP 0"))).keys_payload_type is None


@pytest.mark.parametrize(
    ("stated", "ours", "held"),
    [
        ("sendrecv", "sendrecv", False),
        ("sendonly", "recvonly", True),
        ("inactive", "inactive", True),
        ("recvonly", "sendonly", False),
    ],
)
def test_directions_are_mirrored(stated: str, ours: str, held: bool) -> None:
    for sdp in (offer(BOTH, f"a={stated}"), offer(BOTH, session=stated)):
        theirs = read_sdp(sdp)
        agreed = agree(theirs)
        assert (agreed.direction, agreed.held) == (ours, held)
        assert f"a={ours}" in write_answer(theirs, agreed, OURS)
    assert agree(read_sdp(offer(BOTH))).expects_audio
    assert not agree(read_sdp(offer(BOTH, f"a={stated}"))).expects_audio or stated == "sendrecv"


@pytest.mark.parametrize("address", ["239.1.2.3/127", "224.0.0.1", "255.255.255.255"])
def test_audio_is_sent_to_one_party_and_not_to_a_network(address: str) -> None:
    with pytest.raises(NoCommonCodec):
        agree(read_sdp(offer(BOTH, connection=f"IN IP4 {address}")))


def test_the_address_zero_is_hold() -> None:
    agreed = agree(read_sdp(offer(BOTH, connection="IN IP4 0.0.0.0")))
    assert agreed.held


def test_a_media_address_goes_before_the_session_s() -> None:
    assert agree(read_sdp(offer(BOTH, "c=IN IP4 10.9.9.9"))).remote == ("10.9.9.9", 4000)


def test_video_and_srtp_are_declined_line_by_line() -> None:
    theirs = read_sdp(
        offer(
            "m=video 4002 RTP/AVP 99",
            "m=audio 4004 RTP/SAVP 0",
            BOTH,
            KEYS,
        )
    )
    answer = write_answer(theirs, agree(theirs), OURS)
    lines = [line for line in answer.splitlines() if line.startswith("m=")]
    assert lines == [
        "m=video 0 RTP/AVP 99",
        "m=audio 0 RTP/SAVP 0",
        "m=audio 20000 RTP/AVP 0 101",
    ]
    assert "a=ptime:20" in answer
    assert "o=- 77 3 IN IP4 192.0.2.1" in answer


@pytest.mark.parametrize(
    "sdp",
    [
        offer("m=audio 4000 RTP/AVP 18 4"),
        offer("m=video 4000 RTP/AVP 99"),
        offer("m=audio 0 RTP/AVP 0"),
        offer("m=audio 70000 RTP/AVP 0"),
        offer("m=audio 4000 RTP/SAVP 0"),
        offer("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/16000"),
        offer(BOTH, connection=""),
        offer(BOTH, connection="IN IP6 2001:db8::1"),
        offer(BOTH, connection="IN IP4 phone.example.com"),
    ],
    ids=["codecs", "video", "port 0", "bad port", "srtp", "rate", "nowhere", "ipv6", "name"],
)
def test_without_audio_that_we_speak_there_is_no_agreement(sdp: str) -> None:
    with pytest.raises(NoCommonCodec):
        agree(read_sdp(sdp))


@pytest.mark.parametrize("address", ["IN IP6 2001:db8::1", "IN IP4 phone.example.com"])
def test_phone_that_names_no_ipv4_address_is_sent_to_where_it_calls_from(address: str) -> None:
    agreed = agree(read_sdp(offer(BOTH, connection=address)), None, "192.0.2.7")
    assert agreed.remote == ("192.0.2.7", 4000)


@pytest.mark.parametrize(
    "sdp", ["", "nonsense", "v=zero\r\nm=audio 1 RTP/AVP 0", "v=0\r\nm=audio x RTP/AVP 0"]
)
def test_a_description_that_cannot_be_read_is_malformed(sdp: str) -> None:
    with pytest.raises(MalformedMessage):
        read_sdp(sdp)


@given(st.text(max_size=300))
def test_noise_is_malformed_or_no_agreement(noise: str) -> None:
    with pytest.raises((MalformedMessage, NoCommonCodec)):
        agree(read_sdp(noise))


def test_our_own_offer_can_be_agreed_with() -> None:
    agreed = agree(read_sdp(write_offer(OURS, ("PCMU", "G722"))))
    assert (agreed.codec, agreed.keys_payload_type) == ("PCMU", 101)
    assert agreed.remote == ("192.0.2.1", 20000)
    assert agreed.direction == "sendrecv"


WIDE = (
    "m=audio 4000 RTP/AVP 111 9 0 8 13 100 101",
    "a=rtpmap:111 opus/48000/2",
    "a=rtpmap:100 telephone-event/48000",
    KEYS,
)


@pytest.mark.skipif(not opus.available(), reason="libopus is not installed")
def test_opus_is_agreed_with_its_clock_and_parameters() -> None:
    theirs = read_sdp(offer(*WIDE))
    agreed = agree(theirs)
    assert (agreed.codec, agreed.payload_type) == ("opus", 111)
    assert (agreed.keys_payload_type, agreed.keys_clock_rate) == (100, 48_000)
    answer = write_answer(theirs, agreed, OURS)
    assert "m=audio 20000 RTP/AVP 111 100\r\n" in answer
    assert "a=rtpmap:111 opus/48000/2\r\n" in answer
    assert "a=fmtp:111 useinbandfec=1" in answer
    assert "a=rtpmap:100 telephone-event/48000\r\n" in answer


def test_g722_is_agreed_with_its_clock_of_8000() -> None:
    theirs = read_sdp(offer("m=audio 4000 RTP/AVP 9 0 101", KEYS))
    agreed = agree(theirs)
    assert (agreed.codec, agreed.payload_type, agreed.keys_payload_type) == ("G722", 9, 101)
    assert "a=rtpmap:9 G722/8000\r\n" in write_answer(theirs, agreed, OURS)


def test_the_settings_say_which_codecs_are_spoken() -> None:
    theirs = read_sdp(offer(*WIDE))
    assert agree(theirs, ours=("PCMA", "PCMU")).codec == "PCMU"
    with pytest.raises(NoCommonCodec, match="no audio in PCMA over"):
        agree(read_sdp(offer("m=audio 4000 RTP/AVP 0 9")), ours=("PCMA",))


def test_our_offers_have_the_order_of_the_settings() -> None:
    written = write_offer(OURS, ("G722", "PCMA"))
    assert "m=audio 20000 RTP/AVP 9 8 101\r\n" in written


@pytest.mark.skipif(not opus.available(), reason="libopus is not installed")
def test_an_offer_with_opus_has_keys_on_both_clocks() -> None:
    written = write_offer(OURS)
    assert "m=audio 20000 RTP/AVP 96 9 0 8 101 102\r\n" in written
    assert "a=rtpmap:102 telephone-event/48000\r\n" in written


def test_comfort_noise_has_the_number_that_the_caller_gave() -> None:
    assert agree(read_sdp(offer("m=audio 4000 RTP/AVP 0 13"))).noise_payload_type == 13
    dynamic = read_sdp(offer("m=audio 4000 RTP/AVP 0 98", "a=rtpmap:98 CN/8000"))
    assert agree(dynamic).noise_payload_type == 98
