"""Cutting a TCP stream into SIP messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.sip.framing import MAX_BODY, MAX_HEAD, BrokenStream, StreamFramer

PLAIN = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
WITH_BODY = b"INVITE sip:a@b SIP/2.0\r\nl: 11\r\n\r\nv=0\r\n\r\nabcd"
NO_LENGTH = b"SIP/2.0 200 OK\r\nCall-ID: 2\r\n\r\n"


@given(st.lists(st.sampled_from([PLAIN, WITH_BODY, NO_LENGTH]), max_size=6), st.data())
def test_messages_come_out_whole_however_the_stream_is_cut(
    messages: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(messages)
    framer = StreamFramer()
    out: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        out += framer.feed(stream[:cut])
        stream = stream[cut:]
    assert out == messages
    assert framer.pending == 0


def test_keep_alives_between_messages_are_passed_over() -> None:
    assert StreamFramer().feed(b"\r\n\r\n" + PLAIN + b"\r\n" + PLAIN) == [PLAIN, PLAIN]


@pytest.mark.parametrize(
    "stream",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00" * 500,
        b"INVITE sip:a@b SIP/2.0\r\nX: " + b"x" * MAX_HEAD,
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1),
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 99999999999999\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
    ],
    ids=["http", "tls", "endless head", "huge body", "negative", "absurd", "two lengths"],
)
def test_a_stream_that_is_no_sip_is_broken(stream: bytes) -> None:
    with pytest.raises(BrokenStream):
        StreamFramer().feed(stream)


@given(st.binary(max_size=4000))
def test_noise_never_does_anything_else(noise: bytes) -> None:
    framer = StreamFramer()
    try:
        framer.feed(noise)
    except BrokenStream:
        return
    assert framer.pending <= MAX_HEAD + MAX_BODY
