"""Beam search along a constraint, with a free decode of the same audio beside it.

Time-synchronous over tokens: all hypotheses have the same length, share the encoder's output and
run as one batch. One more row of the batch decodes greedily without any grammar: what the model
would have written, the yardstick of the confidence. No length normalisation: the model was trained
to end, and its log-probabilities of whole sentences compare nearly as they are. Nearly: in noise
the model spreads each word over many that no grammar holds, and a sentence is the worse the more
words it has. Part of what even the likeliest token would have lost is therefore not counted.

'Tell.', 'Tell!' and 'Tell,' go on alike. Of hypotheses that spell the same and stand at the same
place of the grammar only the best is kept: its likes would push every other word out of the beam.
After the first tokens, where all words still compete, the beam is wider.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import Final, Protocol

import numpy as np

from voicebot.speech.moonshine.constraint import Constraint
from voicebot.speech.moonshine.model import Floats, Ints, log_softmax
from voicebot.speech.moonshine.tokenizer import END

PRUNE: Final = 10.0
"""A hypothesis this much worse than the best (natural log) is given up."""
EXCUSED: Final = 0.5
"""The part of the model's own doubt that is not held against a sentence. 0.8 makes it chatter."""
SETTLED: Final = 6.0
"""The search ends when no open hypothesis is within this of the best finished one."""

HOPELESS: Final = 30.0
HOPELESS_PER_TOKEN: Final = 1.5
"""The search ends when every hypothesis is this much worse than the finished free decode: nothing
like this was said, and no confidence would come of it."""


_WIDER: Final = (2.0, 1.5)
"""The beam is this many times as wide after the first token, and after the second."""
_LOOKED_AT: Final = 4
"""Continuations of one hypothesis that are looked at, in beam widths: some will fall together."""


class Decoder(Protocol):
    """What the search needs of `model.Decoding`."""

    @property
    def logits(self) -> Floats: ...

    def advance(self, parents: Ints, tokens: Ints) -> None: ...


@dataclass(frozen=True, slots=True)
class Path:
    """A row of tokens, its log-probability, and the constraint's state after it.

    ``text`` is what the tokens spell, without a separator at its end; nothing up to the last word
    that ``$GARBAGE`` takes, for it does not matter what that was.
    ``spoken`` is the log-probability up to the last token that is more than punctuation, ``doubt``
    (>= 0) what the likeliest token of any kind would have lost at each of its places.
    """

    tokens: tuple[int, ...]
    score: float
    state: int = Constraint.START
    spoken: float = 0.0
    doubt: float = 0.0
    text: str = ""

    @property
    def rank(self) -> float:
        """What hypotheses are compared by."""
        return self.score + EXCUSED * self.doubt


@dataclass(slots=True)
class Found:
    """What a search found.

    ``complete`` are sentences of the grammar, ``partial`` beginnings of sentences after which the
    speaker may have stopped; neither in order. ``free`` is the greedy decode without grammar.
    """

    complete: list[Path] = field(default_factory=list)
    partial: list[Path] = field(default_factory=list)
    free: Path = field(default_factory=lambda: Path((), 0.0))

    @property
    def best(self) -> float:
        """The rank of the likeliest sentence, minus infinity where there is none."""
        return max((path.rank for path in self.complete), default=-np.inf)

    def joined(self, other: Found) -> Found:
        """With what was found in another hearing of the same audio: probabilities add up. The free
        decode is that of the hearing in which the grammar explained the audio better."""
        return Found(
            [*self.complete, *other.complete],
            [*self.partial, *other.partial],
            self.free if self.best >= other.best else other.free,
        )


