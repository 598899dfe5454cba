"""Questions that nothing answered, put together by likeness.

Each text joins the group whose mean it is most like, where that is enough, or begins one: in one
pass, the most frequent wording first, so that the groups do not depend on the order of the calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from voicebot.nlu.embeddings import SENTENCE, Vectors
from voicebot.nlu.intent_set import plain

ALIKE_ENGLISH: Final = 0.55
"""Cosine of MiniLM's vectors from which two questions are taken for one."""
ALIKE_OTHERS: Final = 0.9
"""The same of multilingual-e5-small's, which are all near each other."""


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Questions that mean about the same: places in the list that was grouped, in its order, and
    the wording that stands for them."""

    places: tuple[int, ...]
    text: str


def group(
    texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors], alike: float
) -> list[GapGroup]:
    """Group ``texts``, the largest group first; ``encode`` gives vectors [texts, width]."""
    counts = Counter(plain(text) or text for text in texts)
    wordings = [wording for wording, _ in counts.most_common()]
    vectors = encode(wordings)[:, :SENTENCE] if wordings else np.zeros((0, SENTENCE), np.float32)
    sums: list[Vectors] = []
    members: list[list[str]] = []
    for wording, vector in zip(wordings, vectors, strict=True):
        likeness = [float(vector @ each) / float(np.linalg.norm(each)) for each in sums]
        best = int(np.argmax(likeness)) if likeness else -1
        if best >= 0 and likeness[best] >= alike:
            sums[best] = sums[best] + vector * np.float32(counts[wording])
            members[best].append(wording)
        else:
            sums.append(vector * np.float32(counts[wording]))
            members.append([wording])
    groups = [_group(texts, set(wordings), wordings[0]) for wordings in members]
    return sorted(groups, key=lambda each: (-len(each.places), each.places))


def _group(texts: Sequence[str], wordings: set[str], first: str) -> GapGroup:
    places = [place for place, text in enumerate(texts) if (plain(text) or text) in wordings]
    said = next(texts[place] for place in places if (plain(texts[place]) or texts[place]) == first)
    return GapGroup(tuple(places), said)
