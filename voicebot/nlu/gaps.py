"""Questions that nothing answered, put together by likeness.

Each text joins the group whose mean it is most like, where that is enough, or begins one: in one
pass, the most frequent wording first, so that the groups do not depend on the order of the calls.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
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
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        places[wording(text)].append(place)
    wordings = wordings_of(texts)
    vectors = encode(wordings)[:, :SENTENCE] if wordings else np.zeros((0, SENTENCE), np.float32)
    # Sums and their lengths stand in one array each: a thousand groups are compared at once.
    sums = np.zeros((len(wordings), SENTENCE), np.float32)
    lengths = np.ones(len(wordings), np.float32)
    members: list[list[str]] = []
    for said, vector in zip(wordings, vectors, strict=True):
        likeness = (sums[: len(members)] @ vector) / lengths[: len(members)]
        best = int(np.argmax(likeness)) if members else -1
        if best < 0 or likeness[best] < alike:
            best = len(members)
            members.append([])
        members[best].append(said)
        sums[best] += vector * np.float32(len(places[said]))
        lengths[best] = np.linalg.norm(sums[best])
    groups = [_group(texts, each, places) for each in members]
    return sorted(groups, key=lambda each: (-len(each.places), each.places))


def wording(text: str) -> str:
    """What texts have in common that are the same but for case and signs."""
    return plain(text) or text


def wordings_of(texts: Sequence[str]) -> list[str]:
    """The different wordings of ``texts``, the most frequent first."""
    return [said for said, _ in Counter(map(wording, texts)).most_common()]


def _group(
    texts: Sequence[str], wordings: Sequence[str], places: Mapping[str, Sequence[int]]
) -> GapGroup:
    all_places = sorted(place for said in wordings for place in places[said])
    return GapGroup(tuple(all_places), texts[places[wordings[0]][0]])
