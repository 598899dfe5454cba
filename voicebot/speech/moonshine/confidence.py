"""How far a reading along the grammar can be trusted: 0..1.

A constrained decoder always finds something. Four figures tell whether it is what was said, all
log-probabilities of the same audio:

- quality: how likely the reading itself is, for each token;
- shortfall: how much less likely than what the model writes freely, for each token;
- rivalry: how much less likely than all the words together that people say alone and the grammar
  does not hold (`rivals`). It stands in for the shortfall of short readings: of one syllable the
  model writes anything freely, also where the reading is right;
- ending: how likely it is, after the reading's last word, that nothing more was said. A reading
  that drops the caller's last words is near certain otherwise, as five digits where the grammar
  takes four; where the reading is right this is close to 1.

A logistic function joins them. Its weights come from ``python -m benchmarks.recognition.fit``:
telephone recordings against their own grammars, in noise too, and against foreign ones, so weighted
that four of five callers say something in the grammar. Trust is then a probability of being right
for such callers; half is where accepting begins. Other figures (how much likelier than the reading
that breaks off half-way, the worst single token) brought nothing more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_LEAST_PER_TOKEN: Final = -4.0
_ENOUGH_OF_AN_END: Final = -1.0
_LEAST_ENDING: Final = -8.0
_LEAST_RIVALRY: Final = -6.0

BIAS: Final = 5.24
WEIGHTS: Final = (1.69, 1.31, 0.92, 0.99)
"""Of quality, shortfall, ending and rivalry."""
OVERRUN: Final = -5.0
"""Too rare in the recordings to be fitted; it turns certain into even."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The decode without grammar: its log-probability with the end-of-sentence token, and its
    number of tokens. ``overrun`` where it is a whole sentence of the grammar and more after it,
    though nothing can follow: five digits where the grammar takes four. ``rivals`` is the joint
    log-probability of the words beside the grammar, None where they were not heard."""

    free: float
    free_tokens: int
    overrun: bool = False
    rivals: float | None = None


def figures(
    score: float, spoken: float, tokens: int, evidence: Evidence
) -> tuple[float, float, float, float]:
    """Quality, shortfall, ending and rivalry, each <= 0, of a reading of ``tokens`` tokens with
    log-probability ``score``, ``spoken`` of it up to its last word."""
    quality = max(score / (tokens + 1), _LEAST_PER_TOKEN)
    if evidence.rivals is None:
        shortfall, rivalry = (score - evidence.free) / (evidence.free_tokens + 1), 0.0
    else:
        shortfall, rivalry = 0.0, score - evidence.rivals
    ending = min(0.0, score - spoken - _ENOUGH_OF_AN_END)
    return (
        min(quality, 0.0),
        min(max(shortfall, _LEAST_PER_TOKEN), 0.0),
        max(ending, _LEAST_ENDING),
        min(max(rivalry, _LEAST_RIVALRY), 0.0),
    )


def trust(score: float, spoken: float, tokens: int, evidence: Evidence) -> float:
    """The probability that the reading is what was said; see `figures`."""
    found = figures(score, spoken, tokens, evidence)
    logit = (
        (OVERRUN if evidence.overrun else 0.0)
        + BIAS
        + sum(weight * figure for weight, figure in zip(WEIGHTS, found, strict=True))
    )
    return 1.0 / (1.0 + math.exp(-logit))
