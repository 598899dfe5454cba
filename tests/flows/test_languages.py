"""One flow in several languages: its texts beside it, changed while the contact goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flows.conftest import Conversation
from voicebot.flows import advice
from voicebot.flows.commands import ChangeLanguage, FormGrammar, Listen, Say
from voicebot.flows.events import NoInput
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet, nearest_language
from voicebot.flows.outside import Known
from voicebot.flows.reader import load_flows, read_flows
from voicebot.flows.state import FlowState
from voicebot.flows.validation import validate
from voicebot.types import Language

MAIN = """\
start: hello
commands:
  grammar: commands
  languages: {chinese: zh-CN, english: en-US}
nomatch: Pardon?
steps:
  hello:
    say: Hello.
    next: number
  number:
    ask: What number?
    grammar: [numbers, "builtin:digits?length=4"]
    store: number
    confirm: {ask: "{number|digits}? {answer}"}
    next: booking
  booking:
    form:
      day: {ask: Which day?, grammar: builtin:date, called: day}
      size: {ask: How big?, grammar: size, keys: {"1": small}}
    next: bye
  bye:
    say: ["{number|digits}.", Goodbye.]
    hangup: auto
"""
CHINESE = """\
nomatch: 什么？
steps:
  hello: {say: 你好。}
  number:
    ask: 号码是多少？
    confirm: {ask: "{answer}吗？"}
  booking:
    form:
      day: {ask: 哪一天？, called: 日期}
      size: {ask: 多大？, keys: {"1": 小}}
  bye:
    say: 再见。
"""


def write(folder: Path, **files: str) -> Path:
    """``zh_main`` is zh-CN/main.yaml."""
    (folder / "zh-CN").mkdir(exist_ok=True)
    for name, text in files.items():
        place = f"zh-CN/{name.removeprefix('zh_')}" if name.startswith("zh_") else name
        (folder / f"{place}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def flows(tmp_path: Path) -> FlowSet:
    return load_flows(write(tmp_path, main=MAIN, zh_main=CHINESE))


def gaps(folder: Path) -> list[str]:
    flows, problems = read_flows(folder)
    assert problems == []
    found = sorted(advice.out_of_step(flows, {}), key=lambda each: (each.file, each.line))
    return [f"{Path(each.file).relative_to(folder)}:{each.line} {each.problem}" for each in found]


def faults(folder: Path) -> list[str]:
    flows, problems = read_flows(folder)
    return [str(each).replace(f"{folder}/", "") for each in [*problems, *validate(flows)]]


# Beginning in a language


def test_contact_begins_in_the_language_that_is_known(flows: FlowSet) -> None:
    talk = Conversation(flows).start(language="zh-CN")

    assert talk.commands[0] == ChangeLanguage(Language("zh-CN"))
    assert talk.said == ["你好。", "号码是多少？"]
    assert talk.state.variables["language"] == "zh-CN"


def test_nothing_is_told_of_the_language_that_the_first_flow_is_written_in(flows: FlowSet) -> None:
    talk = Conversation(flows).start(language="en-US")

    assert talk.said == ["Hello.", "What number?"]
    assert not any(isinstance(command, ChangeLanguage) for command in talk.commands)


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("zh", "zh-CN"), ("ZH-tw", "zh-CN"), ("en-GB", "en-US"), ("fr-FR", "en-US"), (None, "en-US")],
)
def test_language_that_no_flow_speaks_gives_way_to_a_near_one(
    flows: FlowSet, asked: str | None, spoken: str
) -> None:
    talk = Conversation(flows).start(language=asked)

    assert talk.state.variables["language"] == spoken


def test_exact_language_is_nearer_than_another_region() -> None:
    known = [Language("en-GB"), Language("en-US")]
    assert nearest_language("en-US", known) == "en-US"
    assert nearest_language("en-AU", known) == "en-GB"
    assert nearest_language("eng", known) == ""


# Changing it


def test_command_asks_the_question_again_and_keeps_what_was_understood(flows: FlowSet) -> None:
    talk = Conversation(flows).start()
    talk.hear("4271", grammar="numbers").hear(True).hear("20261127", grammar="builtin:date")
    assert talk.said == ["How big?"]

    talk.hear("chinese", grammar="commands")

    assert talk.commands[0] == ChangeLanguage(Language("zh-CN"))
    assert talk.said == ["多大？"]
    assert talk.state.variables["number"] == "4271"
    assert talk.state.variables["day"] == "20261127"


def test_listening_names_the_grammars_of_the_language(flows: FlowSet) -> None:
    talk = Conversation(flows).start(language="zh-CN")

    listen = talk.last
    assert isinstance(listen, Listen)
    assert listen.grammars == (
        "zh-CN/numbers",
        "builtin:digits?length=4;language=zh-CN",
        "zh-CN/commands",
    )
    talk.hear("english", grammar="zh-CN/commands")
    assert talk.said == ["What number?"]
    assert isinstance(talk.last, Listen)
    assert talk.last.grammars == ("numbers", "builtin:digits?length=4", "commands")


def test_form_listens_in_the_language_for_slots_that_are_called_so(flows: FlowSet) -> None:
    talk = Conversation(flows).start(language="zh-CN")
    talk.hear("4271", grammar="zh-CN/numbers").hear(True)

    assert isinstance(talk.last, Listen)
    (form,) = [each for each in talk.last.grammars if isinstance(each, FormGrammar)]
    assert form.language == "zh-CN"
    assert form.slots[0].called == ("日期",)


def test_answer_that_waits_to_be_confirmed_is_asked_about_in_the_language(flows: FlowSet) -> None:
    talk = Conversation(flows).start().hear("4271", grammar="numbers")

    talk.hear("chinese", grammar="commands")
    assert talk.said == ["4271吗？"]

    talk.hear(True)
    assert talk.said == ["哪一天？"]
    assert talk.state.variables["number"] == "4271"


def test_words_of_the_former_language_are_not_repeated(flows: FlowSet) -> None:
    talk = Conversation(flows).start().hear("chinese", grammar="commands")

    talk.hear("repeat", grammar="zh-CN/commands")

    assert talk.said == ["号码是多少？"]


def test_contact_that_moves_tells_its_new_channel_the_language(flows: FlowSet) -> None:
    talk = Conversation(flows).start(language="zh-CN")
    kept = FlowState.from_json(json.loads(json.dumps(talk.state.to_json())))

    _, commands = Interpreter(flows).rejoin(kept, {"channel": "text"})

    assert commands[0] == ChangeLanguage(Language("zh-CN"))
    assert isinstance(commands[1], Say)


def test_state_of_a_contact_before_there_were_languages_is_read(flows: FlowSet) -> None:
    data = Conversation(flows).start().state.to_json()
    del data["speaks"]

    state = FlowState.from_json(data)

    _, commands = Interpreter(flows).receive(state, NoInput())
    assert not any(isinstance(command, ChangeLanguage) for command in commands)


STEP = """\
start: known
steps:
  known: {set: {customer: {tongue: zh}}, next: theirs}
  theirs: {language: "{customer.tongue}", say: Welcome., next: ask}
  ask: {ask: Yes?, keys: {"1": 1, "2": 2, "3": 3}, next: {"1": back, "2": nowhere, "3": end}}
  back: {language: en-US, next: ask}
  nowhere: {language: "{customer.nothing}", next: ask}
  end: {hangup: auto}
