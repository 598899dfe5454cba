"""How far a reading along the grammar can be trusted: 0..1, one half where accepting begins.

A constrained decoder always finds something. Four comparisons tell whether it is what was said
(all are log-probabilities of the same audio):

- quality: how likely the reading itself is, for each token;
- shortfall: how much less likely than what the model writes freely, for each token;
- finish: how much likelier than the reading that breaks off somewhere inside the grammar. Speech
  from outside is best explained by 'nothing', and half an utterance by its half.
- ending: how likely it is, after the reading's last word, that nothing more was said. A reading
  that drops the caller's last words is near certain otherwise, as five digits where the grammar
  takes four; where the reading is right this is close to 1.

They are joined by a logistic function. Its numbers were fitted on some 1,500 telephone recordings
(spoken orders, digits and digit strings against their own grammars and against foreign ones,
announcements, kitchen noise), then rounded and moved towards accepting, because a question asked
twice annoys more callers than a wrong guess that is read back. `benchmarks` measures what comes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

_BIAS: Final = 7.2
_QUALITY: Final = 2.8
_SHORTFALL: Final = 1.2
_FINISH: Final = 0.2
_ENDING: Final = 4.0
_ENOUGH_OF_AN_END: Final = -1.0
_LEAST_PER_TOKEN: Final = -4.0
_LEAST_FINISH: Final = -10.0
_MOST_FINISH: Final = 3.0
_AS_GOOD_AS_FREE: Final = 2.5
_CLEARLY_BETTER: Final = 3.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Log-probabilities of one utterance's readings, each with its end-of-sentence token.

    ``free`` and ``free_tokens`` describe the decode without grammar. ``partial`` is the best
    reading that breaks off inside the grammar, ``partial_words`` the best of those with at least
    one word; minus infinity where there is none.
    """

    free: float
    free_tokens: int
    partial: float
    partial_words: float


def confidence(score: float, spoken: float, tokens: int, evidence: Evidence) -> float:
    """Judge a reading of ``tokens`` tokens with log-probability ``score``, ``spoken`` of it up to
    its last word."""
    quality = max(score / (tokens + 1), _LEAST_PER_TOKEN)
    shortfall = (score - evidence.free) / (evidence.free_tokens + 1)
    shortfall = min(max(shortfall, _LEAST_PER_TOKEN), 0.0)
    finish = min(max(score - evidence.partial, _LEAST_FINISH), _MOST_FINISH)
    logit = _BIAS + _QUALITY * quality + _SHORTFALL * shortfall + _FINISH * finish
    logit += _ENDING * min(0.0, score - spoken - _ENOUGH_OF_AN_END)
    # The beginning of a sentence that explains the audio as well as free speech does: the caller
    # stopped there, and the rest was made up.
    if evidence.partial_words > evidence.free - _AS_GOOD_AS_FREE:
        logit += min(0.0, score - evidence.partial_words + _CLEARLY_BETTER)
    return 1.0 / (1.0 + math.exp(-max(logit, -30.0)))
