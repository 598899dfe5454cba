"""Flow files to flows: ``load_flows(folder)`` for those who run them, `read_flows` for checks.

Every ``*.yaml`` file of the folder is one flow, named after the file; ``actions.yaml`` belongs to
the actions and is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voicebot.document import Map, Node, Place, read_document, suggest
from voicebot.errors import FlowError, SourceError
from voicebot.flows.atoms import STEP_NAME
from voicebot.flows.fields import FieldReader
from voicebot.flows.model import (
    ActStep,
    AskStep,
    BranchStep,
    CallStep,
    Flow,
    FlowSet,
    FormStep,
    GotoStep,
    HangUpStep,
    OfferStep,
    ReturnStep,
    SayStep,
    SetStep,
    Step,
    TransferStep,
)
from voicebot.flows.validation import validate
from voicebot.flows.vocabulary import FLOW_KEYS, STEP_KINDS, step_keys
from voicebot.types import Language

ACTIONS_FILE = "actions.yaml"
DEFAULT_LANGUAGE = Language("en-US")

STEP_CLASSES: Mapping[str, type[Step]] = {
    "ask": AskStep,
    "form": FormStep,
    "set": SetStep,
    "branch": BranchStep,
    "act": ActStep,
    "transfer": TransferStep,
    "offer_text": OfferStep,
    "hangup": HangUpStep,
    "call": CallStep,
    "goto": GotoStep,
    "return": ReturnStep,
    "say": SayStep,
}


def load_flows(folder: Path) -> FlowSet:
    """Read and validate every flow of ``folder`` (the one that holds the YAML files).

    Raises FlowError: the first problem, and how many more there are.
    """
    flows, problems = read_flows(folder)
    problems += validate(flows)
    if not problems:
        return flows
    first = min(problems, key=by_place)
    if len(problems) > 1:
        more = f"{len(problems) - 1} more: run voicebot check."
        first.remedy = f"{first.remedy} ({more})" if first.remedy else f"({more})"
    raise first


def read_flows(folder: Path) -> tuple[FlowSet, list[FlowError]]:
    """Read every flow of ``folder``, and everything that cannot be read.

    Nothing is raised; names are not looked up yet (see `flows.validation`).
    """
    problems: list[FlowError] = []
    flows: dict[str, Flow] = {}
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != ACTIONS_FILE)
    for path in paths:
        try:
            flow = read_flow(read_document(path), path.stem, str(path), problems)
        except FlowError as problem:
            problems.append(problem)
            continue
        if flow is not None:
            flows[path.stem] = flow
    if not paths:
        problems.append(
            FlowError(str(folder), 0, 0, "holds no flow", "Write one, such as main.yaml.")
        )
    return FlowSet(flows), sorted(problems, key=by_place)


def by_place(problem: SourceError) -> tuple[str, int, int]:
    """The order in which problems are shown."""
    return problem.file, problem.line, problem.column


def read_flow(root: Node, name: str, file: str, problems: list[FlowError]) -> Flow | None:
    """Make a flow of a document; None where too much is missing. Faults go to ``problems``."""
    top = Place(file, 1, 1)
    if not isinstance(root, Map):
        problems.append(root.place.error("a flow is a mapping", "Begin with 'start:'."))
        return None
    reader = FieldReader(problems)
    values = reader.read(root, FLOW_KEYS, "the flow", top)
    if values is None:
        # The steps are still read, so that their problems show too.
        if isinstance(steps_node := root.get("steps"), Map):
            _read_steps(steps_node, reader)
        return None
    steps, unreadable = _read_steps(values.pop("steps"), reader)
    language = Language(values.pop("language", DEFAULT_LANGUAGE))
    return Flow(
        name=name, file=file, language=language, steps=steps, unreadable=unreadable, **values
    )


def _read_steps(node: Map, reader: FieldReader) -> tuple[dict[str, Step], frozenset[str]]:
    steps: dict[str, Step] = {}
    unreadable: set[str] = set()
    if not node.entries:
        reader.problems.append(node.place.error("there are no steps", "Add one."))
    for name, body in node.entries.items():
        place = node.key_places[name]
        if not re.fullmatch(STEP_NAME, name):
            problem = f"'{name}' is not the name of a step"
            reader.problems.append(place.error(problem, "Use letters, digits, _ and -."))
        step = _read_step(name, body, place, reader)
        if step is None:
            unreadable.add(name)
        else:
            steps[name] = step
    return steps, frozenset(unreadable)


def _read_step(name: str, body: Node, place: Place, reader: FieldReader) -> Step | None:
    if not isinstance(body, Map):
        reader.problems.append(
            place.error(f"step '{name}' is {body.kind}", "Write its keys below it, indented.")
        )
        return None
    kinds = [kind for kind in STEP_KINDS if kind in body.entries]
    if len(kinds) > 1 and kinds[-1] == "say":
        kinds.pop()
    if not kinds:
        reader.problems.append(_no_kind(name, body, place))
        return None
    if len(kinds) > 1:
        second = body.key_places[kinds[1]]
        problem = f"step '{name}' has both '{kinds[0]}' and '{kinds[1]}'"
        reader.problems.append(second.error(problem, "Make two steps of it."))
        return None
    values = reader.read(body, step_keys(kinds[0]), f"step '{name}'", place)
    if values is None:
        return None
    return _make(STEP_CLASSES[kinds[0]], name, place, values)


def _make(kind: type[Step], name: str, place: Place, values: dict[str, Any]) -> Step:
    for reserved in ("return", "if"):
        if reserved in values:
            values[f"{reserved}_"] = values.pop(reserved)
    return kind(name=name, place=place, **values)


def _no_kind(name: str, body: Map, place: Place) -> FlowError:
    for key in body.entries:
        known = suggest(key, STEP_KINDS)
        if known.startswith("Did"):
            return body.key_places[key].error(f"unknown kind of step '{key}'", known)
    return place.error(
        f"step '{name}' does nothing", f"Give it one of: {', '.join(sorted(STEP_KINDS))}."
    )
