"""Every key that may stand in a flow file: its shape, whether it must be there, what it means.

The reader, the JSON Schema for editors and the reference in docs/flows.md all follow this table.
"""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.flows.shapes import Key, Shape

_SAY = Key("say", Shape.PROMPTS, "what is said on entering the step: one prompt or a list")
_COMMON = (
    _SAY,
    Key("bargein", Shape.BOOLEAN, "whether the caller may interrupt (default true)"),
    Key("served", Shape.BOOLEAN, "whoever has heard this step's words got what they came for"),
    Key("matter", Shape.MATTER, "what the contact is about: {about: return, order: '{number}'}"),
    Key(
        "card", Shape.CARD, "what is shown beside the words in text: an order, a product, a parcel"
    ),
)
_NEXT = Key("next", Shape.STEP, "the step that follows", required=True)

_YES_NO = (
    Key("grammar", Shape.GRAMMAR, "grammar of yes and no (default builtin:boolean)"),
    Key("keys", Shape.KEYS, "keys for true and false (default 1 and 2)"),
)
_OTHER_WORDS = (
    Key("help", Shape.PROMPTS, "said when the caller asks for help"),
    Key("noinput", Shape.PROMPTS, "said after silence: first, second, ... time"),
    Key("nomatch", Shape.PROMPTS, "said after words not understood: first, second, ... time"),
)
_AT_A_QUESTION = (
    *_OTHER_WORDS,
    Key("on_trouble", Shape.STEP, "where trouble at this question leads"),
    Key("commands", Shape.STEP_COMMANDS, "false, or other steps for some of the commands"),
)

_LISTENING = (
    Key("timeout_ms", Shape.MILLISECONDS, "silence before a noinput"),
    Key("completetimeout_ms", Shape.MILLISECONDS, "silence that ends a complete answer"),
    Key("incompletetimeout_ms", Shape.MILLISECONDS, "silence that ends an incomplete answer"),
    Key("maxspeechtimeout_ms", Shape.MILLISECONDS, "longest answer"),
    Key("interdigittimeout_ms", Shape.MILLISECONDS, "longest pause between two keys"),
    Key("termchar", Shape.TERMCHAR, "key that ends an entry (default '#'; '' for none)"),
    Key("private", Shape.BOOLEAN, "true: the recording of the call pauses here"),
    Key("sensitive", Shape.BOOLEAN, "true: the answer is a secret, kept and shown nowhere"),
)

