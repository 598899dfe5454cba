"""A picture of flows in Mermaid's language, for pages that draw it (such as README files)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from voicebot.drawing.boxes import Box, Chart, WayOut
from voicebot.drawing.svg import COLOURS
from voicebot.flows.graph import Why

_SHAPES: Final = {
    "branch": ("{", "}"),
    "act": ("[[", "]]"),
    "answer": ("[[", "]]"),
    "transfer": ("([", "])"),
    "hangup": ("((", "))"),
}
_LONGEST: Final = 60


def mermaid(charts: Sequence[Chart]) -> str:
    """A flowchart with a subgraph for each flow."""
    kinds = sorted({box.kind for chart in charts for box in chart.boxes} & set(COLOURS))
    lines = ["flowchart TD"]
    for chart in charts:
        lines.append(f"  subgraph {_id(chart.flow, '')}[{_quoted(chart.flow)}]")
        lines += [f"    {line}" for box in chart.boxes for line in _box(chart, box)]
        lines += [f"    {line}" for line in _shared(chart)]
        lines.append("  end")
    starts = {chart.flow: chart.start for chart in charts}
    for chart in charts:
        for box in chart.boxes:
            lines += [f"  {line}" for way in box.ways for line in _arrow(chart, box, way, starts)]
    for kind in kinds:
        dark, light = COLOURS[kind]
        lines.append(f"  classDef {kind}_ fill:{light},stroke:{dark}")
    return "\n".join(lines) + "\n"


def _box(chart: Chart, box: Box) -> Iterator[str]:
    opens, closes = _SHAPES.get(box.kind, ("[", "]"))
    text = [box.name, *(_short(words) for words in (*box.words, *box.facts))]
    if box.count is not None:
        text[0] += f" · {box.count}"
    name = _id(chart.flow, box.name)
    known = f":::{box.kind}_" if box.kind in COLOURS else ""
    yield f"{name}{opens}{_quoted('<br>'.join(_escaped(line) for line in text))}{closes}{known}"


def _shared(chart: Chart) -> Iterator[str]:
    if chart.shared:
        name = _id(chart.flow, "every-question")
        yield f"{name}[{_quoted('at every question')}]"
        for way in chart.shared:
            target = _id(chart.flow, way.target)
            yield f"{name} -. {_quoted(_escaped(way.label))} .-> {target}"


def _arrow(chart: Chart, box: Box, way: WayOut, starts: dict[str, str]) -> Iterator[str]:
    flow = way.flow or chart.flow
    target = starts.get(flow) if way.flow else way.target
    if target is None:
        return
    label = _short(way.label)
    if way.count is not None:
        label = f"{label}: {way.count}" if label else str(way.count)
    dotted = way.why in {Why.FAILURE, Why.TROUBLE}
    line = "-.->" if dotted else "-->"
    text = f"|{_quoted(_escaped(label))}|" if label else ""
    yield f"{_id(chart.flow, box.name)} {line}{text} {_id(flow, target)}"


def _id(flow: str, step: str) -> str:
    """A name that Mermaid takes: no reserved word, nothing but letters, digits and _."""
    plain = re.sub(r"\W", lambda sign: f"_{ord(sign[0]):x}_", f"{flow}.{step}" if step else flow)
    return f"s_{plain}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _escaped(text: str) -> str:
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, code)
    return text


def _quoted(text: str) -> str:
    return f'"{text}"'