def search(
    decoding: Decoder,
    constraint: Constraint,
    width: int,
    limit: int,
    *,
    after: Found | None = None,
) -> Found:
    """Find the sentences of the grammar that the audio most likely is.

    ``width`` hypotheses are followed, for at most ``limit`` tokens. ``after`` is what was found in
    the audio just before, where an utterance is too long for the model: the search goes on from
    every place in the grammar where that could have ended.
    """
    found = Found() if after is None else Found(free=after.free)
    paths = [Path((), 0.0)] if after is None else _ends(after, constraint, width)
    free_open = True
    rows = [0] * len(paths)  # of the batch: one for each path
    free_row = 0
    for place in range(limit):
        logs = log_softmax(decoding.logits)
        _finish(found, paths, logs[rows], constraint)
        wide = round(width * _WIDER[place]) if place < len(_WIDER) else width
        extended = _extend(paths, logs[rows], constraint, wide)
        parents = [rows[parent] for parent, _ in extended]
        paths = [path for _, path in extended]
        if free_open:
            free_open = _extend_free(found, logs[free_row])
        if not paths or _is_settled(found, paths, free_open):
            paths, parents = [], []
        if free_open:
            parents.append(free_row)
        if not parents:
            break
        tokens = [path.tokens[-1] for path in paths]
        if free_open:
            tokens.append(found.free.tokens[-1])
        decoding.advance(np.array(parents), np.array(tokens))
        rows = list(range(len(paths)))
        free_row = len(paths)
    return found


def _ends(found: Found, constraint: Constraint, width: int) -> list[Path]:
    """The likeliest places in the grammar where an utterance that goes on was cut."""
    ends = [
        replace(path, score=path.score - (constraint.end_weight(path.state) or 0.0))
        for path in (*found.complete, *found.partial)
    ]
    return nlargest(width, ends, key=lambda path: path.rank)


def decode_freely(decoding: Decoder, limit: int) -> Path:
    """Decode greedily without a grammar, at most ``limit`` tokens."""
    found = Found()
    while len(found.free.tokens) < limit and _extend_free(found, log_softmax(decoding.logits)[0]):
        decoding.advance(np.array([0]), np.array([found.free.tokens[-1]]))
    return found.free


def _is_settled(found: Found, paths: list[Path], free_open: bool) -> bool:
    """Whether nothing will come any more of the open hypotheses ``paths``."""
    if max(path.rank for path in paths) < found.best - SETTLED:
        return True
    hopeless = found.free.score - HOPELESS - HOPELESS_PER_TOKEN * len(found.free.tokens)
    return not free_open and paths[0].score < hopeless


def _finish(found: Found, paths: list[Path], logs: Floats, constraint: Constraint) -> None:
    for path, log in zip(paths, logs, strict=True):
        if not constraint.between_words(path.state):
            continue
        weight = constraint.end_weight(path.state)
        score = path.score + float(log[END]) + (weight or 0.0)
        ends = found.partial if weight is None else found.complete
        ends.append(replace(path, score=score))


def _extend(
    paths: list[Path], logs: Floats, constraint: Constraint, width: int
) -> list[tuple[int, Path]]:
    """The best ``width`` continuations, best first, each with the row of its parent."""
    candidates: list[tuple[float, int, int, int]] = []
    most = _LOOKED_AT * width
    for row, path in enumerate(paths):
        choices = constraint.choices(path.state)
        scores = path.score + logs[row, choices.tokens] + choices.weights
        best = np.argpartition(-scores, most)[:most] if len(scores) > most else range(len(scores))
        candidates += [
            (float(scores[i]), row, int(choices.tokens[i]), int(choices.targets[i])) for i in best
        ]
    # By score, not by rank: excused doubt would crowd the beam with what is clear to nobody.
    candidates.sort(reverse=True)
    floor = candidates[0][0] - PRUNE if candidates else 0.0
    easiest = logs.max(axis=1)
    extended: dict[tuple[str, int], tuple[int, Path]] = {}
    for score, row, token, target in candidates:
        if score < floor or len(extended) == width:
            break
        parent = paths[row]
        text = "" if constraint.is_loose(target) else constraint.spell(parent.text, token)
        if (text, target) not in extended:
            spoken = parent.spoken if constraint.is_bare(token) else score
            doubt = parent.doubt - float(easiest[row])
            path = Path((*parent.tokens, token), score, target, spoken, doubt, text)
            extended[text, target] = row, path
    return list(extended.values())


def _extend_free(found: Found, log: Floats) -> bool:
    """Append the likeliest token; False when the sentence has ended."""
    token = int(log.argmax())
    score = found.free.score + float(log[token])
    if token == END:
        found.free = Path(found.free.tokens, score)
        return False
    found.free = Path((*found.free.tokens, token), score)
    return True
