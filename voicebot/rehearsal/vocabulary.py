"""Every key of a conversation test and what it means; the documentation follows these tables."""

from __future__ import annotations

from collections.abc import Mapping

FILE_KEYS: Mapping[str, str] = {
    "setup": "what holds for every test of the file",
    "tests": "the tests, by name",
}

TEST_KEYS: Mapping[str, str] = {
    "setup": "what holds for this test, over that of the file",
    "table": "rows of values; the test runs for each row, `<name>` standing for its value",
    "talk": "the turns of the conversation",
    "outcome": "how the call ends; a caller who is still there hangs up",
}

SETUP_KEYS: Mapping[str, str] = {
    "flow": "the flow that takes the call (default: the setting `calls.flow`)",
    "today": "the day on which the call is made, `2026-11-21` (default: that of the run)",
    "language": "the language that the call begins in, `zh-CN` (default: that of the flow)",
    "facts": "variables that are there from the beginning: `caller`, `language`, …",
    "history": "the caller's earlier contacts, newest first",
    "actions": "what actions give, by name",
    "transfers": "what comes of transfers, by target",
    "texts": "what comes of links to go on in text, by the intent of the offer",
}

CONTACT_KEYS: Mapping[str, str] = {
    "days_ago": "how many days before the call it was (default 0)",
    "outcome": "how it ended (default `abandoned_in_flow`)",
    "matter": "what it was about, as in a step; `open: false` where that is done",
}

MOVES: Mapping[str, str] = {
    "says": "the caller says these words",
    "keys": "the caller presses these keys",
    "silence": "`true`, or how often: the caller says nothing until it is a noinput",
    "recognizer_fails": "`true`: the caller speaks, and listening breaks on our side",
    "hangs_up": "`true`: the caller hangs up",
    "agent_rings": "`true`: an agent comes for the caller, who waits in a queue that `waits`",
}

CHECKS: Mapping[str, str] = {
    "step": "where the bot now waits, or where the call ended",
    "slot": "the slot that a form now asks for, or `review` where it asks about all of them",
    "filled": "a slot that has a new value, several, or a mapping of them to values; `[]`: none",
    "passes": "a step, or several in this order, that the flow took since the caller's move",
    "avoids": "a step, or several, that it did not take",
    "bot": "a part of what the bot said since the move, or several",
    "bot_not": "what it did not say",
    "cards": "a part of a card that was shown, or several; `[]`: none was",
    "result": "what the move was taken for: `match`, `nomatch` or `noinput`",
    "heard": "the meaning of what was heard",
    "acts": "an action that was run, several, or a mapping of them to arguments; `[]` for none",
    "answers": "the article that a question was answered from; `[]` where nothing was known",
    "transfers": "the target of a transfer, or a mapping of it to what the person is told",
    "texts": "the intent of an offer whose link was sent, or a mapping to the `number`; `[]`: none",
    "variables": "variables and their values, dotted names too",
    "holds": "a condition on the variables, as in a branch, or several",
    "outcome": "the call is over now, with this outcome",
}

TURN_KEYS: Mapping[str, str] = {
    **MOVES,
    "confidence": "how sure the recogniser is of `says`, 0 to 1 (default 1; not in audio)",
    **CHECKS,
}

ACTION_KEYS: Mapping[str, str] = {
    "result": "what the action gives",
    "fails": "why it fails instead",
    "when": "only for these arguments",
    "times": "only so many times",
}

TRANSFER_KEYS: Mapping[str, str] = {
    "fails": "why nobody takes the call: `busy` and others, of a queue also `closed` and `full`",
    "seconds": "how long the person of a bridged transfer talks before leaving (default 60)",
    "left": "who ended a bridged transfer: `agent` or `line`",
    "answers_after_s": "of a queue: an agent answers after so many seconds of waiting",
    "nobody_answers": "of a queue, `true`: no agent ever answers",
    "waits": "of a queue, `true`: the caller waits until a turn says `agent_rings`",
    "to": "where that person sent the caller in the flow",
    "times": "only so many times",
}

WAITING_KEYS = ("answers_after_s", "nobody_answers", "waits")
"""Those of a transfer that say how long a caller waits in a queue."""

TEXT_KEYS: Mapping[str, str] = {
    "fails": "why no link can be sent",
    "times": "only so many times",
}
