"""``voicebot try`` with its real grammars, actions and database, typed from a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.peers.server import KEPT

PROJECT = Path(__file__).parents[2]
COMMAND = (
    "import typer; from voicebot.cli.try_ import try_flow; "
    "app = typer.Typer(); app.command()(try_flow); app()"
)


def play(data: Path, *lines: str, options: tuple[str, ...] = ()) -> str:
    (KEPT / "intents").mkdir(parents=True, exist_ok=True)
    if not (data / "intents").exists():
        (data / "intents").symlink_to(KEPT / "intents")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(PROJECT), *options],
        input="".join(f"{line}\n" for line in lines),
        cwd=data,
        env={**os.environ, "VOICEBOT_SERVER__DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_typed_order_number_is_looked_up_in_the_shop(tmp_path: Path) -> None:
    shown = play(tmp_path, "", "four two seven one", "no")

    assert "silence" in shown
    assert '{"intent": "order_number", "number": "4271"}  order_number' in shown
    assert "bot  Order 4271 is on its way, and should arrive by " in shown
    assert shown.rstrip().endswith("(hangs up: self_served, the call came to its end)")


def test_refused_transfer_and_hang_up_can_be_played(tmp_path: Path) -> None:
    shown = play(tmp_path, "operator", options=("--refuse-transfers",))

    assert "queue:support does not take the call" in shown
    assert "bot  I'm sorry, nobody is free right now." in shown
    assert shown.rstrip().endswith("you  (hung up: abandoned_in_flow)")


def test_explanation_says_why_words_were_taken_for_an_intent(tmp_path: Path) -> None:
    lines = ("cancel my order and tell me when you open", "seven seven three oh", "no")
    shown = play(tmp_path, *lines, options=("--explain",))

    assert "hours (1.00) 'tell me when you open': matched because it is like" in shown
    assert "bot  And about our opening hours:" in shown


def test_explanation_names_the_nearest_of_what_is_out_of_scope(tmp_path: Path) -> None:
    shown = play(tmp_path, "is it going to rain", options=("--explain",))

    assert '{"text": "is it going to rain"}  free' in shown
    assert "out of scope; nearest " in shown


def test_flow_is_played_in_chinese_and_changed_to_english(tmp_path: Path) -> None:
    shown = play(tmp_path, "查订单", "说英语", options=("--language", "zh"))

    assert "bot  欢迎致电海港巷。" in shown
    assert '{"intent": "order_status"}  zh-CN/request' in shown
    assert shown.index("bot  请问您的订单号是多少？") < shown.index(
        "bot  What is your order number?"
    )
