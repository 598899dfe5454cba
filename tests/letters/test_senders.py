"""What a webhook is posted, and what a mailbox gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_string, policy

import httpx
import pytest

from tests.letters.letters import FEW, LONG, NOW, a_letter
from voicebot.letters.mail import MailSender, MailServer, mail_of
from voicebot.letters.webhook import WebhookSender
from voicebot.sending.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, fault_in
from voicebot.sending.signed_post import SignedPost

SECRET = "0123456789abcdef0123456789abcdef"
TEAM = ("team@shop.example", "eva@shop.example")


async def test_a_notice_is_posted_signed_and_with_its_id() -> None:
    got: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(204)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        post = SignedPost("https://hook.example/x", SECRET, client, lambda: NOW)
        sender = WebhookSender(post)
        assert await sender.send(a_letter()) == ""
    (request,) = got
    told, signature = request.headers[TIMESTAMP_HEADER], request.headers[SIGNATURE_HEADER]
    assert fault_in(request.content, told, signature, NOW, SECRET) == ""
    assert request.headers["Idempotency-Key"] == "n1"
    body = json.loads(request.content)
    assert (body["id"], body["standing"], body["page"]) == ("n1", 1, "https://wall")
    assert body["raised"][0]["said"] == LONG.said


@pytest.mark.parametrize("status, said", [(500, "500"), (404, "404"), (429, "429")])
async def test_any_other_answer_is_a_failed_try(status: int, said: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status))
    async with httpx.AsyncClient(transport=transport) as client:
        post = SignedPost("https://x", SECRET, client, lambda: NOW)
        problem = await WebhookSender(post).send(a_letter())
    assert said in problem


def test_a_mail_says_in_words_what_is_raised_and_cleared() -> None:
    mail = mail_of(a_letter(raised=(LONG, FEW), cleared=(LONG,)), "bot@shop.example", TEAM)
    assert mail["Subject"] == "voicebot: support: callers waiting 12, limit 10 (and 1 more)"
    assert mail["To"] == "team@shop.example, eva@shop.example"
    assert mail["Message-ID"] == "<n1@shop.example>"
    text = mail.get_content()
    for words in (LONG.said, FEW.said, "Cleared: long line, support", "https://wall"):
        assert words in text


def test_a_mail_of_an_end_says_so_at_once() -> None:
    mail = mail_of(a_letter(raised=(), cleared=(FEW,)), "bot@shop.example", TEAM)
    assert mail["Subject"] == "voicebot: cleared: few contained"
    assert "No alert stands now." in mail.get_content()


class MailHost:
    """A mail server that speaks enough SMTP (RFC 5321) to take messages, or to refuse them."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.messages: list[str] = []
        self.receivers: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := (await reader.readline()).decode():
            word = line[:4].upper().strip()
            if word == self.refuses:
                answer = "550 no"
            elif word == "EHLO":
                answer = "250-mail.example\r\n250 AUTH PLAIN"
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                whole = await reader.readuntil(b"\r\n.\r\n")
                self.messages.append(whole.decode().removesuffix(".\r\n"))
                answer = "250 taken"
            else:
                if word == "RCPT":
                    self.receivers.append(line.strip())
                answer = "221 bye" if word == "QUIT" else "250 fine"
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
            if word == "QUIT":
                break
        writer.close()


@asynccontextmanager
async def serving(host: MailHost) -> AsyncIterator[MailSender]:
    server = await asyncio.start_server(host.talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield MailSender(MailServer("127.0.0.1", port, tls=False), "bot@shop.example", TEAM)


async def test_a_mail_reaches_everybody_at_once() -> None:
    host = MailHost()
    async with serving(host) as sender:
        assert await sender.send(a_letter(channel="mail")) == ""
    (text,) = host.messages
    assert message_from_string(text, policy=policy.default)["Subject"].startswith("voicebot: ")
    assert len(host.receivers) == 2


@pytest.mark.parametrize(
    "word, said", [("RCPT", "none of the receivers"), ("MAIL", "550"), ("EHLO", "")]
)
async def test_a_mail_that_is_refused_is_a_failed_try(word: str, said: str) -> None:
    async with serving(MailHost(refuses=word)) as sender:
        problem = await sender.send(a_letter(channel="mail"))
    assert said in problem
    assert "shop.example" not in problem, "addresses stay out of the log"
    assert bool(problem) is bool(said), "a server without EHLO is asked by HELO"


async def test_a_mail_server_without_encryption_gets_nothing_where_it_is_wanted() -> None:
    host = MailHost()
    async with serving(host) as plain:
        port = plain._server.port
        sender = MailSender(MailServer("127.0.0.1", port, tls=True), "bot@shop.example", TEAM)
        assert await sender.send(a_letter(channel="mail"))
    assert host.messages == []


async def test_a_password_that_smtp_cannot_carry_is_a_failed_try() -> None:
    async with serving(MailHost()) as plain:
        server = replace(plain._server, user="bot", password="geheimnis\u00e4\u4e2d")
        sender = MailSender(server, "bot@shop.example", TEAM)
        problem = await sender.send(a_letter(channel="mail"))
    assert "mail_password" in problem
    assert "geheim" not in problem
