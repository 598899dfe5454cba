"""Notices by e-mail: a plain message to all receivers, by SMTP (RFC 5321) in a thread.

``Message-ID`` is made of the notice's id, so that one which was sent twice shows once in most
mailboxes. Left out on purpose: OAuth, and servers that ask for a certificate of ours.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final

from voicebot.letters.letter import Letter

TIMEOUT_S: Final = 10.0
_SMTPS: Final = 465
_LONGEST_SUBJECT: Final = 120


@dataclass(frozen=True, slots=True)
class MailServer:
    """``tls``: STARTTLS, or TLS from the beginning on port 465; never without where it is set."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)


class MailSender:
    """Sends from ``sender`` to all of ``receivers`` at once."""

    def __init__(self, server: MailServer, sender: str, receivers: Sequence[str]) -> None:
        self._server = server
        self._sender = sender
        self._receivers = tuple(receivers)

    async def send(self, letter: Letter) -> str:
        message = mail_of(letter, self._sender, self._receivers)
        try:
            await asyncio.to_thread(self._deliver, message)
        except smtplib.SMTPRecipientsRefused:
            return "the mail server takes none of the receivers"
        except smtplib.SMTPAuthenticationError:
            return "the mail server does not take the name or password"
        except smtplib.SMTPResponseException as error:
            return f"the mail server answered {error.smtp_code}"
        except UnicodeError:
            return "alerts.mail_user, mail_password or mail_host has letters that SMTP cannot carry"
        except (OSError, smtplib.SMTPException) as error:
            # The text may hold addresses.
            return f"the mail server cannot be reached ({type(error).__name__})"
        return ""

    def _deliver(self, message: EmailMessage) -> None:
        server = self._server
        context = ssl.create_default_context() if server.tls else None
        with self._connect(context) as connection:
            if context is not None and server.port != _SMTPS:
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)

    def _connect(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        server = self._server
        if context is not None and server.port == _SMTPS:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)


def mail_of(letter: Letter, sender: str, receivers: Sequence[str]) -> EmailMessage:
    """The message that says what ``letter`` says."""
    body: Mapping[str, Any] = letter.body
    message = EmailMessage()
    message["Subject"] = _subject(body)
    message["From"] = sender
    message["To"] = ", ".join(receivers)
    message["Date"] = formatdate(body["at"], usegmt=True)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(body))
    return message


def _subject(body: Mapping[str, Any]) -> str:
    first, *rest = [each["said"] for each in body["raised"]] or [
        f"cleared: {each['name']}" for each in body["cleared"]
    ]
    # Names are the designer's; a line break would be refused by the message.
    told = " ".join(f"voicebot: {first}".split())[:_LONGEST_SUBJECT]
    return f"{told} (and {len(rest)} more)" if rest else told


def _text(body: Mapping[str, Any]) -> str:
    lines = [f"{each['said']} ({each['name']})" for each in body["raised"]]
    lines += [f"Cleared: {_named(each)}" for each in body["cleared"]]
    standing = body["standing"]
    lines += ["", "No alert stands now." if not standing else f"Alerts that stand: {standing}."]
    return "\n".join([*lines, *([body["page"]] if body["page"] else [])]) + "\n"


def _named(alert: Mapping[str, Any]) -> str:
    return f"{alert['name']}, {alert['queue']}" if alert["queue"] else str(alert["name"])
