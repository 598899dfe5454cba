"""What every flow has without defining it: variables, commands and actions of voicebot's own."""

from __future__ import annotations

from collections.abc import Mapping

FACTS: Mapping[str, str] = {
    "caller": "the caller's number or name",
    "callee": "what the caller dialled",
    "channel": "how the contact came in",
    "language": "language of the contact",
    "direction": "inbound, or outbound where voicebot made the call",
    "answered_by": "who took an outbound call: person, machine or unknown",
    "headers": "what came with a SIP call, names with underscores (headers.user_to_user)",
    "answer": "meaning of the last answer",
    "article": "what the last answer step found: name, question, confidence; null for nothing",
    "problem": "why the last action or transfer failed",
    "in_line": "true while the caller does something else and keeps the place in a queue",
    "transfer": "the last transfer: who left after how many seconds, or why a queue took nobody",
    "history": "contacts of this caller in the last days, null where nothing is known",
    "customer": "who calls, as the flow's action 'caller' told; null where nobody knows",
    "queues": "for each queue its waiting, wait_s, open, agents and free, as of now",
    "matter": "what this contact is about, as a step's 'matter' said",
    "frustration": "how frustrated the caller seems, 0 to 1",
    "options": "items of a list that may have been meant",
    "waiting": "requests made in the same breath as another, not served yet",
    "unfinished": "title of the form that the caller will come back to, null where there is none",
    "text": "how text could be offered: to (sms or page) and number; null where it cannot",
    "waiting_s": "at an offer of text: the wait for a person instead, null where nobody knows",
    "trouble": "kind (noinput, nomatch or failure) and count of the last trouble",
}
"""Variables that are there without a step that sets them."""

CHANGEABLE_FACTS = frozenset({"customer"})
"""Those that steps may set all the same."""

BUILTIN_COMMANDS = ("help", "repeat", "back")


BUILTIN_ACTIONS: Mapping[str, Mapping[str, bool]] = {"history": {"customer": True}}
"""Actions that voicebot has itself: their arguments, and whether each must be given."""

CALLER_ARGUMENT = "number"
"""What the action ``caller`` of a flow is given."""
