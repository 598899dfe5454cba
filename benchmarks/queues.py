"""The distribution against the formulas of queues, and how fast it decides.

Usage: ``python -m benchmarks.queues [--contacts 1500000] [--parts formulas day waits speed]``

``formulas`` simulates three published cases with the real `Acd` on SimPy's virtual time and wants
each figure within 1% of Erlang C or A. Runs are replicated; the offered load that chance gave to a
run explains most of how its figures differ from the mean, so that it serves as a control variate
(Lavenberg and Welch, Management Science 27, 1981).

``day`` sends a day of 120,000 contacts through 12 agents and looks for the share that the bot has
to keep so that a person answers within 20 s on average.

``waits`` compares what callers are told on joining a line of calls and texts with what they wait.

``speed`` times decisions with many waiting and many agents.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.call_centre import Arrival, CallCentre, Tally, exponential, mixed, poisson
from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.erlang import ErlangA, ErlangC
from voicebot.acd.model import (
    AgentId,
    AgentProfile,
    Channel,
    Contact,
    ContactId,
    QueueRules,
    Ring,
)

WITHIN = 0.01
"""The relative error that is accepted."""
RUNS = 30


@dataclass(frozen=True, slots=True)
class Case:
    """A published example: ``calls`` begin in half an hour."""

    name: str
    calls: int
    handling_s: float
    agents: int
    within_s: float
    patience_s: float | None = None

    @property
    def theory(self) -> dict[str, float]:
        rate = self.calls / 1800
        if self.patience_s is None:
            queue: ErlangC | ErlangA = ErlangC(rate, self.handling_s, self.agents)
        else:
            queue = ErlangA(rate, self.handling_s, self.agents, self.patience_s)
        figures = {
            "service level": queue.service_level(self.within_s),
            "average wait": queue.mean_wait_s,
            "occupancy": queue.occupancy,
        }
        return figures if self.patience_s is None else {**figures, "abandoned": queue.abandoned}


CASES = (
    Case("Erlang C: 100 calls, 3 min, 14 agents, 20 s", 100, 180, 14, 20),
    Case("Erlang C: 360 calls, 4 min, 55 agents, 15 s", 360, 240, 55, 15),
    Case("Erlang A: the first with 5 min patience", 100, 180, 14, 20, 300),
)


def agents(count: int, *queues: str, text: int = 3) -> tuple[AgentProfile, ...]:
    return tuple(AgentProfile(AgentId(f"a{number}"), queues, text=text) for number in range(count))


def simulate(case: Case, contacts: int, seed: int) -> tuple[dict[str, float], list[float]]:
    """One run: its figures, and how far its arrivals and its work were from what is expected."""
    rate = case.calls / 1800
    centre = CallCentre(
        (QueueRules("calls", announcing=None),),
        agents(case.agents, "calls"),
        {Channel.VOICE: exponential(case.handling_s)},
        patience=exponential(case.patience_s) if case.patience_s else None,
        seed=seed,
    )
    tally = centre.run(poisson(rate, contacts, "calls", seed + 1_000_000))
    seconds = centre.last_arrival
    figures = {
        "service level": tally.service_level(case.within_s),
        "average wait": tally.mean_wait_s,
        "occupancy": tally.handling_s / seconds / case.agents,
        "abandoned": tally.abandoned / tally.offered,
    }
    arrivals = contacts / seconds / rate - 1
    handling = tally.handling_s / len(tally.waits_s) / case.handling_s - 1
    return figures, [arrivals, handling]


def formulas(contacts: int) -> bool:
    """Compare every case; gives whether all figures are near enough."""
    good = True
    for case in CASES:
        began = time.perf_counter()
        runs = [simulate(case, contacts // RUNS, seed) for seed in range(1, RUNS + 1)]
        controls = np.array([control for _, control in runs])
        print(f"\n{case.name} ({contacts:,} contacts, {time.perf_counter() - began:.0f} s)")
        print(f"  {'':<14}{'formula':>10}{'simulated':>11}{'± 95%':>9}{'plain':>10}{'error':>9}")
        for figure, theory in case.theory.items():
            values = np.array([figures[figure] for figures, _ in runs])
            mean, half = controlled(values, controls)
            error = mean / theory - 1
            good &= abs(error) <= WITHIN
            print(
                f"  {figure:<14}{theory:>10.5f}{mean:>11.5f}{half:>9.5f}{values.mean():>10.5f}"
                f"{error:>9.2%}{'' if abs(error) <= WITHIN else '  too far'}"
            )
    return good


def controlled(values: np.ndarray, controls: np.ndarray) -> tuple[float, float]:
    """The mean of ``values`` [runs] at controls [runs, k] of zero, and half its 95% interval."""
    design = np.column_stack([np.ones(len(values)), controls])
    fitted, *_ = np.linalg.lstsq(design, values, rcond=None)
    rest = values - design @ fitted
    free = len(values) - design.shape[1]
    variance = float(rest @ rest) / free
    spread = math.sqrt(variance * float(np.linalg.inv(design.T @ design)[0, 0]))
    return float(fitted[0]), 2.05 * spread


# A day

CONTACTS_A_DAY = 120_000
SEATS = 12
ANSWER_S = 20.0
HOURLY = (
    1.2, 0.8, 0.5, 0.4, 0.4, 0.6, 1.2, 2.4, 4.4, 6.2, 7.0, 6.8,
    6.2, 6.2, 6.4, 6.4, 6.2, 6.0, 6.0, 6.6, 7.0, 6.0, 3.3, 1.8,
)  # fmt: skip
"""Percent of a day's contacts in each hour: our own assumption, a shop with a morning and an
evening peak."""
TEXT_SHARE = 0.7
HANDLING = {Channel.VOICE: exponential(240.0), Channel.TEXT: exponential(420.0)}
WRAP_UP_S = 15.0


def day_of_contacts(containment: float, seed: int) -> Iterator[Arrival]:
    """A day's contacts; yields those that the bot passes on to a person."""
    source = random.Random(seed)
    total = sum(HOURLY)
    last = now = 0.0
    for hour, share in enumerate(HOURLY):
        rate = CONTACTS_A_DAY * share / total / 3600
        now = hour * 3600.0
        while (now := now + source.expovariate(rate)) < (hour + 1) * 3600:
            if source.random() >= containment:
                channel = Channel.TEXT if source.random() < TEXT_SHARE else Channel.VOICE
                yield Arrival(now - last, "people", channel)
                last = now


