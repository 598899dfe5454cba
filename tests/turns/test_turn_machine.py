"""Any order of events: only illegal ones raise, and each listen gives one result, in time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.turns.conftest import digits
from voicebot.turns.signals import (
    DecodeArrived,
    DropDecode,
    Effect,
    FrameHeard,
    HoldChanged,
    KeyPressed,
    KeysEntered,
    ListenCancelled,
    ListenStarted,
    NoInput,
    PromptFinished,
    PromptStarted,
    SpeechEnded,
    SpeechStarted,
    StartDecode,
    StopPrompt,
    TimePassed,
    TurnEvent,
    TurnPolicy,
)
from voicebot.turns.turn_taker import IllegalTurnEvent, State, TurnTaker
from voicebot.types import KEYS

POLICIES = st.builds(
    TurnPolicy,
    timeout_ms=st.sampled_from([20, 700, 5000]),
    completetimeout_ms=st.sampled_from([20, 400, 2000]),
    incompletetimeout_ms=st.sampled_from([20, 1200]),
    maxspeechtimeout_ms=st.sampled_from([20, 900, 5000]),
    interdigittimeout_ms=st.sampled_from([20, 500, 3000]),
    termchar=st.sampled_from(["#", "", "1"]),
)
STRETCHES = st.tuples(st.booleans(), st.integers(1, 60))


class Turns(RuleBasedStateMachine):
    """Plays caller, player and recogniser; knows what they know, and nothing of the insides."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = TurnTaker()
        self.now = 0.0
        self.listening = False
        self.playing = False
        self.barred = False
        self.held = False
        self.started: list[StartDecode] = []
        self.live: set[int] = set()
        self.spoke = False

    def tell(self, event: TurnEvent) -> None:
        for effect in self.turns.receive(event, self.now):
            self.check(effect)

    def check(self, effect: Effect) -> None:
        assert self.listening, f"{effect} while nobody listens"
        match effect:
            case StopPrompt():
                assert not self.barred
                self.playing = False
            case SpeechStarted(at):
                assert at <= self.now
                self.spoke = True
            case StartDecode(generation, start, end):
                assert self.spoke
                assert start < end <= self.now
                assert all(earlier.generation < generation for earlier in self.started)
                assert not self.live
                self.started.append(effect)
                self.live.add(generation)
            case DropDecode(generation):
                self.live.remove(generation)
            case SpeechEnded(generation, start, end):
                assert self.live == {generation}
                assert self.started[-1] == StartDecode(generation, start, end)
                self.over()
            case NoInput():
                assert not self.playing
                assert not self.live
                self.over()
            case KeysEntered(keys):
                assert len(keys) <= 64
                assert not self.live
                self.over()

    def over(self) -> None:
        self.listening = self.spoke = False
        self.live.clear()

    @precondition(lambda self: not self.listening)
    @rule(policy=POLICIES, length=st.integers(1, 5), speech=st.booleans())
    def listen(self, policy: TurnPolicy, length: int, speech: bool) -> None:
        self.listening = True
        self.tell(ListenStarted(policy, digits(length), speech))

    @precondition(lambda self: self.listening)
    @rule()
    def cancel(self) -> None:
        self.tell(ListenCancelled())
        assert not self.live
        self.over()

    @precondition(lambda self: not self.playing)
    @rule(bargein=st.booleans())
    def start_prompt(self, bargein: bool) -> None:
        self.playing, self.barred = True, not bargein
        self.tell(PromptStarted(bargein))

    @rule()
    def finish_prompt(self) -> None:
        self.playing = self.barred = False
        self.tell(PromptFinished())

    @rule(stretches=st.lists(STRETCHES, max_size=6))
    def hear(self, stretches: list[tuple[bool, int]]) -> None:
        for speech, frames in stretches:
            for _ in range(frames):
                self.now += 0.02
                self.tell(FrameHeard(speech))

    @rule(keys=st.text(KEYS, max_size=80))
    def press(self, keys: str) -> None:
        for key in keys:
            self.now += 0.001
            self.tell(KeyPressed(key))

    @precondition(lambda self: self.started)
    @rule(data=st.data(), matched=st.booleans(), can_continue=st.booleans())
    def decode(self, data: st.DataObject, matched: bool, can_continue: bool) -> None:
        earlier = data.draw(st.sampled_from(self.started))
        self.tell(DecodeArrived(earlier.generation, matched, can_continue))

    @rule(held=st.booleans())
    def hold(self, held: bool) -> None:
        self.held = held
        self.tell(HoldChanged(held))

    @rule(seconds=st.floats(0, 30))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.tell(TimePassed())

    @rule()
    def illegal(self) -> None:
        wrong: list[TurnEvent] = [KeyPressed("?"), DecodeArrived(10**6, True, False)]
        if not self.listening:
            wrong.append(ListenCancelled())
        else:
            wrong.append(ListenStarted(TurnPolicy(), digits(1)))
        before = (self.turns.state, self.turns.next_deadline())
        for event in wrong:
            try:
                self.turns.receive(event, self.now)
            except IllegalTurnEvent:
                continue
            raise AssertionError(f"{event} was taken")
        assert (self.turns.state, self.turns.next_deadline()) == before

    @invariant()
    def state_tells_whether_it_listens(self) -> None:
        assert (self.turns.state is not State.IDLE) == self.listening

    @invariant()
    def a_timer_runs_unless_it_must_not(self) -> None:
        if self.listening and not self.held and not self.playing:
            assert self.turns.next_deadline() is not None
        if self.held or not self.listening:
            assert self.turns.next_deadline() is None

    def teardown(self) -> None:
        """Whatever came before: hang on in silence, and the listen ends by itself."""
        self.finish_prompt()
        self.hold(False)
        for _ in range(round(9.0 / 0.02)):
            if not self.listening:
                return
            self.now += 0.02
            self.tell(FrameHeard(False))
        raise AssertionError("the listen never ended")


TestTurns = Turns.TestCase
TestTurns.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@settings(max_examples=100, deadline=None)
@given(
    policy=POLICIES,
    density=st.integers(0, 10),
    noise=st.randoms(use_true_random=False),
)
def test_whatever_the_line_sounds_like_a_listen_ends(
    policy: TurnPolicy, density: int, noise: object
) -> None:
    """Also where the detector flickers for ever."""
    turns = TurnTaker()
    turns.receive(ListenStarted(policy, digits(4)), 0.0)
    bound_s = 1.0 + (policy.timeout_ms + policy.maxspeechtimeout_ms) / 1000
    bound_s += max(policy.incompletetimeout_ms, policy.completetimeout_ms) / 1000
    results = 0
    for frame in range(1, round(bound_s / 0.02)):
        speech = noise.randrange(10) < density  # type: ignore[attr-defined]
        effects = turns.receive(FrameHeard(speech), frame * 0.02)
        results += sum(isinstance(e, SpeechEnded | NoInput | KeysEntered) for e in effects)
        if results:
            break
    assert results == 1
