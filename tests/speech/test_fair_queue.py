"""The queue between calls and workers: nobody starves, nothing is lost, the bound holds."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from voicebot.speech.fair_queue import FairQueue, Taken


def test_jobs_of_one_call_keep_their_order() -> None:
    queue: FairQueue[str] = FairQueue(3)
    for job in ("first", "second", "third"):
        queue.put("call", job)
    assert [queue.take() for _ in range(4)] == [
        ("call", "first"),
        ("call", "second"),
        ("call", "third"),
        None,
    ]


def test_a_call_with_one_job_is_not_behind_a_call_with_many() -> None:
    queue: FairQueue[str] = FairQueue(10)
    for number in range(5):
        queue.put("greedy", f"greedy {number}")
    queue.put("modest", "modest")
    order = [job for _, job in (queue.take() or ("", "") for _ in range(3))]
    assert order == ["greedy 0", "modest", "greedy 1"]


def test_newer_job_takes_the_place_of_the_calls_older_one_even_in_a_full_queue() -> None:
    queue: FairQueue[str] = FairQueue(2)
    queue.put("a", "tentative")
    queue.put("b", "other")
    assert queue.put("c", "third") is None
    assert queue.put("a", "better", replace=True) == "tentative"
    assert len(queue) == 2
    assert queue.take() == ("a", "better")


def test_replacing_where_nothing_waits_is_putting() -> None:
    queue: FairQueue[str] = FairQueue(1)
    assert queue.put("a", "only", replace=True) is Taken.IN
    assert queue.put("b", "more", replace=True) is None


def test_job_given_back_is_the_next_again() -> None:
    queue: FairQueue[str] = FairQueue(4)
    for key in "abc":
        queue.put(key, key.upper())
    taken = queue.take()
    assert taken is not None
    queue.give_back(*taken)
    assert queue.take() == ("a", "A")


def test_removed_job_is_not_taken_and_leaves_room() -> None:
    queue: FairQueue[str] = FairQueue(1)
    queue.put("a", "gone")
    assert queue.remove("a", "gone")
    assert not queue.remove("a", "gone")
    assert queue.take() is None
    assert queue.put("b", "next") is Taken.IN


@given(st.lists(st.integers(0, 4), max_size=60))
def test_nobody_waits_for_more_than_one_job_of_each_other_call(keys: list[int]) -> None:
    queue: FairQueue[int] = FairQueue(100)
    for number, key in enumerate(keys):
        queue.put(key, number)
    served = [taken[0] for taken in iter(queue.take, None)]
    for key in set(keys):
        turns = [index for index, other in enumerate(served) if other == key]
        for before, after in zip([-1, *turns], turns, strict=False):
            between = served[before + 1 : after]
            assert len(between) == len(set(between)), "somebody had two turns in between"


class QueueMachine(RuleBasedStateMachine):
    """Against a plain model: every job is waiting, or was handed back exactly once."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: FairQueue[int] = FairQueue(5)
        self.waiting: dict[int, list[int]] = {}
        self.numbers = count()

    @rule(key=st.integers(0, 3), replace=st.booleans())
    def put(self, key: int, replace: bool) -> None:
        job = next(self.numbers)
        line = self.waiting.setdefault(key, [])
        size = sum(map(len, self.waiting.values()))
        answer = self.queue.put(key, job, replace=replace)
        if replace and line:
            assert answer == line.pop()
            line.append(job)
        elif size >= 5:
            assert answer is None
        else:
            assert answer is Taken.IN
            line.append(job)

    @rule()
    def take(self) -> None:
        taken = self.queue.take()
        if taken is None:
            assert not any(self.waiting.values())
        else:
            key, job = taken
            assert isinstance(key, int)
            assert self.waiting[key].pop(0) == job

    @rule(key=st.integers(0, 3))
    def remove_the_first(self, key: int) -> None:
        line = self.waiting.get(key)
        if line:
            assert self.queue.remove(key, line.pop(0))

    @invariant()
    def the_size_is_right(self) -> None:
        assert len(self.queue) == sum(map(len, self.waiting.values())) <= 5


TestQueueAgainstAModel = QueueMachine.TestCase
