"""``voicebot capacity``: how many calls at once this machine carries, and what limits it.

Measures for some seconds with the engines and the application that the settings name; no server
needs to run, and a running one would disturb the measurement.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from voicebot.application import load_application
from voicebot.capacity import trial
from voicebot.capacity.estimate import Costs, Estimate, Habits, estimate
from voicebot.config import Settings, load_settings
from voicebot.engines import recognizer_spec
from voicebot.speech.recognizer import Recognizer
from voicebot.speech.voices import load_synthesizer
from voicebot.speech.worker_process import load_engine


def capacity(
    seconds: Annotated[
        float, typer.Option(min=1, max=120, help="How long each of the three trials takes.")
    ] = 5.0,
    turn_every_s: Annotated[
        float,
        typer.Option("--turn-every", min=1, max=600, help="Seconds between a caller's answers."),
    ] = 12.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Measure how many calls at once this machine carries, and what limits it."""
    settings = load_settings()
    habits = Habits(turn_every_s=turn_every_s)
    costs = _measure(settings, seconds)
    found = estimate(costs, habits)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "costs": asdict(costs), "habits": asdict(habits)}))
    else:
        typer.echo(_as_text(found, costs, habits, settings))


def _measure(settings: Settings, seconds: float) -> Costs:
    application = load_application(settings)
    language = application.language
    engines = settings.speech.engines_for(language)
    synthesizer = engines.synthesizer or settings.speech.synthesizer
    voice = load_synthesizer(synthesizer, engines.voice, language)
    said = trial.answers(application, voice)
    speech = trial.speech_cost(voice, application, seconds)
    before = trial.resident_mb()
    recognizer: Recognizer = load_engine(recognizer_spec(engines, language, settings))
    decode = trial.decode_cost(recognizer, said, seconds)
    worker_mb = max(0.0, trial.resident_mb() - before)
    application.listen_grammars.close()
    return Costs(
        cores=len(os.sched_getaffinity(0)),
        frames=asyncio.run(trial.frame_cost(said[0].audio, seconds)),
        decode=decode,
        speech=speech,
        worker_mb=worker_mb,
        free_mb=trial.free_mb(),
    )


def _as_text(found: Estimate, costs: Costs, habits: Habits, settings: Settings) -> str:
    of_core = "of a core"
    lines = [
        f"{costs.cores} cores; a caller answers every {habits.turn_every_s:g} s, an answer is "
        f"decoded {habits.decodes_per_turn:g} times, {habits.fresh_speech_s:g} s of a turn's "
        "prompts are new.",
        f"measured: {costs.decode * 1000:.0f} ms for a decode, {costs.speech:.3f} s for a second "
        f"of speech, {costs.frames:.2%} {of_core} for a call's audio, {costs.worker_mb:.0f} MB "
        "for the recogniser",
        "",
    ]
    lines += [
        f"{part.name:<12}{part.load:>8.2%} {of_core} for a call, room for {part.calls} calls"
        for part in found.parts
    ]
    lines += [
        "",
        f"This machine carries about {found.calls} calls at once; {found.limit} is the limit.",
    ]
    if settings.calls.max_calls > found.calls:
        lines.append(f"Settings admit {settings.calls.max_calls}: more than that.")
    lines += [
        "",
        "[calls]",
        f"max_calls = {max(1, found.calls)}",
        "[speech]",
        f"recognition_workers = {found.recognition_workers}",
        f"synthesis_workers = {found.synthesis_workers}",
    ]
    lines += ["", "An estimate from parts; lines were SIP. Prove it with calls: benchmarks.calls."]
    return "\n".join(lines)
