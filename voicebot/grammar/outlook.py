"""Whether it is worth waiting for more words.

An utterance that a grammar holds may often go on: 'order status' - 'please'. Waiting for that makes
every answer late and none better. What matters is whether anything that could follow would change
the meaning; that is found out by trying the sentences that could still be made of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from voicebot.grammar.active import ActiveGrammar, Match, Progress

MOST_SENTENCES: Final = 40
MOST_STATES: Final = 400
"""Beyond these there is so much to say that something will make a difference."""


def progress(grammar: ActiveGrammar, words: Sequence[str]) -> tuple[bool, bool]:
    """Whether ``words`` are a whole sentence, and whether more could change what they mean.

    Raises GrammarError when a tag's script fails.
    """
    status = grammar.words_status(words)
    if status is Progress.COMPLETE_OPEN:
        return True, may_mean_more(grammar, words)
    return status is Progress.COMPLETE, status is Progress.PARTIAL


def may_mean_more(grammar: ActiveGrammar, words: Sequence[str]) -> bool:
    """Whether words after ``words``, a whole sentence, could change what it means.

    ``words`` are those of the grammar's network. Further words that ``$GARBAGE`` takes are not
    tried: they mean nothing. Raises GrammarError when a tag's script fails.
    """
    network = grammar.network()
    state: int | None = network.start
    for word in words:
        state = None if state is None else network.advance(state, word)
    if state is None:
        return True
    meaning = _meaning(grammar.match_words(words))
    pending: deque[tuple[int, tuple[str, ...]]] = deque([(state, tuple(words))])
    known = {state}
    sentences = states = 0
    while pending:
        here, so_far = pending.popleft()
        for word, (following, _) in network.arcs(here).items():
            states += 1
            longer = (*so_far, word)
            if network.is_final(following):
                sentences += 1
                if _meaning(grammar.match_words(longer)) != meaning:
                    return True
                if following in known:
                    continue  # a loop that changed nothing: going round again will not either
                known.add(following)
            pending.append((following, longer))
            if sentences > MOST_SENTENCES or states > MOST_STATES:
                return True
    return False


def _meaning(match: Match | None) -> object:
    return None if match is None else (match.grammar, match.semantics)
