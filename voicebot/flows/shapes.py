"""What the value of a key of a flow file looks like, and what is known of a key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Shape(Enum):
    """What the value of a key looks like."""

    TEXT = auto()
    PROMPT = auto()
    PROMPTS = auto()
    NAME = auto()
    STEP = auto()
    REFERENCE = auto()
    REFERENCES = auto()
    GRAMMARS = auto()
    INTENTS = auto()
    LIST = auto()
    FIELD = auto()
    FIELDS = auto()
    ROUTE = auto()
    BRANCH = auto()
    KEYS = auto()
    KEY_COMMANDS = auto()
    STEP_MAP = auto()
    STEP_COMMANDS = auto()
    VALUES = auto()
    MATTER = auto()
    ASSIGNMENTS = auto()
    CONFIRM = auto()
    COMMANDS = auto()
    TROUBLE = auto()
    TRANSFER_MODE = auto()
    OUTCOME = auto()
    BOOLEAN = auto()
    TRUE = auto()
    MILLISECONDS = auto()
    COUNT = auto()
    CONFIDENCE = auto()
    TERMCHAR = auto()
    LANGUAGE = auto()
    LANGUAGE_VALUE = auto()
    LANGUAGE_MAP = auto()
    GRAMMAR = auto()
    STEPS = auto()
    SLOTS = auto()
    SLOT_CONFIRM = auto()
    REVIEW = auto()
    ASIDE = auto()
    CASES = auto()
    CONDITION = auto()
    VALUE = auto()
    TEXTS = auto()
    OFFER_NUMBER = auto()
    OFFERS = auto()
    WHILE_WAITING = auto()
    WAITING_OFFER = auto()
    CARD = auto()
    LABELLED = auto()


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    shape: Shape
    meaning: str
    required: bool = False
