"""The demo shop on the telephone: real SIP calls by recorded people, heard and looked up after.

Telephone calls take their time, so all of them are made at once: each ``@caller`` is a call that
begins when the first test asks for one, and its test waits for that call's record.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.conftest import Made, Told, caller
from tests.peers.phone import Phone
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]


@caller
async def spoken_number(phone: Phone) -> Told:
    greeting = await phone.listen()
    await phone.say("4271")
    answer = await phone.listen()
    await phone.say("goodbye")
    assert await phone.ended() == "the other side hung up"
    return {"greeting": greeting, "answer": answer}


async def test_spoken_order_number_gets_its_status(made: Made) -> None:
    call, told = await made(spoken_number)
    assert "harbor lane" in told["greeting"].replace("harbour", "harbor")
    assert "on its way" in told["answer"]
    assert call["outcome"] == "self_served"
    first, second, last = call["turns"]
    assert first["heard"]["mode"] == "speech"
    assert first["heard"]["semantics"]["number"] == "4271"
    assert "four two, seven one is on its way" in second["prompt"]
    assert second["latency_ms"] > 0
    assert last["result"] == "said"


@caller
async def keyed_number(phone: Phone) -> Told:
    await phone.listen()
    await phone.press("1508")
    return {"answer": await phone.listen()}


async def test_keyed_order_number_gets_its_status(made: Made) -> None:
    call, told = await made(keyed_number)
    assert "was delivered" in told["answer"]
    assert call["turns"][0]["heard"]["mode"] == "dtmf"
    assert call["turns"][0]["heard"]["semantics"]["number"] == "1508"
    assert call["outcome"] == "self_served"
    assert call["reason"] == "caller hung up"


@caller
async def menu_then_number(phone: Phone) -> None:
    await phone.listen()
    await phone.say("order status")
    await phone.listen()
    await phone.say("1508")
    await phone.listen()


async def test_menu_then_number_by_voice(made: Made) -> None:
    call, _ = await made(menu_then_number)
    assert [turn["step"] for turn in call["turns"][:2]] == ["main_menu", "ask_number"]
    assert call["turns"][0]["heard"]["semantics"] == {"intent": "order_status"}
    assert "was delivered" in call["turns"][2]["prompt"]


@caller
async def says_nothing(phone: Phone) -> None:
    for _ in range(3):
        await phone.listen()


async def test_silence_is_asked_again_in_other_words(made: Made) -> None:
    call, _ = await made(says_nothing)
    assert [turn["result"] for turn in call["turns"][:2]] == ["noinput", "noinput"]
    prompts = [turn["prompt"] for turn in call["turns"]]
    assert prompts[1] != prompts[2]
    assert call["outcome"] == "abandoned_in_flow"


@caller
async def two_requests_in_own_words(phone: Phone) -> None:
    await phone.listen()
    await phone.say("where are you located and when do you open")
    await phone.listen()
    await phone.press("2")  # no, to hearing more of where, if an article told it
    await phone.listen()


async def test_two_requests_in_a_callers_own_words_are_served_in_turn(made: Made) -> None:
    call, _ = await made(two_requests_in_own_words)
    heard = call["turns"][0]["heard"]["semantics"]
    assert heard is not None, call["turns"]
    assert heard["intent"] == "location"
    assert [each["intent"] for each in heard["more"]] == ["hours"]
    assert heard["because"]
    told = " ".join(turn["prompt"] for turn in call["turns"])
    assert told.index("twelve Harbour Lane") < told.index("Monday to Saturday")
    assert call["outcome"] == "self_served"


@caller
async def says_nonsense(phone: Phone) -> None:
    await phone.listen()
    await phone.say("my elephant plays the trumpet in the garden")
    await phone.listen()
    await phone.say("seven purple mountains are dancing tonight")
    await phone.listen()


async def test_nonsense_is_a_nomatch_with_help_in_other_words(made: Made) -> None:
    call, _ = await made(says_nonsense)
    assert call["turns"][0]["result"] == "nomatch"
    assert call["turns"][0]["heard"]["semantics"] is None
    assert call["turns"][1]["result"] == "nomatch"
    assert call["turns"][0]["prompt"] != call["turns"][1]["prompt"]
    assert call["outcome"] == "abandoned_in_flow"


@caller
async def speaks_into_the_greeting(phone: Phone) -> Told:
    await phone.call.speech(phone.since)
    await asyncio.sleep(1.0)
    began = asyncio.get_running_loop().time()
    await phone.say("hours")
    await phone.listen()
    cut = next(spurt for spurt in phone.call.line.spurts if spurt.end > began)
    return {"bot spoke on for": f"{cut.end - began:.3f}"}


async def test_speech_during_the_greeting_stops_it(made: Made) -> None:
    call, told = await made(speaks_into_the_greeting)
    assert float(told["bot spoke on for"]) < 0.6
    assert call["turns"][0]["barged_in"]
    assert call["turns"][0]["heard"]["semantics"] == {"intent": "hours"}
    assert call["outcome"] == "self_served"


@caller
async def keys_into_the_greeting(phone: Phone) -> None:
    await phone.call.speech(phone.since)
    await phone.press("4271#")
    await phone.listen()


async def test_key_during_the_greeting_stops_it(made: Made) -> None:
    call, _ = await made(keys_into_the_greeting)
    assert call["turns"][0]["barged_in"]
    assert call["turns"][0]["heard"]["semantics"]["number"] == "4271"


@caller
async def hangs_up_in_the_greeting(phone: Phone) -> None:
    await phone.call.speech(phone.since)


async def test_caller_who_hangs_up_in_the_greeting_was_not_served(made: Made) -> None:
    call, _ = await made(hangs_up_in_the_greeting)
    assert call["outcome"] == "abandoned_in_flow"
    assert call["reason"] == "caller hung up"


@caller
async def hangs_up_in_the_answer(phone: Phone) -> None:
    await phone.call.speech(phone.since)
    await phone.press("4271#")
    await phone.call.speech(phone.since)


async def test_caller_who_hangs_up_before_the_status_was_said_was_not_served(made: Made) -> None:
    call, _ = await made(hangs_up_in_the_answer)
    assert call["turns"][0]["result"] == "match"
    assert call["outcome"] == "abandoned_in_flow"


@caller
async def puts_us_on_hold(phone: Phone) -> None:
    await phone.listen()
    await phone.call.hold()
    await asyncio.sleep(6.5)
    await phone.call.resume()
    await phone.say("hours")
    await phone.listen()


async def test_hold_stops_the_clock_and_the_call_goes_on(made: Made) -> None:
    call, _ = await made(puts_us_on_hold)
    assert call["turns"][0]["result"] == "match"
    assert call["turns"][0]["heard"]["semantics"] == {"intent": "hours"}


@caller
async def asks_for_help(phone: Phone) -> None:
    await phone.listen()
    await phone.say("help me")
    await phone.listen()
    await phone.press("*")
    await phone.listen()


async def test_help_and_repeat_work_at_a_question(made: Made) -> None:
    call, _ = await made(asks_for_help)
    helped, repeated = call["turns"][1]["prompt"], call["turns"][2]["prompt"]
    assert call["turns"][0]["heard"]["semantics"] == "help"
    assert "order status" in helped
    assert "What can I do for you?" in repeated


@caller
async def wants_a_person(phone: Phone) -> Told:
    await phone.call.speech(phone.since)
    await phone.press("4271#")
    await phone.listen()
    await phone.say("operator")
    await phone.ended()
    return {"refer to": phone.call.transfers[0]}


async def test_transfer_that_is_taken_ends_as_transferred(made: Made) -> None:
    call, told = await made(wants_a_person)
    assert told["refer to"].startswith("<sip:agents@127.0.0.1:5999")
    assert "4271" in told["refer to"]
    assert call["outcome"] == "transferred"


async def _wants_a_person_in_vain(phone: Phone) -> None:
    await phone.listen()
    await phone.press("0")
    await phone.listen()
    await phone.listen()
    await phone.say("hours")
    await phone.listen()


@caller(transfer_status=486)
async def finds_the_agents_busy(phone: Phone) -> None:
    await _wants_a_person_in_vain(phone)


@caller(transfer_status=0)
async def may_not_be_transferred(phone: Phone) -> None:
    await _wants_a_person_in_vain(phone)


@pytest.mark.parametrize("script", [finds_the_agents_busy, may_not_be_transferred])
async def test_refused_transfer_brings_the_caller_back(made: Made, script: object) -> None:
    call, _ = await made(script)
    prompts = " ".join(turn["prompt"] for turn in call["turns"])
    assert "nobody is free" in prompts
    assert call["outcome"] == "self_served"


async def test_calls_left_no_frame_late_and_no_packet_malformed(
    made: Made, server: ServerProcess
) -> None:
    await made(spoken_number)
    sent = await server.metric("voicebot_frames_sent_total")
    assert sent > 1000
    assert await server.metric("voicebot_rtp_malformed_total") == 0
    assert await server.metric("voicebot_sip_malformed_total") == 0
