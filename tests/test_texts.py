"""What sends messages is built from the settings, and wrong settings are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.config import Settings, load_settings
from voicebot.errors import ConfigError
from voicebot.storage.database import open_database
from voicebot.storage.migrations import upgrade
from voicebot.storage.texts import SqlMessageStore
from voicebot.texts import Texts
from voicebot.types import CallId, Language


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite:///{tmp_path / 'var' / 'voicebot.db'}"
    await upgrade(url)
    engine = open_database(url)
    yield engine
    await engine.dispose()


def settings(tmp_path: Path, toml: str, **environment: str) -> Settings:
    file = tmp_path / "voicebot.toml"
    file.write_text(toml)
    return load_settings(file, environment)


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[texting]\ngateway = 'http'", "needs the provider's URL"),
        ("[texting]\ngateway = 'twilio'", "VOICEBOT_TEXTING__AUTH_TOKEN"),
        ("[texting]\nauth_token = 'x'", "VOICEBOT_TEXTING__AUTH_TOKEN"),
        ("[texting]\ntexts = {en = 'no link'}", "{link} once"),
        ("[texting]\ncountry_code = '+1'", "texting.country_code"),
        ("[webhook]\nurl = 'https://b.example'", "VOICEBOT_WEBHOOK__SECRET"),
        ("[webhook]\nchannel = 'sms'", "sms is the channel"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, toml: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"texting|webhook") as caught:
        settings(tmp_path, toml)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("url = 'https://p.example/{number}'", "{number} is nothing that can be filled in"),
        ("url = 'https://p.example/{to'", "texting.url"),
        ("url = 'https://p.example'\nheaders = {A = '${env:NOT_SET_HERE}'}", "NOT_SET_HERE"),
        ("url = 'https://p.example'\njson_body = {to = '{who}'}", "texting.json_body"),
    ],
)
async def test_templates_that_cannot_be_filled_in_are_told(
    tmp_path: Path, engine: AsyncEngine, line: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Texts(settings(tmp_path, f"[texting]\ngateway = 'http'\n{line}"), engine)
    assert problem in str(caught.value)


async def test_without_a_provider_links_stand_in_the_outbox(
    tmp_path: Path, engine: AsyncEngine
) -> None:
    toml = "[texting]\ncountry_code = '1'\ntexts = {en = 'Shop: {link}'}"
    texts = Texts(settings(tmp_path, toml), engine)
    links = texts._links
    number = links.reach("555 010 0123")
    assert number == "+15550100123"
    link = "https://voice.example/t/x"
    await links.send_link(CallId("c"), number, link, Language("en-GB"), 4e9)
    await texts.dispatch.send_due()
    [message] = await SqlMessageStore(engine).latest(10)
    assert (message.body, message.state, message.contact) == (f"Shop: {link}", "sent", "c")
    await texts.dispatch.stop()
