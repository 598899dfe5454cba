"""What is read of a folder stays as it was read."""

from __future__ import annotations

import pytest

from tests.live.conftest import FLOW, Folder
from voicebot import application
from voicebot.errors import FlowError, GrammarError, UsageError
from voicebot.flows.commands import Listen, Say
from voicebot.flows.events import ContactStarted
from voicebot.nlu import encoders
from voicebot.sessions import grammars
from voicebot.types import Language


def test_an_application_does_not_follow_its_files(folder: Folder) -> None:
    loaded = folder.load()
    folder.edit("flows/main.yaml", "Apples or pears?", "Plums?")
    folder.edit("grammars/fruit.gram", "apples | pears", "plums")

    interpreter = loaded.interpreter_for("main")
    _, commands = interpreter.receive(interpreter.begin(), ContactStarted())

    assert isinstance(commands[0], Say)
    assert commands[0].prompt.parts == ("Apples or pears?",)
    assert isinstance(commands[1], Listen)
    grammar = loaded.listen_grammars.named(("fruit",))
    assert grammar.match_words(["pears"])
    assert not grammar.match_words(["plums"])


def test_a_grammar_that_was_deleted_still_serves_the_version_that_has_it(folder: Folder) -> None:
    loaded = folder.load()
    (folder.path / "grammars" / "fruit.gram").unlink()

    assert loaded.listen_grammars.named(("builtin:boolean", "fruit")).match_words(["pears"])


def test_the_next_version_takes_over_what_has_not_changed(folder: Folder) -> None:
    first = folder.load()
    first.compile_grammars()
    folder.edit("flows/main.yaml", "Goodbye.", "So long.")

    second = folder.load(first)

    assert second.version != first.version
    names = ("fruit",)
    assert second.listen_grammars.named(names) is first.listen_grammars.named(names)


def test_the_next_version_has_the_grammars_as_they_are_now(folder: Folder) -> None:
    first = folder.load()
    folder.edit("grammars/fruit.gram", "apples | pears", "plums")

    second = folder.load(first)

    assert second.listen_grammars.named(("fruit",)).match_words(["plums"])
    assert first.listen_grammars.named(("fruit",)).match_words(["pears"])


def test_grammars_of_confirmations_are_compiled_ahead(folder: Folder) -> None:
    loaded = folder.load()

    sets = loaded.grammar_sets()

    assert sets == {("fruit",), ("builtin:boolean", "fruit")}


def test_the_questions_of_forms_are_compiled_ahead(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(
        "flows/main.yaml",
        "start: a\nsteps:\n  z: {say: Bye., hangup: auto}\n  a:\n    next: z\n"
        "    form: {x: {ask: Hm?, grammar: fruit}, y: {ask: So?, grammar: fruit}}\n",
    )
    loaded = folder.load()
    loaded.compile_grammars()
    interpreter = loaded.interpreter_for("main")
    _, commands = interpreter.receive(interpreter.begin(), ContactStarted())
    assert isinstance(commands[-1], Listen)

    monkeypatch.setattr(grammars, "compile_form", None)  # nothing is left to compile

    assert loaded.listen_grammars.now(commands[-1].grammars).match_words(["pears"])


def test_who_speaks_wakes_what_understands_free_words_where_there_is_something_to_understand(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(encoders, "wake", woken.append)
    folder.load().wake(Language("en-US"))
    assert woken == []

    folder.write("knowledge/en-US/shop.md", "# When do you open?\n\nAt nine.\n")
    loaded = folder.load()
    loaded.wake(Language("en-GB"))
    loaded.wake(Language("de-DE"))

    assert woken == ["en-GB"]


def test_files_that_change_under_the_reader_are_read_again(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = application._read
    edits = [FLOW.replace("Goodbye.", "So long."), FLOW.replace("Goodbye.", "See you.")]

    def slow_read(*arguments: object) -> application.Application:
        found = read(*arguments)  # type: ignore[arg-type]
        if edits:
            folder.write("flows/main.yaml", edits.pop())
        return found

    monkeypatch.setattr(application, "_read", slow_read)

    assert folder.load().flows["main"].steps["bye"].say[0].parts == ("So long.",)


def test_files_that_never_rest_are_no_version(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = iter(range(100))
    monkeypatch.setattr(application, "fingerprint", lambda path: str(next(versions)))

    with pytest.raises(UsageError, match="change while they are read"):
        folder.load()


def test_what_cannot_be_used_is_told(folder: Folder) -> None:
    folder.edit("flows/main.yaml", "next: bye", "next: by")
    with pytest.raises(FlowError, match="Did you mean 'bye'"):
        folder.load()
    folder.write("flows/main.yaml", FLOW)
    folder.edit("grammars/fruit.gram", "pears;", "pears")
    with pytest.raises(GrammarError):
        folder.load()


INTENTS = "intents:\n  hello: [good morning, hello there]\n  bye: [good bye, see you later]\n"


def test_faults_of_intents_keep_an_application_from_serving(folder: Folder) -> None:
    folder.write("intents/en-US.yaml", INTENTS.replace("good bye", "hello there"))

    with pytest.raises(FlowError, match="'hello there' is an example of 'bye' and of 'hello'"):
        folder.load()


def test_intents_that_a_step_waits_for_must_exist(folder: Folder) -> None:
    folder.edit("flows/main.yaml", "grammar: fruit", "grammar: fruit\n    intents: [helo]")

    with pytest.raises(FlowError, match=r"Write intents/en-US\.yaml"):
        folder.load()
    folder.write("intents/en-US.yaml", INTENTS)
    with pytest.raises(FlowError, match="intent 'helo' does not exist"):
        folder.load()


def test_grammar_of_a_slot_must_exist(folder: Folder) -> None:
    folder.edit("flows/main.yaml", "grammar: fruit", "grammar: fruit\n    intents: true")
    folder.write(
        "intents/en-US.yaml",
        f"{INTENTS}  order: {{examples: [apples please], slots: {{what: fruits}}}}\n",
    )

    with pytest.raises(FlowError, match="grammar 'fruits' does not exist"):
        folder.load()
    folder.edit("intents/en-US.yaml", "fruits", "fruit")
    loaded = folder.load()
    (folder.path / "grammars" / "fruit.gram").unlink()
    assert loaded.listen_grammars.named(("fruit",)).match_words(["pears"])  # it was kept


def test_intents_that_no_flow_listens_for_are_not_trained(folder: Folder) -> None:
    folder.write("intents/en-US.yaml", INTENTS)

    loaded = folder.load()
    loaded.learn_intents()

    assert not (folder.settings.server.data / "intents").exists()
