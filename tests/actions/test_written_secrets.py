"""What looks like a secret is refused where it stands, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.actions.conftest import Loader, Service, answer
from voicebot.actions.reader import read_actions
from voicebot.errors import ActionError

RANDOM = "Q7kd92hXs81mZpL04vTn"


def _problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "actions.yaml"
    file.write_text(text, encoding="utf-8")
    return [str(problem).replace(str(file), "F") for problem in read_actions(file, None).problems]


@pytest.mark.parametrize(
    "text, problem",
    [
        ("  http: GET https://h/\n  headers: {Authorization: Bearer abc}\n", "F:3:28: header"),
        ("  http: GET https://h/\n  headers: {X-Api-Key: '12345'}\n", "F:3:24: header"),
        (f"  http: GET https://h/\n  headers: {{X-Shop: {RANDOM}}}\n", "F:3:21: header"),
        ("  http: GET https://me:pass@h/\n", "F:2:9: the URL holds"),
        ("  http: GET https://h/?api_key=12345\n", "F:2:9: the URL holds"),
        (f"  http: GET https://h/{RANDOM}/x\n", "F:2:9: the URL holds"),
        ("  http: POST https://h/\n  json: {a: [{password: hunter2}]}\n", "F:3:25: this looks"),
        ("  http: POST https://h/\n  json: {key: sk_live_x}\n", "F:3:15: this looks"),
        (f"  database: d\n  sql: SELECT f('{RANDOM}')\n", "F:3:8: the statement holds"),
    ],
)
def test_a_secret_in_the_file_is_refused_without_being_shown(
    tmp_path: Path, text: str, problem: str
) -> None:
    (found,) = _problems(tmp_path, f"a:\n{text}")
    assert found.startswith(problem)
    for secret in ("abc", "12345", RANDOM, "pass@", "hunter2", "sk_live"):
        assert secret not in found


@pytest.mark.parametrize(
    "text",
    [
        "  http: GET https://h/\n  headers: {Authorization: 'Bearer ${env:TOKEN}'}\n",
        "  http: GET https://${env:USER}:${env:PASSWORD}@h/\n",
        "  http: GET https://h/?token=${env:TOKEN}\n",
        "  http: GET https://h/?token={t}\n  arguments: {t: text}\n",
        "  http: GET https://h/items/6f0c9a4e-0f5c-4a55-8e0b-6a2b1d5f7c11\n",
        "  http: GET https://h/internationalisation/responsibilities2026\n",
        "  http: POST https://h/\n  json: {password: '${env:PASSWORD}', kind: return}\n",
        "  http: GET https://h/\n  headers: {Accept-Language: en-US}\n",
    ],
)
def test_what_comes_from_elsewhere_or_is_no_secret_passes(tmp_path: Path, text: str) -> None:
    assert _problems(tmp_path, f"a:\n{text}") == []


async def test_a_secret_of_the_environment_is_in_no_error_and_no_log(
    load: Loader, service: Service
) -> None:
    service.answers = [answer(401, '{"you sent": "t0ps3cret"}')]
    text = (
        f"a:\n  http: GET {service.url}/?key=${{env:K}}\n"
        "  headers: {Authorization: 'Bearer ${env:K}'}\n"
    )
    with capture_logs() as logs, pytest.raises(ActionError) as caught:
        await load(text, environment={"K": "t0ps3cret"}).run("a", {})
    assert service.requests[0].headers["authorization"] == "Bearer t0ps3cret"
    assert "t0ps3cret" not in f"{caught.value} {logs}"