"""


def test_step_changes_the_language_and_speaks_it_at_once(tmp_path: Path) -> None:
    texts = "steps: {theirs: {say: 欢迎。}, ask: {ask: 好吗？}}"
    talk = Conversation(load_flows(write(tmp_path, main=STEP, zh_main=texts))).start()

    assert talk.said == ["欢迎。", "好吗？"]
    assert talk.hear(1).said == ["Yes?"]
    assert talk.hear(2).said == ["Yes?"], "a language that nobody speaks changes nothing"


def test_flow_in_another_language_is_gone_to_in_that_language(tmp_path: Path) -> None:
    main = "start: a\nsteps:\n  a: {say: Hello., next: b}\n  b: {goto: deutsch}\n"
    other = "language: de-DE\nstart: a\nsteps:\n  a: {say: Hallo., hangup: auto}\n"
    talk = Conversation(load_flows(write(tmp_path, main=main, deutsch=other))).start()

    kinds = [type(command).__name__ for command in talk.commands]
    assert kinds == ["Say", "ChangeLanguage", "Say", "HangUp"]


# Out of step


def test_complete_translation_is_in_step(tmp_path: Path) -> None:
    assert gaps(write(tmp_path, main=MAIN, zh_main=CHINESE)) == []


def test_missing_texts_are_told_with_their_place_and_said_untranslated(tmp_path: Path) -> None:
    texts = CHINESE.replace("    ask: 号码是多少？\n", "").replace("  hello: {say: 你好。}\n", "")
    texts = texts.replace("ask: 哪一天？, ", "").replace("nomatch: 什么？\n", "")
    folder = write(tmp_path, main=MAIN, zh_main=texts)

    assert gaps(folder) == [
        "main.yaml:7 step 'hello' is not there in zh-CN",
        "zh-CN/main.yaml:1 'nomatch' is not there in zh-CN",
        "zh-CN/main.yaml:2 'ask' of step 'number' is not there in zh-CN",
        "zh-CN/main.yaml:6 'ask' of slot 'day' of step 'booking' is not there in zh-CN",
    ]
    assert Conversation(load_flows(folder)).start(language="zh-CN").said == [
        "Hello.",
        "What number?",
    ]


def test_texts_that_the_flow_does_not_have_are_told(tmp_path: Path) -> None:
    texts = CHINESE + "  helo: {say: 你好}\n"
    texts = texts.replace("  hello: {say: 你好。}", "  hello: {say: 你好。, ask: 好吗？}")

    assert gaps(write(tmp_path, main=MAIN, zh_main=texts)) == [
        "zh-CN/main.yaml:3 'ask' of step 'hello' is here in zh-CN, but not in the flow itself",
        "zh-CN/main.yaml:13 step 'helo' is here in zh-CN, but not in the flow itself",
    ]


def test_flow_that_is_not_translated_is_told(tmp_path: Path) -> None:
    other = "start: a\nsteps: {a: {say: Hi., hangup: auto}}\n"
    silent = "start: a\nsteps: {a: {return: true}}\n"
    folder = write(tmp_path, main=MAIN, zh_main=CHINESE, other=other, silent=silent)

    assert gaps(folder) == ["other.yaml:1 flow 'other' is not there in zh-CN"]


def test_value_alone_needs_no_translation(tmp_path: Path) -> None:
    main = 'start: a\nsteps:\n  a: {set: {n: 1}, next: b}\n  b: {say: "{n}.", hangup: auto}\n'
    assert gaps(write(tmp_path, main=main, zh_main="steps: {}")) == []


def test_translation_that_holds_more_than_texts_is_a_problem(tmp_path: Path) -> None:
    texts = CHINESE.replace("  hello: {say: 你好。}", "  hello: {say: 你好。, next: bye}")
    texts += "start: bye\n"

    assert faults(write(tmp_path, main=MAIN, zh_main=texts)) == [
        "zh-CN/main.yaml:3:21: 'next' is no text: a translation holds texts only. "
        "Write it in the flow itself.",
        "zh-CN/main.yaml:13:1: 'start' is no text: a translation holds texts only. "
        "Write it in the flow itself.",
    ]


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ("- 你好", "zh-CN/main.yaml:1:1: a translation is a mapping."),
        ("steps: 你好", "zh-CN/main.yaml:1:8: 'steps' is text, not a mapping of texts."),
        ("steps: {hello: {say: }}", "zh-CN/main.yaml:1:20: expected the text of a prompt"),
        ('steps: {hello: {say: "{nam}"}}', "zh-CN/main.yaml:1:24: variable 'nam' is set nowhere"),
        ("steps: {hello: {say: [}}", "zh-CN/main.yaml:1:23: "),
    ],
)
def test_fault_of_a_translation_is_told_where_it_stands(
    tmp_path: Path, texts: str, problem: str
) -> None:
    told = faults(write(tmp_path, main=MAIN, zh_main=texts))

    assert len(told) == 1
    assert told[0].startswith(problem)


def test_fault_of_the_flow_is_told_once(tmp_path: Path) -> None:
    main = MAIN.replace("confirm: {ask:", "confirm: {below: 7, ask:")

    assert faults(write(tmp_path, main=main, zh_main=CHINESE)) == [
        "main.yaml:14:22: expected a confidence from 0 to 1"
    ]


def test_words_of_no_flow_and_a_folder_of_no_language_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path, main=MAIN, zh_main=CHINESE, zh_mian="steps: {}")
    (folder / "zh_TW").mkdir()
    (folder / "zh_TW" / "main.yaml").write_text("steps: {}")

    assert faults(folder) == [
        "zh-CN/mian.yaml: there is no flow 'mian' that this could be the words of. "
        "Did you mean 'main'?",
        "zh_TW: 'zh_TW' is no language. "
        "Name the folder after the language that its texts are in, such as zh-CN.",
    ]


def test_language_that_no_flow_speaks_is_told(tmp_path: Path) -> None:
    main = MAIN.replace("english: en-US", "french: fr-FR")

    assert faults(write(tmp_path, main=main, zh_main=CHINESE)) == [
        "main.yaml:4:39: no flow speaks fr-FR. Write its words in a folder fr-FR beside this flow."
    ]


def test_key_may_stand_for_a_command_that_changes_the_language(tmp_path: Path) -> None:
    main = MAIN.replace("  grammar: commands\n", '  grammar: commands\n  keys: {"9": chinese}\n', 1)
    flows = load_flows(write(tmp_path, main=main, zh_main=CHINESE))

    listen = Conversation(flows).start().last

    assert isinstance(listen, Listen)
    assert listen.keys["9"] == {"command": "chinese"}


def test_translations_share_the_grammars_that_are_known(flows: FlowSet) -> None:
    known = Known(grammars={"commands", "numbers", "size"})
    assert validate(flows, known) == []


def test_grammar_of_another_language_is_told_with_its_remedy(flows: FlowSet) -> None:
    english = {reference.name: Language("en-US") for reference in flows.grammars()}

    told = {each.problem: each.remedy for each in advice.out_of_step(flows, english)}

    assert told["the flow speaks zh-CN, its grammar 'zh-CN/numbers' en-US"] == (
        "Write grammars/zh-CN/numbers.gram."
    )
    assert not any("its grammar 'numbers'" in problem for problem in told)


def test_prompts_of_all_languages_are_rendered_and_measured(tmp_path: Path) -> None:
    long = "长" * 60
    texts = CHINESE.replace("再见。", long)
    flows = load_flows(write(tmp_path, main=MAIN, zh_main=texts))

    assert {language for _, language in flows.prompts()} == {"en-US", "zh-CN"}
    (told,) = advice.long_prompts(flows)
    assert told.file.endswith("zh-CN/main.yaml")
    assert "about 15 s" in told.problem
