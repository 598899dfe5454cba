from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import FlowError
from voicebot.nlu.intent_reader import MAX_EXPANSIONS, load_intents, read_intents

DEMO = Path(__file__).parents[2] / "intents"


def write(folder: Path, text: str) -> Path:
    path = folder / "en-US.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    read = read_intents(write(folder, text), "en-US.yaml")
    assert read.intents is None
    return [str(problem) for problem in read.problems]


def test_synonyms_stand_for_each_of_their_words(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "synonyms: {thing: [parcel, box]}\n"
        "intents:\n  where: {examples: ['where is my {thing}'], response: say it, slots: [no]}\n",
    )
    found = load_intents(path)
    assert found.language == "en-US"
    assert list(found.labelled()) == [("where is my parcel", "where"), ("where is my box", "where")]
    assert found["where"].response == "say it"
    assert found["where"].slots == {"no": ""}


def test_a_slot_may_name_the_grammar_of_its_values(tmp_path: Path) -> None:
    path = write(tmp_path, "intents: {a: {examples: [x, y], slots: {number: order_number}}}\n")
    assert load_intents(path)["a"].slots == {"number": "order_number"}


def test_a_slot_without_a_grammars_name_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path, "intents: {a: {examples: [x], slots: {number: [a]}}}\n") == [
        "en-US.yaml:1:46: 'number' needs a grammar's name. Write 'number: GRAMMAR'."
    ]


def test_many_synonyms_are_thinned_evenly(tmp_path: Path) -> None:
    words = ", ".join(f"w{number}" for number in range(30))
    path = write(tmp_path, f"synonyms: {{a: [{words}]}}\nintents: {{x: ['{{a}} and {{a}}']}}\n")
    texts = [text for text, _ in load_intents(path).labelled()]
    assert len(texts) == MAX_EXPANSIONS
    assert len({text.split()[0] for text in texts}) > MAX_EXPANSIONS // 2


def test_an_example_in_two_intents_is_refused(tmp_path: Path) -> None:
    text = "intents:\n  one: [where is it]\n  two: [go on, 'Where is it?']\n"
    assert problems(tmp_path, text) == [
        "en-US.yaml:3:16: 'Where is it?' is an example of 'two' and of 'one' (line 2). "
        "Keep it in the one that is meant."
    ]


@pytest.mark.parametrize(
    "text, said",
    [
        ("intents:\n  one:\n", "en-US.yaml:2:3: intent 'one' is empty"),
        ("intents:\n  one: {examples: []}\n", "en-US.yaml:2:3: intent 'one' has no examples"),
        ("intents:\n  one: [hi]\ninents: 1\n", "en-US.yaml:3:1: unknown key 'inents'"),
        ("intents:\n  one: {example: [hi]}\n", "Did you mean 'examples'?"),
        ("intents:\n  oos: [hi]\n", "cannot be an intent's name"),
        ("intents:\n  one: ['the {tihng}']\nsynonyms: {thing: [a]}\n", "Did you mean 'thing'?"),
        ("intents:\n  one: ['...']\n", "en-US.yaml:2:9: an example without words"),
        ("intents:\n  one: [{a: b}]\n", "each must be text"),
        ("intents:\n  one: {examples: hello}\n", "must be a list"),
        ("intents: {}\n", "there are no intents"),
        ("- a\n", "an intents file is a mapping"),
        ("intents: [\n", "en-US.yaml:2:1"),
        ("", "an intents file is a mapping"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in problems(tmp_path, text))


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "intents:\n  one:\n  two: ['{a}']\nthree: 1\n")) == 3


def test_few_examples_and_repeated_ones_are_advice(tmp_path: Path) -> None:
    read = read_intents(write(tmp_path, "intents:\n  one: [hi, Hi!, ho]\n  two: [he]\n"), "f")
    assert read.intents is not None
    told = [str(each) for each in read.advice]
    assert any("f:2:3: intent 'one' has only 2 examples" in each for each in told)
    assert any("f:2:13: 'Hi!' stands in line 2 already" in each for each in told)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="cannot be read"):
        load_intents(tmp_path / "en-US.yaml")


def test_the_demo_says_the_same_things_in_each_language() -> None:
    read = {path.stem: read_intents(path) for path in DEMO.glob("*.yaml")}
    assert set(read) == {"en-US", "zh-CN"}
    assert not [problem for each in read.values() for problem in (*each.problems, *each.advice)]
    sets = [each.intents for each in read.values() if each.intents]
    assert sets[0].names == sets[1].names
    for name in sets[0].names:
        assert set(sets[0][name].slots) == set(sets[1][name].slots)
        assert all(each[name].response for each in sets)
        assert all(len(each[name].examples) >= 15 for each in sets)
