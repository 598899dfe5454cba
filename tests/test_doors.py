"""The doors as the settings make them."""

from __future__ import annotations

import pytest

from voicebot.config import Settings
from voicebot.config.sip import SipSettings
from voicebot.config.sip_provider import SipProvider
from voicebot.doors import Doors
from voicebot.errors import ConfigError
from voicebot.telephony._api import Admission, CallLeg, LegInfo, Reception


async def _nobody(leg: CallLeg) -> None: ...


def _ignore(info: LegInfo, status: int) -> None: ...


RECEPTION = Reception(lambda info: Admission(False), _nobody, _ignore)
TRUNK = SipProvider(servers=("127.0.0.1:9",), user="4711", password_env="TRUNK_PASSWORD")


async def test_a_password_that_is_not_in_the_environment_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TRUNK_PASSWORD", raising=False)
    settings = Settings(sip=SipSettings(providers={"trunk": TRUNK}))
    with pytest.raises(ConfigError, match=r"TRUNK_PASSWORD: is not set\. Put the SIP password"):
        Doors(settings, RECEPTION)


async def test_a_provider_stands_in_readiness_and_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNK_PASSWORD", "sesame")
    doors = Doors(Settings(sip=SipSettings(providers={"trunk": TRUNK})), RECEPTION)
    check = doors.readiness()["sip provider trunk"]
    assert (check.ok, check.detail) == (False, "trying")
    figures = {figure.name: figure for figure in doors.figures()}
    assert figures["voicebot_sip_registered"].labels == {"provider": "trunk"}


async def test_without_providers_readiness_says_nothing_of_them() -> None:
    assert Doors(Settings(), RECEPTION).readiness() == {}
