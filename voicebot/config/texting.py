"""Settings of messages in text: SMS that go out, and the webhook for messengers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue, SecretStr, ValidationInfo, field_validator

from voicebot.config.section import ENVIRONMENT_ONLY, Section

_URL = r"^(https?://\S+)?$"


class TextingSettings(Section):
    """How messages go out, and how many. The order of the fields matters to their checks."""

    gateway: Literal["outbox", "http", "twilio"] = Field(
        "outbox", description="what sends messages; outbox: nobody, the operator sees them"
    )
    sender: str = Field("", description="number or name that messages come from")
    country_code: str = Field(
        "", pattern=r"^([1-9]\d{0,2})?$", description="country code of national numbers, digits"
    )
    texts: dict[str, str] = Field(
        default_factory=dict, description="the message by language, {link} is the link"
    )
    per_minute: int = Field(60, ge=1, le=10_000, description="messages that go out in a minute")
    per_number: int = Field(5, ge=1, le=1000, description="messages to one number in a day")
    max_waiting: int = Field(1000, ge=1, le=1_000_000, description="messages that may wait")
    tries: int = Field(5, ge=1, le=20, description="how often a message is tried")
    retry_s: float = Field(5.0, gt=0, le=300, description="first pause between tries; it doubles")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="address that the provider reaches us at, for what became of messages",
    )
    account: str = Field("", description="twilio: account SID")
    auth_token: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="twilio: the account's auth token",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
    base_url: str = Field(
        "https://api.twilio.com", pattern=_URL, description="twilio: address of the API"
    )
    url: str = Field(
        "",
        pattern=_URL,
        validate_default=True,
        description="http: URL, with {to}, {text}, {id}, {sender}",
    )
    method: Literal["GET", "POST", "PUT"] = Field("POST", description="http: method")
    headers: dict[str, str] = Field(default_factory=dict, description="http: headers")
    json_body: dict[str, JsonValue] = Field(
        default_factory=dict, description="http: JSON body, filled in like the URL"
    )
    form: dict[str, str] = Field(default_factory=dict, description="http: form fields instead")
    reference: str = Field("", description="http: path to the provider's id in its JSON answer")
    idempotent: bool = Field(
        False, description="http: whether the provider heeds Idempotency-Key or {id}"
    )
    callback_secret: SecretStr = Field(
        SecretStr(""),
        description="http: secret that signs what the provider posts to us",
        json_schema_extra=ENVIRONMENT_ONLY,
    )
    token: SecretStr = Field(
        SecretStr(""),
        description="token that `/api/outbox` asks for; empty: nobody may read it there",
        json_schema_extra=ENVIRONMENT_ONLY,
    )

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("texts")
    @classmethod
    def _with_link(cls, value: dict[str, str]) -> dict[str, str]:
        for language, text in value.items():
            if text.count("{link}") != 1:
                raise ValueError(f"the text for '{language}' should hold {{link}} once")
        return value

    @field_validator("auth_token")
    @classmethod
    def _twilio_is_whole(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        known: dict[str, Any] = info.data
        if known.get("gateway") == "twilio":
            if not value.get_secret_value():
                raise ValueError("needs the auth token in VOICEBOT_TEXTING__AUTH_TOKEN")
            if not known.get("account") or not known.get("sender"):
                raise ValueError("the gateway twilio needs texting.account and texting.sender")
        return value

    @field_validator("url")
    @classmethod
    def _http_has_url(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("gateway") == "http" and not value:
            raise ValueError("the gateway http needs the provider's URL")
        return value


class WebhookSettings(Section):
    """The webhook that joins messengers to conversations."""

    url: str = Field("", pattern=_URL, description="where answers are posted; empty: switched off")
    channel: str = Field(
        "webhook",
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="name of the channel in records",
    )
    secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="secret that signs both ways, 32 characters at least",
        json_schema_extra=ENVIRONMENT_ONLY,
    )

    @field_validator("channel")
    @classmethod
    def _not_sms(cls, value: str) -> str:
        if value == "sms":
            raise ValueError("sms is the channel of messages to telephone numbers")
        return value

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("url") and len(value.get_secret_value()) < 32:
            raise ValueError("needs 32 characters or more in VOICEBOT_WEBHOOK__SECRET")
        return value