STEP_KINDS: Mapping[str, tuple[Key, ...]] = {
    "ask": (
        Key("ask", Shape.PROMPTS, "the question", required=True),
        Key(
            "grammar",
            Shape.GRAMMARS,
            "grammar of the answers, or several; or a list",
        ),
        Key("keys", Shape.KEYS, "keys to press, each with the meaning it has"),
        Key("intents", Shape.INTENTS, "true: words that no grammar holds may be an intent"),
        Key("free", Shape.BOOLEAN, "true: words that no grammar holds are taken as they are"),
        Key("next", Shape.ROUTE, "the step that follows, or a step for each meaning", True),
        Key("store", Shape.NAME, "variable that gets the meaning of the answer"),
        Key("confirm", Shape.CONFIRM, "asks back before the answer is taken"),
        *_AT_A_QUESTION,
        *_LISTENING,
    ),
    "form": (
        Key("form", Shape.SLOTS, "the slots: what is needed, each by its variable", required=True),
        Key("title", Shape.TEXT, "what the form is about: 'your return'"),
        Key("grammar", Shape.GRAMMARS, "grammars whose meanings name several slots"),
        Key("next", Shape.STEP, "the step that follows when all is known", required=True),
        Key("store", Shape.NAME, "variable that gets an object of all values"),
        Key("corrected", Shape.PROMPTS, "said before a corrected value is said back"),
        Key("resume", Shape.PROMPTS, "said when the caller comes back from elsewhere"),
        Key("review", Shape.REVIEW, "says all values back at the end, and lets them be changed"),
        Key("stop", Shape.CASES, "conditions under which the form is left, and where they lead"),
        Key("aside", Shape.ASIDE, "where callers may go from here and come back"),
        Key("help", Shape.PROMPTS, "said on a call for help where a slot has none"),
        Key("on_trouble", Shape.STEP, "where trouble in this form leads"),
        Key("commands", Shape.STEP_COMMANDS, "false, or other steps for some of the commands"),
        *_LISTENING,
    ),
    "set": (
        Key("set", Shape.ASSIGNMENTS, "variables and their new values", required=True),
        _NEXT,
    ),
    "language": (
        Key(
            "language",
            Shape.LANGUAGE_VALUE,
            "language in which the contact goes on: zh-CN, or a variable such as {customer.tongue}",
            required=True,
        ),
        _NEXT,
    ),
    "branch": (Key("branch", Shape.BRANCH, "conditions and where they lead", required=True),),
    "act": (
        Key("act", Shape.REFERENCE, "name of the action", required=True),
        Key("arguments", Shape.VALUES, "the action's arguments"),
        Key("store", Shape.NAME, "variable that gets the result"),
        Key("filler", Shape.PROMPT, "said when the action is slow"),
        _NEXT,
        Key("on_error", Shape.STEP, "the step that follows a failure", required=True),
    ),
    "answer": (
        Key("answer", Shape.PROMPT, "the question, in the caller's words", required=True),
        Key("more", Shape.PROMPTS, "offers the rest of a longer answer: 'Shall I go on?'"),
        *_YES_NO,
        Key("next", Shape.STEP, "the step that follows the answer", required=True),
        Key("unknown", Shape.STEP, "where nothing is known leads (default: it is a nomatch)"),
        Key("served", Shape.BOOLEAN, "false: the answer alone is not what callers came for"),
    ),
    "transfer": (
        Key(
            "transfer",
            Shape.REFERENCE,
            "a name from the settings, a SIP URI, or queue:NAME for a queue of queues.yaml",
            required=True,
        ),
        Key("context", Shape.VALUES, "what the person who takes the call is told"),
        Key("on_failure", Shape.STEP, "where the caller comes back to when nobody takes it", True),
        Key(
            "mode",
            Shape.TRANSFER_MODE,
            "refer (the caller's phone calls the target) or bridge (we call it and stay)",
        ),
        Key(
            "next",
            Shape.STEP,
            "bridge, queue: where the caller goes on afterwards",
        ),
        Key(
            "while_waiting",
            Shape.WHILE_WAITING,
            "bridge, queue: said over and over to who waits; or what they may do meanwhile",
        ),
        Key(
            "whisper",
            Shape.PROMPTS,
            "bridge, queue: said to the person, before the caller",
        ),
        Key("ring_ms", Shape.MILLISECONDS, "bridge: how long it may ring"),
        Key("closed", Shape.STEP, "queue: where callers go while it is closed (on_failure)"),
        Key("overflow", Shape.STEP, "queue: where its overflow sends callers (on_failure)"),
        Key("callback", Shape.PROMPT, "queue: do not wait; call this number when the turn comes"),
        Key("callback_at", Shape.PROMPT, "queue: call at this time instead (empty: at the turn)"),
    ),
    "offer_text": (
        Key("offer_text", Shape.PROMPTS, "asks whether to go on in text", required=True),
        Key("intent", Shape.TEXT, "what it is about, for the figures (default: the step's name)"),
        Key("if", Shape.CONDITION, "text is offered only where this holds"),
        Key("number", Shape.OFFER_NUMBER, "how the number that gets the link is confirmed"),
        Key("accepted", Shape.STEP, "where the call goes on when the link is sent", True),
        Key("declined", Shape.STEP, "where the caller goes on after a no", required=True),
        Key("skipped", Shape.STEP, "where callers go to whom nothing is offered (else: declined)"),
        Key("unavailable", Shape.STEP, "where callers go on when no link could be sent", True),
        Key("in_text", Shape.STEP, "where the text begins (default: declined)"),
        *_YES_NO,
        *_AT_A_QUESTION,
        Key("timeout_ms", Shape.MILLISECONDS, "silence before a noinput"),
    ),
    "hangup": (
        Key("hangup", Shape.OUTCOME, "the outcome, or auto: what was reached", required=True),
        Key("reason", Shape.TEXT, "a few words for the call's record"),
    ),
    "call": (Key("call", Shape.REFERENCE, "another flow, which returns here", True), _NEXT),
    "goto": (Key("goto", Shape.REFERENCE, "another flow, for good", required=True),),
    "return": (Key("return", Shape.TRUE, "back to the flow that called this one", True),),
    "say": (Key("say", Shape.PROMPTS, _SAY.meaning, required=True), _NEXT),
}
"""Kinds of step, by the key that marks them; ``say`` marks a step that has none of the others."""

