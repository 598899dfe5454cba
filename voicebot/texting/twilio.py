"""Twilio's interface for messages, which others have copied (Messages resource, 2010-04-01).

It knows no idempotency key, so a message without an answer is not sent again: its status callback,
which carries our id, tells what became of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

import httpx

from voicebot.sending.attempt import Attempt, Refused
from voicebot.sending.http_answers import Answer, ask
from voicebot.texting.message import MessageState, TextMessage

OPTED_OUT: Final = 21610
"""Twilio's error for a recipient who has sent STOP."""

STATES: Final = {
    "queued": MessageState.SENT,
    "accepted": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}
"""MessageStatus of a callback, as a state of ours."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """``sender`` is a number, or a messaging service (``MG...``); ``callback`` the address that
    statuses are posted to, empty for none, and gets ``?id=`` and our id of the message."""

    account: str
    auth_token: str = field(repr=False)
    sender: str
    callback: str = ""
    base_url: str = "https://api.twilio.com"


class TwilioGateway:
    """Sends messages through one account."""

    repeatable = False
    keeps_body = False

    def __init__(self, account: TwilioAccount, client: httpx.AsyncClient) -> None:
        self._account = account
        self._client = client

    async def send(self, message: TextMessage) -> Attempt:
        answer = await ask(self._client, self._request(message))
        if not isinstance(answer, Answer):
            return answer
        told = _object(answer.body)
        attempt = answer.attempt(str(told.get("sid", ""))[:200])
        if isinstance(attempt, Refused) and isinstance(code := told.get("code"), int):
            return Refused(f"the gateway refused it with error {code}", code == OPTED_OUT)
        return attempt

    async def aclose(self) -> None:
        await self._client.aclose()

    def _request(self, message: TextMessage) -> httpx.Request:
        account = self._account
        service = account.sender.startswith("MG")
        fields = {
            "To": message.recipient,
            "MessagingServiceSid" if service else "From": account.sender,
            "Body": message.body,
        }
        if account.callback:
            fields["StatusCallback"] = f"{account.callback}?id={quote(message.id)}"
        path = f"/2010-04-01/Accounts/{quote(account.account)}/Messages.json"
        request = self._client.build_request(
            "POST",
            account.base_url.rstrip("/") + path,
            content=urlencode(fields).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        auth = httpx.BasicAuth(account.account, account.auth_token)
        return next(auth.auth_flow(request))


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