def serve_day(containment: float, seats: int, seed: int) -> Tally:
    centre = CallCentre(
        (QueueRules("people", wrap_up_s=WRAP_UP_S, announcing=None),),
        agents(seats, "people"),
        HANDLING,
        seed=seed,
    )
    return centre.run(day_of_contacts(containment, seed))


def day() -> None:
    print(
        f"\nA day of {CONTACTS_A_DAY:,} contacts, {SEATS} agents at all hours, each 1 call or 3 "
        f"texts; {TEXT_SHARE:.0%} text;\nhandling {240} s a call, {420} s a text, {WRAP_UP_S:g} s "
        "of work after either; the busiest hour has "
        f"{max(HOURLY) / sum(HOURLY):.1%} of the day"
    )
    low, high = 0.94, 1.0
    while high - low > 0.0005:
        middle = (low + high) / 2
        if mean_response(middle) <= ANSWER_S:
            high = middle
        else:
            low = middle
    for containment in (high - 0.02, high - 0.01, high, high + 0.005):
        tallies = [serve_day(containment, SEATS, seed) for seed in (1, 2, 3)]
        offered = statistics.mean(tally.offered for tally in tallies)
        waits = np.concatenate([tally.waits_s for tally in tallies])
        mark = f"  <- {ANSWER_S:g} s" if containment == high else ""
        print(
            f"  bot keeps {containment:6.2%}: {offered:6,.0f} for people, average response "
            f"{waits.mean():8.1f} s, 95% within {np.percentile(waits, 95):8.1f} s{mark}"
        )
    print(f"containment needed: {high:.2%}")
    began = time.process_time()
    tally = serve_day(0.0, 600, 1)
    seconds = time.process_time() - began
    print(
        f"the same day with no bot and 600 agents: {tally.offered:,} contacts in {seconds:.1f} s "
        f"of processor time, average response {tally.mean_wait_s:.1f} s"
    )


def mean_response(containment: float) -> float:
    """Over three days, so that one unlucky evening decides less."""
    waits = [wait for seed in (1, 2, 3) for wait in serve_day(containment, SEATS, seed).waits_s]
    return sum(waits) / len(waits)


# Waits

Desks = tuple[tuple[int, int, int], ...]
"""How many agents, and how many calls and conversations each of them takes."""
FLOORS: tuple[tuple[str, Desks, float, float], ...] = (
    ("10 take calls, 5 take texts", ((10, 1, 0), (5, 0, 3)), 0.039, 0.032),
    ("6 take calls, 6 take either", ((6, 1, 0), (6, 1, 3)), 0.036, 0.018),
    ("12 take either", ((12, 1, 3),), 0.032, 0.026),
)
"""Agents of one queue, and the calls and texts a second that keep them almost as busy as can be."""


