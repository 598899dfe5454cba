"""Cards: read, filled in, and never more than they may show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import Conversation, read, words
from voicebot.flows.cards import Card, image_names
from voicebot.flows.commands import Listen, Say, Show
from voicebot.flows.model import FlowSet
from voicebot.flows.outside import Known
from voicebot.flows.reader import read_flows
from voicebot.flows.validation import validate

FLOW = """
start: find
steps:
  find:
    set: {order: ORDER}
    next: tell
  tell:
    say: Here it is.
    served: true
    card:
      title: Order {order.number|digits}
      image: "{order.picture}"
      lines: {Arrives: "{order.eta|date}", Weighs: "{order.weight} kg", Sent by: us}
      links:
        Track: https://carrier.example/track?id={order.number}
        Shop: "{order.page}"
      replies: [Something else, "{order.other}"]
    next: menu
  menu: {ask: What else?, keys: {"1": bye}, next: {bye: bye}}
  bye: {hangup: auto}
"""


def card(converse: Callable[..., Conversation], order: str) -> Card | None:
    commands = converse(main=FLOW.replace("ORDER", order)).commands
    return next((each.card for each in commands if isinstance(each, Show)), None)


def test_card_comes_after_the_words_and_holds_what_is_known(
    converse: Callable[..., Conversation],
) -> None:
    talk = converse(
        main=FLOW.replace("ORDER", "{number: '4271', eta: 2026-11-24, picture: hat.png}")
    )
    said, seen, question, listen = talk.commands
    assert isinstance(said, Say)
    assert said.serves, "the card does not take that from the words"
    assert isinstance(question, Say)
    assert isinstance(listen, Listen)
    assert isinstance(seen, Show)
    assert words(seen.card.title) == "Order <digits:4271>"
    assert [(label, words(value)) for label, value in seen.card.lines] == [
        ("Arrives", "<date:2026-11-24>"),
        ("Sent by", "us"),
    ]
    assert seen.card.image == "hat.png"
    assert seen.card.links == (("Track", "https://carrier.example/track?id=4271"),)
    assert [words(reply) for reply in seen.card.replies] == ["Something else"]


def test_card_about_nothing_is_not_shown(converse: Callable[..., Conversation]) -> None:
    assert card(converse, "null") is None


@pytest.mark.parametrize(
    "page",
    [
        "javascript:alert(1)",
        "http://shop.example",
        "https://",
        "https://me@shop.example/",
        "https://shop.example/a b",
        "//shop.example",
        "https://[",
        'https://shop.example/"onclick=',
    ],
)
def test_address_that_may_not_be_shown_is_left_out(
    converse: Callable[..., Conversation], page: str
) -> None:
    shown = card(converse, f"{{number: '1', page: '{page}'}}")
    assert shown is not None
    assert [label for label, _ in shown.links] == ["Track"]


def test_values_in_an_address_are_escaped(converse: Callable[..., Conversation]) -> None:
    shown = card(converse, "{number: '1&a=/../é', page: 'https://shop.example/hat?c=1'}")
    assert shown is not None
    assert dict(shown.links) == {
        "Track": "https://carrier.example/track?id=1%26a%3D%2F..%2F%C3%A9",
        "Shop": "https://shop.example/hat?c=1",
    }


@pytest.mark.parametrize("picture", ["../secret.png", "a/b.png", "hat.svg", ".png", "hat"])
def test_picture_is_a_file_of_its_folder(
    converse: Callable[..., Conversation], picture: str
) -> None:
    shown = card(converse, f"{{number: '1', picture: '{picture}'}}")
    assert shown is not None
    assert shown.image == ""


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{lines: {a: b}}", "a card has no 'title'"),
        ("{title: a, links: {b: 'http://shop.example'}}", "begins with https://"),
        ("{title: a, image: ../hat.png}", "no name of a picture"),
        ("{title: a, lines: [b]}", "expected a mapping"),
        ("{title: a, replies: [a, b, c, d, e, f, g]}", "more than 6 replies"),
        ("{title: a, picture: hat.png}", "unknown key in a card: 'picture'"),
    ],
)
def test_faulty_card_is_told_with_its_place(written: str, problem: str) -> None:
    _, problems = read(f"start: a\nsteps: {{a: {{say: Hi, card: {written}, next: a}}}}")
    assert [error.line for error in problems] == [2]
    assert problem in str(problems[0])


def test_check_knows_variables_and_pictures_of_cards() -> None:
    step = "{say: Hi, card: {title: '{oder}', image: hat.png}, hangup: auto}"
    flow, problems = read(f"start: a\nsteps: {{a: {step}}}")
    assert not problems
    assert flow is not None
    found = " ".join(map(str, validate(FlowSet({"main": flow}), Known(images={"hut.png"}))))
    assert "variable 'oder' is set nowhere" in found
    assert "no picture 'hat.png'. Did you mean 'hut.png'?" in found


def test_translated_card_takes_the_place_of_the_flows(tmp_path: Path) -> None:
    step = "a: {say: Hi, card: {title: Hat, lines: {Size: '4'}}, hangup: auto}"
    (tmp_path / "main.yaml").write_text(f"start: a\nsteps: {{{step}}}")
    (tmp_path / "zh-CN").mkdir()
    texts = tmp_path / "zh-CN" / "main.yaml"
    texts.write_text("steps: {a: {say: 你好, card: {title: 帽子}}}")
    flows, problems = read_flows(tmp_path)
    assert not problems
    assert [words(card.title.prompt({})) for card in flows.cards()] == ["Hat", "帽子"]
    texts.write_text("steps: {a: {say: 你好}}")
    flows, _ = read_flows(tmp_path)
    lacking = flows.speaking("zh-CN")["main"].out_of_step
    assert "'card' of step 'a' is not there" in str(lacking[0])


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    for name in ("hat.png", "notes.txt", ".png"):
        (tmp_path / name).touch()
    assert image_names(tmp_path) == {"hat.png"}
    assert image_names(tmp_path / "none") == set()
