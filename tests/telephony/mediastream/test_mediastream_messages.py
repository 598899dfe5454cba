"""The messages of a media stream, as Twilio documents them."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.mediastream import messages
from voicebot.telephony.mediastream.messages import MalformedMessage, Writer

START = """{"event": "start", "sequenceNumber": "1", "start": {"accountSid": "AC1",
 "streamSid": "MZ1", "callSid": "CA1", "tracks": ["inbound"],
 "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
 "customParameters": {"FirstName": "Jane"}}, "streamSid": "MZ1"}"""


@pytest.mark.parametrize(
    "text, event",
    [
        ('{"event": "connected", "protocol": "Call", "version": "1.0.0"}', messages.Ignored()),
        (START, messages.Started("MZ1", "CA1", messages.FORMAT)),
        (
            '{"event": "media", "sequenceNumber": "3", "media": {"track": "inbound", "chunk": "1",'
            ' "timestamp": "5", "payload": "/38A"}, "streamSid": "MZ1"}',
            messages.Media(b"\xff\x7f\x00"),
        ),
        (
            '{"event": "media", "media": {"track": "outbound", "payload": "/38A"}}',
            messages.Ignored(),
        ),
        (
            '{"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", '
            '"digit": "1"}}',
            messages.Key("1"),
        ),
        ('{"event": "mark", "streamSid": "MZ1", "mark": {"name": "7"}}', messages.Played("7")),
        ('{"event": "stop", "stop": {"accountSid": "AC1"}}', messages.Stopped()),
        ('{"event": "something new"}', messages.Ignored()),
    ],
)
def test_messages_mean_what_is_documented(text: str, event: messages.Event) -> None:
    assert messages.read(text) == event


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "5",
        '"media"',
        "{}",
        '{"event": 5}',
        '{"event": "media"}',
        '{"event": "media", "media": "AAAA"}',
        '{"event": "media", "media": {}}',
        '{"event": "media", "media": {"payload": 5}}',
        '{"event": "media", "media": {"payload": "not base64!"}}',
        '{"event": "media", "media": {"payload": "AAA"}}',
        '{"event": "media", "media": {"payload": "\\u00e4"}}',
        '{"event": "dtmf", "dtmf": {"digit": 5}}',
        '{"event": "dtmf", "dtmf": {"digit": "' + "5" * 200 + '"}}',
        '{"event": "mark", "mark": []}',
        '{"event": "start", "start": {"streamSid": "MZ1", "callSid": "CA1"}}',
        START.replace("8000", '"many"'),
        "[" * 50_000,
    ],
)
def test_nonsense_is_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage):
        messages.read(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists) | st.text())
def test_nothing_else_is_raised(content: object) -> None:
    for text in (
        json.dumps(content),
        str(content),
        json.dumps({"event": content}),
        json.dumps({"event": "media", "media": {"payload": content}}),
        json.dumps({"event": "start", "start": content}),
    ):
        with contextlib.suppress(MalformedMessage):
            messages.read(text)


def test_what_is_sent_is_valid_json() -> None:
    writer = Writer('MZ"1')
    media = json.loads(writer.media(bytes(range(256))))
    assert (media["event"], media["streamSid"]) == ("media", 'MZ"1')
    assert base64.b64decode(media["media"]["payload"]) == bytes(range(256))
    assert json.loads(writer.mark("7")) == {
        "event": "mark",
        "streamSid": 'MZ"1',
        "mark": {"name": "7"},
    }
    assert json.loads(writer.clear) == {"event": "clear", "streamSid": 'MZ"1'}
