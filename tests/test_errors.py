"""Every error of ours has one root, says itself in one line, and survives a process border."""

from __future__ import annotations

import pickle
import re

import pytest

from voicebot import errors
from voicebot.errors import (
    ActionError,
    AudioError,
    CallError,
    CallRefused,
    ConfigError,
    DialFailed,
    DialRefused,
    FlowError,
    GrammarError,
    ModelError,
    NoCommonCodec,
    ReplayRefused,
    RoutingError,
    SourceError,
    SpeechError,
    StaffBusy,
    StaffError,
    StorageError,
    TextRefused,
    TextUnavailable,
    TransferFailed,
    UsageError,
    VoicebotError,
    WorkerLost,
    WorkersBusy,
)

EXAMPLES: list[tuple[VoicebotError, str]] = [
    (VoicebotError("it broke"), "it broke"),
    (UsageError("name a file"), "name a file"),
    (ConfigError("voicebot.toml", "not valid TOML"), "voicebot.toml: not valid TOML"),
    (
        ConfigError(where="sip.prot", problem="unknown setting", remedy="Did you mean 'port'?"),
        "sip.prot: unknown setting. Did you mean 'port'?",
    ),
    (SourceError("a.gram", 3, 7, "a ';' is missing"), "a.gram:3:7: a ';' is missing"),
    (
        GrammarError("a.gram", 3, 7, "no rule $ordr", "Did you mean $order?"),
        "a.gram:3:7: no rule $ordr. Did you mean $order?",
    ),
    (
        FlowError(file="main.yaml", line=0, column=0, problem="is empty"),
        "main.yaml: is empty",
    ),
    (AudioError("a.wav", "is not audio"), "a.wav: is not audio"),
    (
        ModelError("tiny-en", "is altered", "Install it anew."),
        "tiny-en: is altered. Install it anew.",
    ),
    (SpeechError("no voice"), "no voice"),
    (WorkerLost("the worker died"), "the worker died"),
    (WorkersBusy("16 jobs wait"), "16 jobs wait"),
    (CallError("no media"), "no media"),
    (NoCommonCodec("offered: G722"), "offered: G722"),
    (CallRefused("busy", "all lines are in use", 10), "all lines are in use"),
    (DialFailed("sip:bob@pbx", "busy", 486), "call to sip:bob@pbx: busy (486)"),
    (DialFailed(target="sip:bob@pbx", outcome="no answer"), "call to sip:bob@pbx: no answer"),
    (DialRefused("no free line"), "no free line"),
    (TextRefused("used", "this link was opened before"), "this link was opened before"),
    (TextUnavailable("text is switched off"), "text is switched off"),
    (
        TransferFailed("sip:team@pbx", 486, "Busy Here"),
        "transfer to sip:team@pbx failed: 486 Busy Here",
    ),
    (
        TransferFailed(target="sip:team@pbx", status=0, reason="no answer"),
        "transfer to sip:team@pbx failed: no answer",
    ),
    (ActionError("find_order", "timed out"), "action find_order: timed out"),
    (ReplayRefused("main.yaml:4:1: no such step"), "main.yaml:4:1: no such step"),
    (RoutingError("contact c1 is here already"), "contact c1 is here already"),
    (StaffError("no user has this name"), "no user has this name"),
    (StaffBusy("too many are signing in"), "too many are signing in"),
    (StorageError("is locked"), "is locked"),
]


def _all() -> set[type[VoicebotError]]:
    return {
        found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, VoicebotError)
    }


@pytest.mark.parametrize("error, sentence", EXAMPLES)
def test_an_error_says_itself_in_one_line(error: VoicebotError, sentence: str) -> None:
    assert str(error) == sentence


@pytest.mark.parametrize("error, sentence", EXAMPLES)
def test_an_error_comes_whole_out_of_another_process(error: VoicebotError, sentence: str) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == sentence
    assert vars(copy) == vars(error)


def test_every_error_has_an_example_here() -> None:
    assert {type(error) for error, _ in EXAMPLES} == _all()


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert errors.__doc__ is not None
    drawn: dict[str, str] = {}
    parents: list[str] = []
    for prefix, name in re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__, re.MULTILINE):
        depth = len(prefix) // 4
        parents[depth:] = [name]
        if depth:
            drawn[name] = parents[depth - 1]
    bases = {error.__name__: error.__bases__[0].__name__ for error in _all() - {VoicebotError}}
    assert drawn == bases
