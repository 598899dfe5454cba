"""Settings come from file and environment, are told when wrong, and are all documented."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from voicebot.config import LanguageEngines, Settings, load_settings
from voicebot.config.sip_provider import SipProvider
from voicebot.errors import ConfigError

SETTINGS_PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def _load(tmp_path: Path, toml: str = "", **environment: str) -> Settings:
    file = tmp_path / "voicebot.toml"
    file.write_text(toml)
    return load_settings(file, environment)


def _complaint(tmp_path: Path, toml: str = "", **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, toml, **environment)
    said = str(caught.value).replace(str(tmp_path / "voicebot.toml"), "FILE")
    assert "\n" not in said
    return said


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(environment={}) == Settings()


def test_everything_is_bound_to_this_machine_by_default() -> None:
    assert Settings().server.host == Settings().sip.host == "127.0.0.1"


def test_the_file_here_is_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "voicebot.toml").write_text("[sip]\nport = 5070\nhost = '10.0.0.1'\n")
    settings = load_settings(environment={"VOICEBOT_SIP__PORT": "5080", "PATH": "/bin"})
    assert (settings.sip.port, settings.sip.host) == (5080, "10.0.0.1")


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[calls]\nmax_calls = 7\n")
    settings = load_settings(environment={"VOICEBOT_CONFIG": str(tmp_path / "other.toml")})
    assert settings.calls.max_calls == 7


@pytest.mark.parametrize("ports", ["'20100-20199'", "[20100, 20199]", "'20100 - 20199'"])
def test_rtp_ports_are_a_range_or_two_numbers(tmp_path: Path, ports: str) -> None:
    assert _load(tmp_path, f"[sip]\nrtp_ports = {ports}\n").sip.rtp_ports == (20100, 20199)


def test_rtp_ports_come_from_the_environment_too(tmp_path: Path) -> None:
    settings = _load(tmp_path, VOICEBOT_SIP__RTP_PORTS="20000-20999")
    assert settings.sip.rtp_ports == (20000, 20999)


@pytest.mark.parametrize(
    "ports, problem",
    [
        ("20000", "should be two ports"),
        ("20000-20500-20999", "should be two ports"),
        ("20999-20000", "the first port should not be above the last"),
        ("20000-20000", "should hold two ports at least, one for RTP and one for RTCP"),
        ("a-b", "input should be a valid integer"),
        ("20000-99999", "input should be less than or equal to 65535"),
    ],
)
def test_rtp_ports_that_are_no_range_are_refused(tmp_path: Path, ports: str, problem: str) -> None:
    said = _complaint(tmp_path, VOICEBOT_SIP__RTP_PORTS=ports)
    assert said.startswith(f"VOICEBOT_SIP__RTP_PORTS: {problem}, not ")
    assert said.endswith("(default [20000, 20999]).")


def test_a_file_that_is_no_toml_is_told_with_its_place(tmp_path: Path) -> None:
    said = _complaint(tmp_path, "[transfers]\nagents = sip:agents@pbx.example\n")
    assert ':2:10: not valid TOML: Invalid value. Text stands in quotes: key = "value".' in said


def test_a_transfer_goes_to_a_sip_uri(tmp_path: Path) -> None:
    said = _complaint(tmp_path, "[transfers]\nagents = 'agents@pbx.example'\n")
    assert "transfers.agents: should be a SIP URI such as sip:" in said


def test_lists_come_from_the_environment_parted_by_commas(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        VOICEBOT_WEBRTC__ORIGINS="https://shop.example, https://b.example:8443",
        VOICEBOT_WEBRTC__ICE_SERVERS="stun:a.example:3478,turn:b.example?transport=tcp",
    )
    assert settings.webrtc.origins == ["https://shop.example", "https://b.example:8443"]
    assert settings.webrtc.ice_servers == ["stun:a.example:3478", "turn:b.example?transport=tcp"]


@pytest.mark.parametrize(
    "toml, problem",
    [
        ("origins = ['https://shop.example/call']", "should be like https://shop.example"),
        ("origins = ['*']", "should be like https://shop.example"),
        ("ice_servers = ['http://a.example']", "should be like stun:stun.example:3478"),
        ("ports = '22999-22000'", "the first port should not be above the last"),
        ("turn_secret = 5", "input should be a valid string."),
    ],
)
def test_settings_of_calls_from_browsers_are_checked(
    tmp_path: Path, toml: str, problem: str
) -> None:
    said = _complaint(tmp_path, f"[webrtc]\n{toml}\n")
    assert problem in said
    assert ", not 5" not in said  # a secret is not repeated


def test_names_of_databases_and_transfers_are_free(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "[transfers]\nperson = 'sip:team@pbx.example'\n",
        VOICEBOT_DATABASES__SHOP="sqlite:///shop.db",
    )
    assert settings.transfers == {"person": "sip:team@pbx.example"}
    assert settings.databases == {"shop": "sqlite:///shop.db"}


@pytest.mark.parametrize(
    "toml, said",
    [
        ("[sip]\nprot = 1", "FILE: sip.prot: unknown setting. Did you mean 'port'?"),
        ("[spi]\nport = 1", "FILE: [spi]: unknown setting. Did you mean 'sip'?"),
        ("beam = 4", "FILE: beam: unknown setting. It belongs below [speech]."),
        ("sip = 5", "FILE: sip: should be a section. Write [sip] above its keys."),
        (
            "databases = 5",
            "FILE: databases: should be a section. Write [databases] above its keys.",
        ),
        (
            "[server]\nport = 'http'",
            'FILE: server.port: input should be a valid integer, not "http". '
            "Port that HTTP listens on (default 8080).",
        ),
        (
            "[sip]\nenabled = 'maybe'",
            'FILE: sip.enabled: input should be a valid boolean, not "maybe". '
            "Whether SIP is served at all (default true).",
        ),
        (
            "[log]\nlevel = 'loud'",
            "FILE: log.level: input should be 'debug', 'info', 'warning' or 'error', "
            'not "loud". Least level (default "info").',
        ),
        (
            "[server]\ndata = 3",
            "FILE: server.data: input is not a valid path, not 3. "
            'Folder for the database and the prompt cache (default "var").',
        ),
        (
            "[sip.providers.trunk]\nuser = 'u'",
            "FILE: sip.providers.trunk.servers: is not set. Its servers, tried in this order: "
            "'host', 'host:port', ';transport=tcp'.",
        ),
        (
            "[sip.providers.trunk]\nservers = 'a b'\nuser = 'u'\npassword_env = 'P'",
            "FILE: sip.providers.trunk.servers: 'a b' should look like sip.example.com:5060, "
            'not "a b". Its servers, tried in this order: '
            "'host', 'host:port', ';transport=tcp'.",
        ),
        (
            "[sip.providers.trunk]\nusr = 'u'\nservers = 'a'\nuser = 'u'\npassword_env = 'P'",
            "FILE: sip.providers.trunk.usr: unknown setting. Did you mean 'user'?",
        ),
        (
            "[sip]\nallow = ['10.0.0.1/8']",
            "FILE: sip.allow: '10.0.0.1/8' should be an address or a network like 192.0.2.0/24, "
            'not ["10.0.0.1/8"]. IPv4 addresses and networks that may call in without a password '
            "(default []).",
        ),
        (
            "[sip]\nsession_expires_s = 30",
            "FILE: sip.session_expires_s: should be 0 or at least 90, not 30. "
            "Session timer asked for in calls out, 0 for none (default 1800).",
        ),
        (
            "[speech.engines.ko]\nrecogniser = 'vosk'",
            "FILE: speech.engines.ko.recogniser: unknown setting. Did you mean 'recognizer'?",
        ),
        (
            "[speech.engines.ko]\nrecognizer = 'whisper'",
            "FILE: speech.engines.ko.recognizer: input should be 'moonshine' or 'vosk', "
            'not "whisper". Recognition engine.',
        ),
        (
            "[speech.engines]\nko = 'vosk'",
            "FILE: speech.engines.ko: should be a section. "
            "Write [speech.engines.ko] above its keys.",
        ),
        (
            "[speech]\nengines = 3",
            "FILE: speech.engines: should be a section. Write [speech.engines] above its keys.",
        ),
        (
            "[server\n",
            "FILE:1:8: not valid TOML: Expected ']' at the end of a table declaration",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_place_and_remedy(
    tmp_path: Path, toml: str, said: str
) -> None:
    assert _complaint(tmp_path, toml) == said


@pytest.mark.parametrize(
    "variable, near",
    [
        ("VOICEBOT_SIP__PROT", "VOICEBOT_SIP__PORT"),
        ("VOICEBOT_SPI__PORT", "VOICEBOT_SIP__PORT"),
        ("VOICEBOT_SIP_PORT", "VOICEBOT_SIP__PORT"),
        ("VOICEBOT_LOG_LEVEL", "VOICEBOT_LOG__LEVEL"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, variable: str, near: str
) -> None:
    said = _complaint(tmp_path, **{variable: "1"})
    assert said == f"{variable}: unknown setting. Did you mean {near}?"


def test_a_bad_value_is_blamed_on_the_one_that_counts(tmp_path: Path) -> None:
    said = _complaint(tmp_path, "[sip]\nport = 5060", VOICEBOT_SIP__PORT="many")
    assert said.startswith("VOICEBOT_SIP__PORT: ")


def test_a_bad_database_url_is_not_repeated(tmp_path: Path) -> None:
    said = _complaint(tmp_path, "[databases]\nshop = {url = 'postgresql://u:secret@h/d'}")
    assert "databases.shop" in said
    assert "secret" not in said


def test_a_secret_belongs_in_the_environment(tmp_path: Path) -> None:
    said = _complaint(tmp_path, "[audiosocket]\ntoken = 'abracadabra'")
    assert said == (
        "FILE: audiosocket.token: a secret does not belong in this file. "
        "Set VOICEBOT_AUDIOSOCKET__TOKEN in the environment."
    )
    settings = _load(tmp_path, VOICEBOT_AUDIOSOCKET__TOKEN="abracadabra")
    assert settings.audiosocket.token.get_secret_value() == "abracadabra"
    assert "abracadabra" not in repr(settings)


def test_who_may_connect_is_a_list(tmp_path: Path) -> None:
    named = _load(tmp_path, VOICEBOT_AUDIOSOCKET__ALLOW="10.0.0.0/8, 192.0.2.7,2001:db8::/32")
    assert [str(network) for network in named.audiosocket.allow] == [
        "10.0.0.0/8",
        "192.0.2.7/32",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize("allow", ["everyone", "10.0.0.1/8", "10.0.0.0/40"])
def test_who_may_connect_is_checked(tmp_path: Path, allow: str) -> None:
    said = _complaint(tmp_path, VOICEBOT_AUDIOSOCKET__ALLOW=allow)
    assert said.startswith("VOICEBOT_AUDIOSOCKET__ALLOW: input is not a valid IPv")


def test_a_carrier_needs_its_token_unless_signatures_are_not_checked(tmp_path: Path) -> None:
    url = "[mediastream]\npublic_url = 'https://bot.example.com/'\n"
    assert "VOICEBOT_MEDIASTREAM__AUTH_TOKEN" in _complaint(tmp_path, url)
    unchecked = _load(tmp_path, url + "check_signature = false")
    assert unchecked.mediastream.public_url == "https://bot.example.com"
    assert _load(tmp_path, url, VOICEBOT_MEDIASTREAM__AUTH_TOKEN="x").mediastream.check_signature


@pytest.mark.parametrize("drain", ["nan", "inf", "-1"])
def test_a_duration_is_a_finite_number(tmp_path: Path, drain: str) -> None:
    assert "server.drain_s" in _complaint(tmp_path, f"[server]\ndrain_s = {drain}")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        load_settings(tmp_path / "nowhere.toml", {})


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "voicebot.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "voicebot.toml", {})


def test_the_database_is_in_the_data_folder_unless_named(tmp_path: Path) -> None:
    settings = _load(tmp_path, VOICEBOT_SERVER__DATA=str(tmp_path))
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/voicebot.db"
    named = _load(tmp_path, VOICEBOT_STORAGE__URL="postgresql://h/d")
    assert named.database_url == "postgresql://h/d"


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {
        name: tomllib.loads(f"value = {default}")["value"]
        for name, default in re.findall(
            r"^\| `(\w+\.\w+)` \| `(.+?)` \| \S", SETTINGS_PAGE.read_text(), re.MULTILINE
        )
    }
    assert documented == {
        f"{section}.{key}": value
        for section, content in Settings()
        if isinstance(content, BaseModel)
        for key, value in content.model_dump(mode="json").items()
    }


def test_every_section_is_documented() -> None:
    headings = re.findall(r"^## (.*\[.*)$", SETTINGS_PAGE.read_text(), re.MULTILINE)
    documented = re.findall(r"\[(\w+)\]", " ".join(headings))
    assert documented == list(Settings.model_fields)


def test_what_can_be_set_for_a_provider_is_documented() -> None:
    page = SETTINGS_PAGE.read_text()
    section = page.partition("### [sip.providers.NAME]")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)
    assert documented == list(SipProvider.model_fields)


def test_providers_and_users_are_read(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "[sip.users]\nanna = 'ANNA_PASSWORD'\n"
        "[sip.providers.trunk]\nservers = 'a.example, b.example:5070'\nuser = '4711'\n"
        "password_env = 'TRUNK_PASSWORD'\n",
        VOICEBOT_SIP__ALLOW="192.0.2.0/24, 10.0.0.1",
    )
    assert settings.sip.users == {"anna": "ANNA_PASSWORD"}
    assert settings.sip.allow == ("192.0.2.0/24", "10.0.0.1")
    assert settings.sip.providers["trunk"].servers == ("a.example", "b.example:5070")


def test_a_password_does_not_stand_in_the_settings(tmp_path: Path) -> None:
    assert "VOICEBOT_" in _complaint(tmp_path, "[sip.users]\nanna = 'VOICEBOT_SIP__PORT'\n")
    assert "sesame!" not in _complaint(tmp_path, "[outbound]\ntoken = ['sesame!']\n")


def test_what_can_be_set_for_a_language_is_documented() -> None:
    page = SETTINGS_PAGE.read_text()
    section = page.partition("### [speech.engines.LANGUAGE]")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)
    assert documented == list(LanguageEngines.model_fields)


def test_the_example_on_the_page_works(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", SETTINGS_PAGE.read_text(), re.DOTALL)
    assert _load(tmp_path, example).transfers == {"person": "sip:team@pbx.example"}