FLOW_KEYS: tuple[Key, ...] = (
    Key("language", Shape.LANGUAGE, "language of prompts and answers (default en-US)"),
    Key("start", Shape.STEP, "the first step", required=True),
    Key("caller", Shape.REFERENCE, "action that tells who calls, run with the caller's 'number'"),
    Key("commands", Shape.COMMANDS, "what callers may say or press at every question"),
    Key("trouble", Shape.TROUBLE, "where callers go who are not understood"),
    Key("offers", Shape.OFFERS, "when text is offered to callers who are not understood"),
    Key("help", Shape.PROMPTS, "said before the question where a step has no help"),
    Key("noinput", Shape.PROMPTS, "said before the question where a step has no noinput"),
    Key("nomatch", Shape.PROMPTS, "said before the question where a step has no nomatch"),
    Key("apology", Shape.PROMPTS, "said before the question when listening itself failed"),
    Key("which", Shape.PROMPTS, "said when several items of a list are as near: {options}"),
    Key("steps", Shape.STEPS, "the steps, by name", required=True),
)

CONFIRM_KEYS: tuple[Key, ...] = (
    Key("ask", Shape.PROMPTS, "the question; {answer} is what was understood", required=True),
    Key("below", Shape.CONFIDENCE, "ask only below this confidence, 0 to 1 (default: always)"),
    *_YES_NO,
)

INTENTS_KEYS: tuple[Key, ...] = (
    Key("only", Shape.REFERENCES, "the intents that count (default: all)"),
    Key("least", Shape.CONFIDENCE, "surer intents count, 0 to 1 (default: all in scope)"),
    Key("confirm", Shape.CONFIRM, "asks back before an intent is taken, in place of the step's"),
    Key("further", Shape.PROMPTS, "said before another request of the same sentence is served"),
)
"""Keys of the intents that a question understands."""

LIST_KEYS: tuple[Key, ...] = (
    Key("list", Shape.LIST, "the items: a variable such as {products}, or written out", True),
    Key("item", Shape.FIELDS, "field of an item that is said, or several (default: the item)"),
    Key("value", Shape.FIELD, "field of an item that it means (default: the whole item)"),
    Key("near", Shape.BOOLEAN, "true: an item said or typed a little wrong is taken too"),
)
"""Keys of a grammar that is made of a list."""

SLOT_KEYS: tuple[Key, ...] = (
    Key("ask", Shape.PROMPTS, "the question", required=True),
    Key("again", Shape.PROMPTS, "the question in other words, when it is asked once more"),
    Key("grammar", Shape.GRAMMARS, "grammar of the answers, or several; or a list"),
    Key("keys", Shape.KEYS, "keys to press, each with the meaning it has"),
    Key("called", Shape.TEXTS, "what callers call the slot: 'change the day'"),
    *_OTHER_WORDS,
    Key("if", Shape.CONDITION, "the slot is needed only where this holds"),
    Key("prefill", Shape.VALUE, "its value when the form begins, where that is not null"),
    Key("default", Shape.VALUE, "its value when the caller cannot give one"),
    Key("carry", Shape.BOOLEAN, "true: a value given earlier in the contact is kept"),
    Key("filled", Shape.STEP, "step that looks at each new value; return comes back"),
    Key("confirm", Shape.SLOT_CONFIRM, "how its value is confirmed"),
    Key("sensitive", Shape.BOOLEAN, "true: its value is a secret, kept and shown nowhere"),
)
"""Keys of one slot of a form."""

SLOT_CONFIRM_KEYS: tuple[Key, ...] = (
    Key("ask", Shape.PROMPTS, "the question that asks back"),
    Key("ask_below", Shape.CONFIDENCE, "ask only below this confidence, 0 to 1 (default: always)"),
    Key("say", Shape.PROMPTS, "said before the next question instead: 'For Friday.'"),
    Key("say_below", Shape.CONFIDENCE, "say only below this confidence, 0 to 1 (default: always)"),
    *_YES_NO,
)

