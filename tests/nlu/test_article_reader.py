"""Articles: what is read of a file, what is wrong with it, and what cannot be heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import FlowError
from voicebot.nlu.article_reader import load_articles, out_of_step, read_articles
from voicebot.nlu.articles import Article
from voicebot.speaking_time import LONGEST_S, speaking_s
from voicebot.types import Language

ENGLISH, CHINESE = Language("en-US"), Language("zh-CN")
PAYMENT = """# How can I **pay**?

- Which cards do you take?
- Can I pay with PayPal?

We take all major cards,
and PayPal.

You can also pay with a gift card.
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "knowledge" / "en-US" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def read_one(folder: Path, text: str) -> Article:
    (article,) = load_articles(write(folder, one=text), ENGLISH)
    return article


def problems(folder: Path) -> list[str]:
    return [
        str(each).removeprefix(f"{folder}/") for each in read_articles(folder, ENGLISH).problems
    ]


def warnings(folder: Path) -> list[str]:
    return [
        str(each).removeprefix(f"{folder}/") for each in read_articles(folder, ENGLISH).warnings
    ]


def test_an_article_has_questions_and_an_answer(tmp_path: Path) -> None:
    article = read_one(tmp_path, PAYMENT)

    assert (article.name, article.language) == ("one", ENGLISH)
    assert [wording.text for wording in article.questions] == [
        "How can I pay?",
        "Which cards do you take?",
        "Can I pay with PayPal?",
    ]
    assert article.parts == (
        "We take all major cards, and PayPal.",
        "You can also pay with a gift card.",
    )
    assert [wording.place.line for wording in article.questions] == [1, 3, 4]


def test_the_folder_is_the_language_and_no_folder_the_first_flows(tmp_path: Path) -> None:
    write(tmp_path, pay=PAYMENT)
    (tmp_path / "knowledge" / "zh-CN").mkdir()
    (tmp_path / "knowledge" / "zh-CN" / "pay.md").write_text("# 怎么付款？\n\n我们收银联卡。\n")
    (tmp_path / "knowledge" / "hours.md").write_text("# When do you open?\n\nAt nine.\n")
    (tmp_path / "knowledge" / "README.md").write_text("How to write these.")

    found = {(each.name, each.language) for each in load_articles(tmp_path, Language("en-GB"))}

    assert found == {("pay", ENGLISH), ("pay", CHINESE), ("hours", Language("en-GB"))}


def test_a_long_answer_is_divided_between_sentences(tmp_path: Path) -> None:
    sentence = "This sentence is about four seconds long when it is said out loud. "
    article = read_one(tmp_path, f"# Why?\n\nBecause.\n\n{sentence * 7}\n")

    assert article.parts[0] == "Because."
    assert len(article.parts) == 5
    assert all(speaking_s(part, ENGLISH) <= LONGEST_S for part in article.parts)
    assert " ".join(article.parts[1:]) == " ".join([sentence.strip()] * 7)


def test_chinese_is_divided_and_joined_without_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge" / "zh-CN"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text(
        "# 为什么？\n\n因为。\n\n" + "这是一个比较长的中文句子来测试。" * 4
    )

    (article,) = load_articles(tmp_path, ENGLISH)

    assert article.parts[0] == "因为。"
    assert len(article.parts) == 3
    assert "".join(article.parts[1:]) == "这是一个比较长的中文句子来测试。" * 4


