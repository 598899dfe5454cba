"""AudioSocket's messages, however the stream is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.audiosocket.protocol import (
    HANGUP_MESSAGE,
    Message,
    MessageReader,
    audio_message,
    error_text,
    samples_of,
)


def test_messages_as_asterisk_documents_them() -> None:
    stream = (
        b"\x01\x00\x10" + bytes(range(16)) + b"\x10\x00\x04\x01\x00\xff\xff" + b"\x03\x00\x015"
    ) + b"\xff\x00\x01\x01\x00\x00\x00"
    assert MessageReader().feed(stream) == [
        Message(0x01, bytes(range(16))),
        Message(0x10, b"\x01\x00\xff\xff"),
        Message(0x03, b"5"),
        Message(0xFF, b"\x01"),
        Message(0x00, b""),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=400)), max_size=8),
    st.lists(st.integers(1, 300), max_size=40),
)
def test_a_stream_may_be_cut_anywhere(parts: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(
        bytes([kind]) + len(payload).to_bytes(2, "big") + payload for kind, payload in parts
    )
    reader = MessageReader()
    found = []
    for cut in cuts:
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    found += reader.feed(stream)
    assert found == [Message(kind, payload) for kind, payload in parts]


def test_a_length_that_is_never_sent_is_waited_for_and_no_more() -> None:
    reader = MessageReader()
    assert reader.feed(b"\x10\xff\xff" + b"x" * 60_000) == []
    (whole,) = reader.feed(b"x" * 5535)
    assert len(whole.payload) == 65_535


def test_audio_is_little_endian_and_survives_the_way() -> None:
    frame = np.arange(-80, 80, dtype=np.int16) * 400
    message = audio_message(frame)
    assert message[:5] == b"\x10\x01\x40" + int(frame[0]).to_bytes(2, "little", signed=True)
    assert np.array_equal(samples_of(message[3:]), frame)


def test_half_a_sample_is_left_out() -> None:
    assert list(samples_of(b"\x01\x00\x02")) == [1]


def test_hang_up_is_three_zeros() -> None:
    assert bytes(3) == HANGUP_MESSAGE


@pytest.mark.parametrize(
    "payload, said, failed",
    [
        (b"\x01", "caller hung up", False),
        (b"\x02", "Asterisk could not forward audio", True),
        (b"\x04", "Asterisk ran out of memory", True),
        (b"", "Asterisk reported error 0", True),
        (b"\x80", "Asterisk reported error 128", True),
    ],
)
def test_errors_say_what_asterisk_means(payload: bytes, said: str, failed: bool) -> None:
    assert error_text(payload) == (said, failed)