REVIEW_KEYS: tuple[Key, ...] = (
    Key("ask", Shape.PROMPTS, "all values, and whether they are right", required=True),
    Key("change", Shape.PROMPTS, "asks what is wrong, after a 'no'", required=True),
    *_YES_NO,
)

ASIDE_KEYS: tuple[Key, ...] = (
    Key("grammar", Shape.GRAMMARS, "grammar of what callers may ask for meanwhile, or several"),
    Key("intents", Shape.BOOLEAN, "true: the names in steps may be intents, in any words"),
    Key("steps", Shape.STEP_MAP, "the step of each meaning or command; return comes back", True),
)

WHILE_WAITING_KEYS: tuple[Key, ...] = (
    Key("say", Shape.PROMPTS, "said over and over to who waits"),
    Key("offer", Shape.WAITING_OFFER, "queue: what callers may do meanwhile, and keep their place"),
)

WAITING_OFFER_KEYS: tuple[Key, ...] = (
    Key("ask", Shape.PROMPTS, "offers it, after what is said to who waits", required=True),
    Key("grammar", Shape.GRAMMARS, "grammar of what callers may choose, or several"),
    Key("keys", Shape.KEYS, "keys to press, each with its meaning"),
    Key("steps", Shape.STEP_MAP, "the step of each meaning; return comes back to the queue", True),
    Key("ready", Shape.PROMPTS, "said when an agent rings, before the caller is back in line"),
    Key("still", Shape.PROMPTS, "asked instead: whether they still want a person; a no leaves"),
)

COMMANDS_KEYS: tuple[Key, ...] = (
    Key("grammar", Shape.GRAMMAR, "grammar whose meanings are the commands"),
    Key("keys", Shape.KEY_COMMANDS, "keys to press, each with its command"),
    Key("steps", Shape.STEP_MAP, "the step of each command; help, repeat and back need none"),
    Key("languages", Shape.LANGUAGE_MAP, "commands that change the language: {chinese: zh-CN}"),
)

TROUBLE_KEYS: tuple[Key, ...] = (
    Key("next", Shape.STEP, "the step to go to", required=True),
    Key("in_a_row", Shape.COUNT, "after so many in a row (default 3)"),
    Key("in_all", Shape.COUNT, "after so many in the whole call (default 5)"),
    Key("if", Shape.CONDITION, "at once where this holds: frustration >= 0.7"),
)

OFFER_NUMBER_KEYS: tuple[Key, ...] = (
    Key("ask", Shape.PROMPTS, "whether {text.number} is right (default: not asked)"),
    Key("other", Shape.PROMPTS, "asks for another number (default: none can be given)"),
    Key("confirm", Shape.PROMPTS, "asks back; {answer} is the other number"),
    Key("grammar", Shape.GRAMMAR, "grammar of numbers (default builtin:phone)"),
)

OFFERS_KEYS: tuple[Key, ...] = (
    Key("struggling", Shape.STEP, "the offer_text step; return comes back to the question", True),
    Key("in_a_row", Shape.COUNT, "after so many misses in a row (default 2)"),
    Key("in_all", Shape.COUNT, "after so many in the whole call (default 4)"),
    Key("if", Shape.CONDITION, "at once where this holds: frustration >= 0.5"),
)


CARD_KEYS: tuple[Key, ...] = (
    Key("title", Shape.PROMPT, "what it is: Order {order.number}; no card where it is empty", True),
    Key("lines", Shape.LABELLED, "labels and values: {Arrives: '{order.eta|date}'}"),
    Key("image", Shape.PROMPT, "a picture of the folder images: parcel.png"),
    Key("alt", Shape.PROMPT, "what the picture shows, for who cannot see it"),
    Key("links", Shape.LABELLED, "labels and addresses, which begin with https://"),
    Key("replies", Shape.PROMPTS, "short answers to touch in place of writing them"),
)
"""Keys of a card."""


def step_keys(kind: str) -> tuple[Key, ...]:
    """The keys of a kind of step, those that every step has included."""
    own = STEP_KINDS[kind]
    names = {key.name for key in own}
    return (*own, *(key for key in _COMMON if key.name not in names))
