"""A caller's earlier contacts in a test: read from the file, told to the flow as a call would."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from voicebot.document import Map, Node, Scalar, Sequence, suggest
from voicebot.flows import atoms
from voicebot.flows.matter import note
from voicebot.rehearsal import vocabulary
from voicebot.rehearsal.model import EarlierContact, Setting
from voicebot.sessions.history import Contact, told
from voicebot.types import CallId, Json, Matter, Outcome

MAX_DAYS = 366


def read_history(node: Node) -> tuple[EarlierContact, ...]:
    """The contacts that ``history`` names, newest first. Raises FlowError."""
    if not isinstance(node, Sequence):
        raise node.place.error(
            f"a history is a list of contacts, not {node.kind}",
            "Write '- {days_ago: 3, matter: {about: return}}', or [] for none.",
        )
    contacts = [_contact(item) for item in node]
    return tuple(sorted(contacts, key=lambda contact: contact.days_ago))


def as_told(setting: Setting) -> dict[str, Json]:
    """What the flow is told of the setting's history. The call is made at noon: no contact of a
    test falls on another day than it says."""
    noon = datetime.combine(setting.today or date.today(), time(12))
    contacts = [
        Contact(
            CallId(f"earlier-{place}"),
            (noon - timedelta(days=contact.days_ago)).timestamp(),
            contact.outcome,
            contact.matter,
        )
        for place, contact in enumerate(setting.history or ())
    ]
    return told(contacts, noon.timestamp())


def _contact(node: Node) -> EarlierContact:
    mapping = atoms.mapping(node)
    for problem in mapping.unknown_keys(vocabulary.CONTACT_KEYS, "key in a contact:"):
        raise problem
    days, outcome, matter = (mapping.get(key) for key in ("days_ago", "outcome", "matter"))
    return EarlierContact(
        days_ago=_days(days) if days is not None else 0,
        outcome=_outcome(outcome) if outcome is not None else Outcome.ABANDONED_IN_FLOW,
        matter=_matter(atoms.mapping(matter)) if matter is not None else None,
    )


def _days(node: Node) -> int:
    """Today's own contacts are those of 0 days ago."""
    if isinstance(node, Scalar) and node.value == 0 and node.value is not False:
        return 0
    return atoms.whole_number(node, MAX_DAYS)


def _outcome(node: Node) -> Outcome:
    raw = node.raw if isinstance(node, Scalar) else ""
    outcomes = [outcome.value for outcome in Outcome]
    if raw not in outcomes:
        raise node.place.error(f"'{raw}' is no outcome", suggest(raw, outcomes))
    return Outcome(raw)


def _matter(mapping: Map) -> Matter:
    noted = note(None, {name: each.plain() for name, each in mapping.entries.items()})
    if noted is None:
        raise mapping.place.error("the matter has no 'about'", "Write: matter: {about: return}.")
    return noted.matter(heard_all=True)
