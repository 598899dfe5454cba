"""What an open offer of text asks now, as an ordinary question."""

from __future__ import annotations

from voicebot.flows.question_model import Confirm, OfferNumber
from voicebot.flows.references import Route
from voicebot.flows.state import Asking, Offers
from voicebot.flows.steps import AskStep, OfferStep


def as_question(step: OfferStep, offers: Offers, before: AskStep | None) -> AskStep:
    """What the open offer asks now, with everything that an ask step has. What ``before``
    understands is understood instead of a yes or no, too."""
    number = step.number
    ask, grammar, keys, confirm = step.offer_text, step.grammar, step.keys, None
    if number is not None and offers.asking is Asking.NUMBER:
        ask = number.ask
    elif number is not None and offers.asking is Asking.OTHER:
        ask, grammar, keys, confirm = number.other, number.grammar, {}, _confirm(step, number)
        before = None  # digits are those of the number
    whether = offers.asking is Asking.WHETHER
    return AskStep(
        name=step.name,
        place=step.place,
        bargein=step.bargein,
        ask=ask,
        next=Route({}, step.declined),
        grammar=(grammar, *(before.grammar if before is not None else ())),
        intents=before.intents if before is not None else None,
        keys=keys,
        confirm=confirm,
        help=step.help,
        noinput=step.noinput if whether else (),
        nomatch=step.nomatch if whether else (),
        on_trouble=step.on_trouble,
        commands=step.commands,
        timeout_ms=step.timeout_ms,
    )


def _confirm(step: OfferStep, number: OfferNumber) -> Confirm | None:
    if not number.confirm:
        return None
    return Confirm(number.confirm, None, step.grammar, step.keys)