def test_items_of_a_list_in_an_answer_are_sentences(tmp_path: Path) -> None:
    article = read_one(tmp_path, "# When?\n\nEvery day:\n\n- Monday at nine\n- Sunday at ten!\n")

    assert article.parts == ("Every day:", "Monday at nine. Sunday at ten!")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ":1:1: has no question. Begin with '# ...?'"),
        ("We open at nine.\n", ":1:1: an answer without a question. "),
        ("# When?\n", ":1:1: has no answer. Write it below the question"),
        (
            "# When?\n\n- At nine.\n",
            ":1:1: has no answer. The list below the heading holds questions",
        ),
        ("#\n\nAt nine.\n", ":1:1: a question without words"),
        (
            "# When?\n\nAt nine.\n\n## And on Sundays?\n\nNever.\n",
            ":5:1: an article has one heading",
        ),
        ("---\nlanguage: en\n---\n# When?\n\nAt nine.\n", ":1:1: an article needs no front matter"),
        ("# " + "when " * 70 + "\n\nAt nine.\n", ":1:1: a question is longer than 300 characters"),
        ("# When?\n- when?\n\nAt nine.\n", ":2:1: stands in line 1 already. Delete it."),
    ],
)
def test_what_leaves_callers_without_an_answer_is_an_error(
    text: str, problem: str, tmp_path: Path
) -> None:
    write(tmp_path, one=text)

    assert problems(tmp_path)[0].startswith(f"knowledge/en-US/one.md{problem}")
    with pytest.raises(FlowError):
        load_articles(tmp_path, ENGLISH)


def test_a_question_that_two_articles_answer_is_an_error(tmp_path: Path) -> None:
    write(
        tmp_path, a="# When do you open?\n\nAt nine.\n", b="# Hm?\n- when do you OPEN\n\nAt ten.\n"
    )

    (problem,) = problems(tmp_path)

    assert problem.startswith("knowledge/en-US/b.md:2:1: 'when do you OPEN' is asked in ")
    assert "a.md:1:1 too" in problem


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, one="")
    (tmp_path / "knowledge" / "en-US" / "one.md").write_bytes(b"# \xff\xfe?\n")

    assert "is not UTF-8 at byte 2" in problems(tmp_path)[0]


@pytest.mark.parametrize(
    ("written", "spoken", "what"),
    [
        ("See [our page](https://example.org/x).", "See our page.", "a link"),
        ("See https://example.org now.", "See now.", "an address of the web"),
        ("Look ![map](map.png) here.", "Look here.", "a picture"),
        ("One<br>two.", "One two.", "HTML"),
    ],
)
def test_what_cannot_be_heard_is_left_out_with_a_warning(
    written: str, spoken: str, what: str, tmp_path: Path
) -> None:
    article = read_one(tmp_path, f"# Where?\n\n{written}\n")

    assert article.answer.replace("Onetwo", "One two") == spoken
    assert warnings(tmp_path)[0].startswith(f"knowledge/en-US/one.md:3:1: {what} cannot be heard")


def test_tables_and_code_are_left_out_with_a_warning(tmp_path: Path) -> None:
    text = "# What?\n\nThis.\n\n| a | b |\n\n```\ncode\n```\n"

    assert read_one(tmp_path, text).answer == "This."
    assert [each.split(": ", 1)[1].split(" cannot")[0] for each in warnings(tmp_path)] == [
        "a table",
        "code",
    ]


def test_emphasis_and_comments_are_dropped_without_a_word(tmp_path: Path) -> None:
    text = "# What?\n\n<!-- to do -->\nThis is **very** _nice_, my_name and 2 * 3 * 4.\n"

    assert read_one(tmp_path, text).answer == "This is very nice, my_name and 2 * 3 * 4."
    assert warnings(tmp_path) == []


def test_a_short_answer_that_is_too_long_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, one="# Why?\n\n" + "It is a long story and goes on. " * 8)

    (warning,) = warnings(tmp_path)

    assert warning.startswith("knowledge/en-US/one.md:3:1: the short answer takes about 15 s")


def test_an_article_that_one_language_lacks_is_told(tmp_path: Path) -> None:
    write(tmp_path, pay=PAYMENT)
    (tmp_path / "knowledge" / "zh-CN").mkdir()
    (tmp_path / "knowledge" / "zh-CN" / "hours.md").write_text("# 几点开门？\n\n九点。\n")

    found = [each.problem for each in out_of_step(load_articles(tmp_path, ENGLISH))]

    assert found == ["'pay' is not there in zh-CN", "'hours' is not there in en-US"]


def test_a_folder_that_is_no_language_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "knowledge" / "my_articles").mkdir(parents=True)
    (tmp_path / "knowledge" / "my_articles" / "a.md").write_text("# A?\n\nB.\n")

    assert "'my_articles' is no language. Name the folder such as" in problems(tmp_path)[0]
