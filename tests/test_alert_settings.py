"""Settings of alerts that do not fit together are told."""

from __future__ import annotations

import pytest

from voicebot.config import load_settings
from voicebot.errors import ConfigError


@pytest.mark.parametrize(
    "environment, said",
    [
        ({"WEBHOOK_URL": "https://hook.example"}, "needs 32 characters or more"),
        ({"MAIL_TO": "team@shop.example"}, "alerts.mail_to needs alerts.mail_from"),
        (
            {"MAIL_TO": "team@shop.example", "MAIL_FROM": "bot@shop.example"},
            "alerts.mail_to needs alerts.mail_host",
        ),
        ({"MAIL_TO": "team"}, "should be like team@shop.example"),
        (
            {"MAIL_TO": "team@shop.example", "MAIL_FROM": "bot", "MAIL_HOST": "mail.example"},
            "should be like voicebot@shop.example",
        ),
        ({"WEEKS": "3"}, "greater than or equal to 4"),
    ],
)
def test_what_is_missing_is_told(environment: dict[str, str], said: str) -> None:
    named = {f"VOICEBOT_ALERTS__{key}": value for key, value in environment.items()}
    with pytest.raises(ConfigError, match=said):
        load_settings(environment=named)


def test_receivers_may_be_a_list_of_words() -> None:
    settings = load_settings(
        environment={
            "VOICEBOT_ALERTS__MAIL_TO": "team@shop.example, eva@shop.example",
            "VOICEBOT_ALERTS__MAIL_FROM": "bot@shop.example",
            "VOICEBOT_ALERTS__MAIL_HOST": "mail.example",
        }
    )
    assert settings.alerts.mail_to == ["team@shop.example", "eva@shop.example"]


def test_a_day_begins_in_a_zone_that_there_is() -> None:
    with pytest.raises(ConfigError, match="no such time zone"):
        load_settings(environment={"VOICEBOT_WALL__ZONE": "Europe/Berlinn"})
