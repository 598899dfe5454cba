"""What is sent again, and what is not done twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import pytest
from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.messages import Head, Message, build_answer, parse_message
from voicebot.telephony.sip.timers import Timers, resend_delays
from voicebot.telephony.sip.transactions import ClientTransactions, ServerTransactions

QUICK = Timers(t1_s=0.002, t2_s=0.016)


@dataclass
class Recorder:
    """A hop that keeps what is sent."""

    transport: Literal["UDP", "TCP"] = "UDP"
    peer: tuple[str, int] = ("127.0.0.1", 5062)
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def at_port(self, port: int) -> Recorder:
        return self


def incoming(method: str = "INVITE", cseq: int = 1, branch: str = "b1") -> tuple[SipRequest, Head]:
    message, head = parse_message(
        f"{method} sip:1000@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK{branch}\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:1000@127.0.0.1>\r\n"
        f"Call-ID: c\r\nCSeq: {cseq} {method}\r\n\r\n".encode()
    )
    assert isinstance(message, SipRequest)
    return message, head


def test_repeats_follow_rfc_3261_s_timers() -> None:
    delays = list(resend_delays(Timers()))
    assert delays[:5] == [0.5, 1.0, 2.0, 4.0, 4.0]
    assert sum(delays) == pytest.approx(32.0)
    assert max(delays) <= 4.0


async def test_a_repeated_request_gets_the_same_answer_and_is_not_seen_twice() -> None:
    transactions = ServerTransactions(Timers(), lambda status: None)
    hop = Recorder()
    first = transactions.begin(*incoming("OPTIONS"), hop)
    assert first is not None
    first.answer(200)
    assert transactions.begin(*incoming("OPTIONS"), hop) is None
    assert len(hop.sent) == 2
    assert bytes(hop.sent[0]) == bytes(hop.sent[1])
    assert transactions.begin(*incoming("OPTIONS", cseq=2, branch="b2"), hop) is not None


async def test_a_final_answer_is_given_once() -> None:
    statuses: list[int] = []
    transactions = ServerTransactions(Timers(), statuses.append)
    invite = transactions.begin(*incoming(), Recorder())
    assert invite is not None
    invite.answer(100)
    assert not invite.answered
    invite.answer(487)
    invite.answer(200)
    assert statuses == [100, 487]
    assert invite.answered
    assert not invite.accepted
    transactions.close()


@pytest.mark.parametrize(
    ("transport", "status", "repeats"),
    [("UDP", 486, True), ("TCP", 486, False), ("UDP", 200, True), ("TCP", 200, True)],
)
async def test_an_answer_to_invite_is_repeated_until_acknowledged(
    transport: Literal["UDP", "TCP"], status: int, repeats: bool
) -> None:
    transactions = ServerTransactions(QUICK, lambda status: None)
    hop = Recorder(transport)
    invite = transactions.begin(*incoming(), hop)
    assert invite is not None
    given_up = asyncio.Event()
    invite.answer(status, unacknowledged=given_up.set)
    if repeats:
        async with asyncio.timeout(30):
            await given_up.wait()
        assert len(hop.sent) == len(list(resend_delays(QUICK)))
    else:
        assert len(hop.sent) == 1
    transactions.close()


async def test_an_acknowledged_answer_is_not_repeated() -> None:
    transactions = ServerTransactions(QUICK, lambda status: None)
    hop = Recorder()
    invite = transactions.begin(*incoming(), hop)
    assert invite is not None
    lost = asyncio.Event()
    invite.answer(200, unacknowledged=lost.set)
    invite.acknowledged()
    other = transactions.begin(*incoming(cseq=2, branch="b2"), Recorder())
    assert other is not None
    done = asyncio.Event()
    other.answer(486, unacknowledged=done.set)
    async with asyncio.timeout(30):
        await done.wait()
    assert len(hop.sent) == 1
    assert not lost.is_set()


async def test_an_ack_finds_the_invite_by_its_branch() -> None:
    transactions = ServerTransactions(Timers(), lambda status: None)
    invite = transactions.begin(*incoming(), Recorder())
    assert transactions.invite_of(incoming("ACK")[1]) is invite
    assert transactions.invite_of(incoming("ACK", branch="b9")[1]) is None


class Answering(Recorder):
    """Answers the nth time it is sent to."""

    def __init__(self, clients: ClientTransactions, answers: dict[int, int]) -> None:
        super().__init__()
        self._clients = clients
        self._answers = answers

    def send(self, message: Message) -> None:
        super().send(message)
        status = self._answers.get(len(self.sent))
        if status is not None and isinstance(message, SipRequest):
            answer, head = parse_message(bytes(build_answer(message, status)))
            assert isinstance(answer, SipResponse)
            self._clients.answered(answer, head)


async def test_our_request_is_repeated_until_it_is_answered() -> None:
    clients = ClientTransactions(QUICK)
    hop = Answering(clients, {3: 200})
    request, head = incoming("BYE")
    answer = await clients.request(request, head.branch, hop)
    assert answer is not None
    assert answer.status_code == 200
    assert len(hop.sent) == 3


async def test_a_provisional_answer_is_waited_on() -> None:
    clients = ClientTransactions(QUICK)
    hop = Answering(clients, {1: 100, 2: 202})
    request, head = incoming("REFER")
    answer = await clients.request(request, head.branch, hop)
    assert answer is not None
    assert answer.status_code == 202


async def test_a_request_that_nobody_answers_is_given_up() -> None:
    clients = ClientTransactions(QUICK)
    hop = Recorder()
    request, head = incoming("BYE")
    assert await clients.request(request, head.branch, hop) is None
    assert len(hop.sent) > 3
    over_tcp = Recorder("TCP")
    assert await clients.request(request, head.branch, over_tcp) is None
    assert len(over_tcp.sent) == 1


async def test_an_answer_that_nobody_waits_for_is_left() -> None:
    request, _ = incoming("BYE")
    answer, head = parse_message(bytes(build_answer(request, 200)))
    assert isinstance(answer, SipResponse)
    assert not ClientTransactions(QUICK).answered(answer, head)
