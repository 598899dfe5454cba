"""Flow files to flows: ``load_flows(folder)`` for those who run them, `read_flows` for checks.

Every ``*.yaml`` file of the folder is one flow, named after the file; ``actions.yaml`` belongs to
the actions and is passed over. A folder in it that is named after a language holds the same flows'
texts in that language (`flows.localisation`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from voicebot.document import Map, Node, Place, Scalar, read_document, suggest
from voicebot.errors import FlowError, SourceError
from voicebot.flows.atoms import LANGUAGE_TAG, STEP_NAME
from voicebot.flows.field_reader import FieldReader
from voicebot.flows.fields import field_reader
from voicebot.flows.localisation import Overlay
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.steps import (
    ActStep,
    AnswerStep,
    AskStep,
    BranchStep,
    CallStep,
    FormStep,
    GotoStep,
    HangUpStep,
    LanguageStep,
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
    "language": LanguageStep,
    "branch": BranchStep,
    "act": ActStep,
    "answer": AnswerStep,
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
    documents: dict[str, Map] = {}
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != ACTIONS_FILE)
    for path in paths:
        try:
            root = read_document(path)
        except FlowError as problem:
            problems.append(problem)
            continue
        flow = read_flow(root, path.stem, str(path), problems)
        if flow is not None and isinstance(root, Map):
            flows[path.stem], documents[path.stem] = flow, root
    if not paths:
        problems.append(
            FlowError(str(folder), 0, 0, "holds no flow", "Write one, such as main.yaml.")
        )
    translations = {
        Language(place.name): _read_translation(place, flows, documents, problems)
        for place in sorted(folder.glob("*/"))
        if _is_translation(place, problems)
    }
    known = {str(problem): problem for problem in problems}  # a fault of a flow is one in each
    unread = frozenset(path.stem for path in paths) - flows.keys()
    return FlowSet(flows, translations, unread), sorted(known.values(), key=by_place)


def _is_translation(folder: Path, problems: list[FlowError]) -> bool:
    if not any(folder.glob("*.yaml")):
        return False
    if re.fullmatch(LANGUAGE_TAG, folder.name):
        return True
    problem = f"'{folder.name}' is no language"
    remedy = "Name the folder after the language that its texts are in, such as zh-CN."
    problems.append(FlowError(str(folder), 0, 0, problem, remedy))
    return False


def _read_translation(
    folder: Path,
    flows: Mapping[str, Flow],
    documents: Mapping[str, Map],
    problems: list[FlowError],
) -> FlowSet:
    """All flows in the language of ``folder``, those without a file there as they are."""
    found = dict(flows)
    unread: set[str] = set()
    for path in sorted(folder.glob("*.yaml")):
        if path.stem not in documents:
            if not (folder.parent / path.name).is_file():
                remedy = suggest(path.stem, documents) or "Delete it."
                problem = f"there is no flow '{path.stem}' that this could be the words of"
                problems.append(FlowError(str(path), 0, 0, problem, remedy))
            continue
        overlay = Overlay(Language(folder.name), str(path))
        try:
            document = overlay.translated(documents[path.stem], read_document(path))
        except FlowError as problem:
            problems.append(problem)
            unread.add(path.stem)
            continue
        problems += overlay.problems
        written = flows[path.stem]
        flow = read_flow(document, path.stem, written.file, problems, translated=True)
        if flow is not None:
            found[path.stem] = replace(flow, out_of_step=tuple(overlay.out_of_step))
    return FlowSet(found, unread=frozenset(unread))


def by_place(problem: SourceError) -> tuple[str, int, int]:
    """The order in which problems are shown."""
    return problem.file, problem.line, problem.column


def read_flow(
    root: Node, name: str, file: str, problems: list[FlowError], *, translated: bool = False
) -> Flow | None:
    """Make a flow of a document; None where too much is missing. Faults go to ``problems``.

    ``translated`` says that the document is a flow with a translation laid over it.
    """
    top = Place(file, 1, 1)
    if not isinstance(root, Map):
        problems.append(root.place.error("a flow is a mapping", "Begin with 'start:'."))
        return None
    tongue = root.get("language")
    said = str(tongue.value) if isinstance(tongue, Scalar) else ""
    # One that is misspelt is told below, and not all that is not there in it.
    language = Language(said if re.fullmatch(LANGUAGE_TAG, said) else DEFAULT_LANGUAGE)
    reader = field_reader(problems, language, translated=translated)
    values = reader.read(root, FLOW_KEYS, "the flow", top)
    if values is None:
        # The steps are still read, so that their problems show too.
        if isinstance(steps_node := root.get("steps"), Map):
            _read_steps(steps_node, reader)
        return None
    steps, unreadable = _read_steps(values.pop("steps"), reader)
    values.pop("language", None)
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
    if STEP_CLASSES[kinds[0]] in (AnswerStep, OfferStep):
        values |= reader.yes_and_no(values, place)
    return STEP_CLASSES[kinds[0]](name=name, place=place, **values)


def _no_kind(name: str, body: Map, place: Place) -> FlowError:
    for key in body.entries:
        known = suggest(key, STEP_KINDS)
        if known.startswith("Did"):
            return body.key_places[key].error(f"unknown kind of step '{key}'", known)
    return place.error(
        f"step '{name}' does nothing", f"Give it one of: {', '.join(sorted(STEP_KINDS))}."
    )