def waits(contacts: int = 30_000) -> None:
    """What callers were told on joining the line against what they waited, kind by kind."""
    print(f"\nThe estimate of the wait, {contacts:,} contacts, {240} s a call and {420} s a text")
    print(f"  {'':<30}{'':<7}{'in line':>9}{'waited s':>10}{'error s':>9}{'bias s':>8}")
    for name, desks, calls, texts in FLOORS:
        profiles = tuple(
            AgentProfile(AgentId(f"a{kind}-{number}"), ("people",), voice=voice, text=text)
            for kind, (count, voice, text) in enumerate(desks)
            for number in range(count)
        )
        rules = QueueRules("people", announcing=None)
        tally = CallCentre((rules,), profiles, HANDLING, seed=3).run(
            mixed(calls, texts, contacts, "people", 4)
        )
        for channel, told in tally.told.items():
            estimates, truth = np.array(told).T
            error = estimates - truth
            print(
                f"  {name:<30}{channel:<7}{len(told):>9,}{truth.mean():>10.1f}"
                f"{abs(error).mean():>9.1f}{error.mean():>8.1f}"
            )


# Speed


def speed() -> bool:
    """Decisions with many waiting; gives whether they are fast enough."""
    print("\nDecisions (an event in, effects out)")
    good = True
    for waiting, staff, most_ms in ((500, 200, 1.0), (10_000, 1_000, 0.5)):
        times = decisions(waiting, staff)
        worst, mean = float(np.percentile(times, 99)) * 1000, statistics.mean(times) * 1000
        good &= mean <= most_ms
        print(
            f"  {waiting:>6,} waiting, {staff:>5,} agents: mean {mean:.3f} ms, "
            f"p99 {worst:.3f} ms, {1000 / mean:,.0f} a second"
        )
    return good


def decisions(waiting: int, staff: int, rounds: int = 4000) -> list[float]:
    """Seconds of each event while as many wait, in ten queues with skills and rings."""
    source = random.Random(5)
    names = [f"q{number}" for number in range(10)]
    skills = ("french", "billing", "technical", "vip")
    queues = [
        QueueRules(name, {"general": 1}, rings=(Ring(60, dict.fromkeys(skills, 0)),))
        for name in names
    ]
    acd = Acd(queues)
    for number in range(staff):
        known = {skill: source.randint(0, 10) for skill in skills}
        profile = AgentProfile(
            AgentId(f"a{number}"), tuple(source.sample(names, 3)), {"general": 5, **known}
        )
        acd.receive(ev.SignIn(profile), 0.0)
    talking: list[ContactId] = []
    number = 0
    now = 1.0

    def arrive() -> ev.Enqueue:
        nonlocal number
        number += 1
        wanted = {source.choice(skills): source.randint(1, 8)} if source.random() < 0.5 else {}
        return ev.Enqueue(Contact(ContactId(str(number)), source.choice(names), skills=wanted), now)

    def settle(effects: Sequence[e.Effect]) -> Iterator[ev.Event]:
        for effect in effects:
            if isinstance(effect, e.Offer):
                talking.append(effect.contact_id)
                yield ev.Answer(effect.contact_id, effect.agent_id)

    times: list[float] = []

    def give(event: ev.Event) -> tuple[e.Effect, ...]:
        began = time.perf_counter()
        effects = acd.receive(event, now)
        times.append(time.perf_counter() - began)
        return effects

    while sum(acd.queue(name, now).waiting for name in names) < waiting:
        for event in settle(give(arrive())):
            give(event)
    times.clear()
    for _ in range(rounds):
        now += 0.001
        for event in settle(give(arrive())):
            give(event)
        done = talking.pop(source.randrange(len(talking)))
        for event in settle(give(ev.Finish(done))):
            give(event)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_500_000, help="of each case")
    parser.add_argument("--parts", nargs="*", default=["formulas", "day", "waits", "speed"])
    options = parser.parse_args()
    good = True
    if "formulas" in options.parts:
        good &= formulas(options.contacts)
    if "day" in options.parts:
        day()
    if "waits" in options.parts:
        waits()
    if "speed" in options.parts:
        good &= speed()
    if not good:
        sys.exit("not within what was asked")


if __name__ == "__main__":
    main()
