"""Secrets of callers: not in records, nor on the screens of others, in sound or in logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import structlog

from tests.sessions.chat_house import House, house, message, told
from tests.sessions.conftest import VOICE, Exchange
from voicebot.errors import ActionError
from voicebot.events import CallRecorded, TurnResult
from voicebot.logs import configure_logging, discretion
from voicebot.media.recorder import Recorder
from voicebot.sessions.recording import Consent, Recordings
from voicebot.types import HIDDEN, Mode, Prompt

PAYS = """
start: size
steps:
  size: {ask: Which size?, grammar: size, sensitive: true, store: size, next: look}
  look: {act: price, arguments: {size: "{size}"}, next: told, on_error: broken}
  broken: {say: "No {size}, {problem}.", next: wish}
  told: {say: "So {size}.", next: wish}
  wish: {ask: Anything else?, grammar: wish, next: again}
  again: {say: "Still {size}, once more.", next: size}
"""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "recordings")
    made.start()
    yield made
    made.stop()


def _sensitive(exchange: Exchange) -> None:
    file = exchange.application / "flows" / "main.yaml"
    text = file.read_text()
    text = text.replace("    ask: Which fruit?\n", "    ask: Which fruit?\n    sensitive: true\n")
    file.write_text(text.replace("It costs", "An {fruit} costs"))


async def test_a_secret_is_in_no_turn_and_on_no_screen(exchange: Exchange) -> None:
    _sensitive(exchange)
    line = await exchange.call()
    await line.hear_out()
    await line.say("pear")
    await line.hear_out()
    await line.say("banana")
    await line.hear_out()
    line.caller.press("1")
    await line.hear_out()
    await line.hang_up()
    matched, missed, keyed = line.turns[:3]
    heard = [turn.heard for turn in (matched, missed, keyed) if turn.heard is not None]
    assert [each.text for each in heard] == [HIDDEN, HIDDEN, HIDDEN]
    assert [each.semantics for each in heard] == [HIDDEN, None, HIDDEN]
    assert [each.mode for each in heard] == [Mode.SPEECH, Mode.SPEECH, Mode.DTMF]
    assert missed.result is TurnResult.NOMATCH
    assert missed.prompt.startswith(f"An {HIDDEN} costs four.")
    everything = repr(line.events) + repr(line.live)
    for secret in ("pear", "banana", "apple", "'1'"):
        assert secret not in everything


async def test_a_recording_is_silent_while_a_secret_is_said_by_either(
    exchange: Exchange, recorder: Recorder
) -> None:
    _sensitive(exchange)
    file = exchange.application / "flows" / "main.yaml"
    file.write_text(
        file.read_text().replace("served: true\n    next: question", "served: true\n    next: done")
        + "  done: {say: 'Thank you for {fruit}.', next: end}\n  end: {say: Bye., hangup: auto}\n"
    )  # fmt: skip
    rule = Recordings(recorder.begin, Consent.NONE, Prompt(()))
    exchange.adapt = lambda services: replace(services, recordings=rule)
    line = await exchange.call()
    await line.hear_out()
    await line.say("pear")
    await line.over()
    recorder.stop()
    (name,) = [event.recording for event in line.events if isinstance(event, CallRecorded)]
    sound = soundfile.read(recorder.folder / name, dtype="int16")[0]
    assert not sound[:, 0].any()
    heard = np.count_nonzero(np.concatenate(line.caller.heard) == VOICE)
    # Of all that the caller heard only 'Bye.' is there: 40 ms.
    assert 0 < np.count_nonzero(sound[:, 1] == VOICE) <= 0.08 * 8000 < heard


async def test_what_went_wrong_with_a_secret_is_not_logged(
    exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    _sensitive(exchange)
    exchange.prices.error = ActionError("price", "no price for pear")
    configure_logging("debug", "json", redact=False)
    line = await exchange.call()
    await line.hear_out()
    await line.say("pear")
    await line.hear_out()
    await line.hang_up()
    written = capsys.readouterr().err
    assert "action_failed" in written
    assert "pear" not in written


def test_discretion_ends(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", "json", redact=False)
    log = structlog.get_logger("test")
    with discretion():
        log.info("one", text="hush", problem="hush")
    log.info("two", text="open")
    written = capsys.readouterr().err
    assert "hush" not in written
    assert "open" in written
    logging.getLogger().handlers.clear()


@pytest.fixture
def shop(tmp_path: Path) -> House:
    made = house(tmp_path)
    made.flow = PAYS
    return made


async def test_a_chat_shows_and_keeps_dots(shop: House, tmp_path: Path) -> None:
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        assert (await chats.view(talk, 0)).secret
        await chats.say(talk, message("large"))
        view = await chats.view(talk, 0)
        assert not view.secret
        assert not view.facts
        assert await told(chats, talk) == [
            "Which size?", f"> {HIDDEN}", f"So {HIDDEN}.", "Anything else?"
        ]  # fmt: skip
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("chats.db*"))
    assert b"Which size?" in kept
    assert b"large" not in kept


async def test_a_chat_knows_its_secret_until_it_is_put_away(shop: House) -> None:
    async with shop.running() as chats:
        talk = (await chats.begin()).conversation
        await chats.say(talk, message("large"))
        assert shop.acts.given[-1] == {"size": "large"}
        await chats.say(talk, message("delivery"))
        assert f"Still {HIDDEN}, once more." in await told(chats, talk)
        await chats.say(talk, message("small"))
        assert shop.acts.given[-1] == {"size": "small"}
        await chats.say(talk, message("nonsense"))
    async with shop.running() as chats:
        await chats.say(talk, message("delivery"))
        assert "Still , once more." in await told(chats, talk)
