"""Builds what offers text and sends messages: gateways, the dispatch, and their part of HTTP.

Who holds the conversations is given by its contract (`sessions.invitation`); without it nothing is
offered, and the webhook is closed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.actions.http import new_client
from voicebot.actions.template import TemplateProblem, fill_json, parse_template
from voicebot.config import Settings
from voicebot.config.texting import TextingSettings
from voicebot.errors import ConfigError
from voicebot.figures.texting import texting_figures
from voicebot.sessions.invitation import TextDesk, TextInvitations, TextTo
from voicebot.sessions.offers import NO_TEXT, TextOffers
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.texts import SqlMessageStore
from voicebot.texting.dispatch import DispatchPolicy, TextDispatch
from voicebot.texting.gateway import Gateway, OutboxGateway
from voicebot.texting.http_gateway import HttpGateway, HttpProvider
from voicebot.texting.links import SmsLinks
from voicebot.texting.message import SMS
from voicebot.texting.retry import RetryPolicy
from voicebot.texting.twilio import STATES, TwilioAccount, TwilioGateway
from voicebot.texting.webhook import WebhookGateway, line_message
from voicebot.types import CallId
from voicebot.web.api.deflection import deflection_router
from voicebot.web.api.texting import (
    PREFIX,
    TextCarrier,
    TextingDesk,
    carrier_router,
    outbox_router,
    provider_router,
)
from voicebot.web.api.webhook import Webhook, webhook_router
from voicebot.web.metrics import Figure


class Texts:
    """Everything about messages in text of one server. Raises ConfigError for a template that
    cannot be read."""

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self._settings = settings
        self._store = SqlMessageStore(engine)
        self._records = SqlDeflections(engine)
        texting = settings.texting
        policy = DispatchPolicy(
            RetryPolicy(texting.tries, texting.retry_s),
            texting.per_minute,
            texting.per_number,
            texting.max_waiting,
        )
        self.dispatch = TextDispatch(self._store, _gateways(settings), policy)
        self._links = SmsLinks(
            self.dispatch, country_code=texting.country_code, words=texting.texts
        )

    def offers(
        self,
        invitations: TextInvitations | None,
        show: Callable[[CallId, str], bool] | None,
        ask: Callable[[CallId, str], None],
    ) -> TextOffers:
        """What voice calls offer with; ``show`` puts a link on a caller's page, ``ask`` the
        question (`TextOffers`)."""
        offers = self._settings.offers
        if invitations is None or not offers.enabled:
            return NO_TEXT
        return TextOffers(invitations, self._links, show, tuple(offers.never), offers.soon_s, ask)

    def routers(self, desk: TextDesk | None) -> tuple[APIRouter, ...]:
        """The HTTP side; ``desk`` takes what is written in messengers."""
        texting, webhook = self._settings.texting, self._settings.webhook
        messages = TextingDesk(
            self.dispatch.reported, self.dispatch.heard, self._store.latest, texting.country_code
        )
        routers = [
            deflection_router(self._records),
            outbox_router(messages),
        ]
        if texting.gateway == "twilio" and texting.public_url:
            token = texting.auth_token.get_secret_value()
            carrier = TextCarrier(texting.public_url, token, STATES)
            routers.append(carrier_router(messages, carrier))
        if texting.gateway == "http" and texting.callback_secret.get_secret_value():
            routers.append(provider_router(messages, texting.callback_secret.get_secret_value()))
        if webhook.url and desk is not None:
            secret = webhook.secret.get_secret_value()
            routers.append(webhook_router(Webhook(webhook.channel, secret, desk, self.send_line)))
        return tuple(routers)

    def figures(self) -> Iterator[Figure]:
        """What the dispatch counts (`MetricSource`)."""
        return texting_figures(self.dispatch.counters)

    async def send_line(self, line: TextTo) -> None:
        """Have a line posted to the webhook; the same line twice goes out once. A line of a
        channel that is switched off by now goes nowhere."""
        if line.channel != self._settings.webhook.channel or not self._settings.webhook.url:
            return
        await self.dispatch.submit(line_message(line, time.time()))


def _gateways(settings: Settings) -> dict[str, Gateway]:
    gateways: dict[str, Gateway] = {SMS: _sms_gateway(settings.texting)}
    webhook = settings.webhook
    if webhook.url:
        gateways[webhook.channel] = WebhookGateway(
            webhook.url, webhook.secret.get_secret_value(), new_client(), time.time
        )
    return gateways


def _sms_gateway(texting: TextingSettings) -> Gateway:
    if texting.gateway == "outbox":
        return OutboxGateway()
    if texting.gateway == "http":
        return HttpGateway(_provider(texting), new_client(), os.environ)
    callback = f"{texting.public_url}{PREFIX}/twilio/status" if texting.public_url else ""
    account = TwilioAccount(
        texting.account,
        texting.auth_token.get_secret_value(),
        texting.sender,
        callback,
        texting.base_url,
    )
    return TwilioGateway(account, new_client())


def _provider(texting: TextingSettings) -> HttpProvider:
    known = {"to": "", "text": "", "id": "", "sender": ""}
    at = "texting.url"
    try:
        url = parse_template(texting.url)
        at = "texting.headers"
        headers = {name: parse_template(text) for name, text in texting.headers.items()}
        for template in (url, *headers.values()):
            template.render(known, os.environ)
        at = "texting.json_body"
        fill_json(dict(texting.json_body), known, os.environ)
        at = "texting.form"
        fill_json(dict(texting.form), known, os.environ)
    except TemplateProblem as problem:
        raise ConfigError(at, str(problem), "See docs/text.md.") from None
    except KeyError as error:
        name = f"{{{error.args[0]}}}"
        remedy = "There are {to}, {text}, {id} and {sender}."
        raise ConfigError(at, f"{name} is nothing that can be filled in", remedy) from None
    return HttpProvider(
        url=url,
        sender=texting.sender,
        method=texting.method,
        headers=headers,
        json=dict(texting.json_body) or None,
        form=dict(texting.form),
        reference=tuple(part for part in texting.reference.split(".") if part),
        repeatable=texting.idempotent,
    )
