"""A picture of flows as SVG: one frame for each flow, a box for each step.

Colours tell the kind of step. Each way out of a box is a line of text in it, with the step that it
leads to (a link) and how many calls took it; ways to the next layer are drawn as arrows too, wider
where more calls went. Text is wrapped by estimate, for SVG does not wrap; in full it is the
tooltip. No script, no font and no style from elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from voicebot.drawing.boxes import Box, Chart, WayOut
from voicebot.drawing.layout import Layout, Size, place
from voicebot.flows.graph import Why

WIDTH: Final = 250.0
_INNER: Final = WIDTH - 20
_LINE: Final = 15.0
_COUNT: Final = 36.0
_HEAD: Final = 24.0
_PAD: Final = 7.0
_MARGIN: Final = 24.0
_TITLE: Final = 34.0
_FONT: Final = 12
_NARROW: Final = 6.2
"""Width of a letter in pixels, at `_FONT`, on the safe side."""
_MOST_LINES: Final = 4
_TOGETHER: Final = "\u00a0"
"""A space at which no line ends."""

COLOURS: Final = {
    "ask": ("#1d4ed8", "#eff6ff"),
    "form": ("#1d4ed8", "#eff6ff"),
    "say": ("#475569", "#f8fafc"),
    "set": ("#64748b", "#f8fafc"),
    "language": ("#64748b", "#f8fafc"),
    "branch": ("#b45309", "#fffbeb"),
    "act": ("#047857", "#ecfdf5"),
    "answer": ("#047857", "#ecfdf5"),
    "transfer": ("#7e22ce", "#faf5ff"),
    "offer_text": ("#be185d", "#fdf2f8"),
    "hangup": ("#b91c1c", "#fef2f2"),
    "call": ("#0e7490", "#ecfeff"),
    "goto": ("#0e7490", "#ecfeff"),
    "return": ("#0e7490", "#ecfeff"),
}
_OTHER: Final = ("#334155", "#f8fafc")
_LINES: Final = {Why.FAILURE: "#dc2626", Why.TROUBLE: "#dc2626", Why.COMMAND: "#0e7490"}

_STYLE: Final = """\
text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#0f172a}
.flow{font-size:18px;font-weight:600}
.name{font-weight:600;fill:#fff}
.kind{fill:#fff;fill-opacity:.85;font-size:11px}
.words{font-style:italic}
.way{fill:#334155}
a .way{fill:#1d4ed8}
.count{font-weight:600;text-anchor:end}
.label{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:4px;text-anchor:middle}
.unused{opacity:.45}"""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text in a box; ``link`` is the step it leads to."""

    text: str
    style: str
    link: str = ""
    count: int | None = None


def svg(charts: Sequence[Chart]) -> str:
    """The picture of all ``charts``, one below the other."""
    pieces: list[str] = []
    y, width = _MARGIN, 0.0
    for chart in charts:
        body, size = _flow(chart, y)
        pieces.append(body)
        y += size.height + _MARGIN
        width = max(width, size.width)
    width += 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{y:.0f}" '
            f'viewBox="0 0 {width:.0f} {y:.0f}">',
            f"<style>{_STYLE}</style>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            '<path d="M0 0L8 4L0 8z" fill="context-stroke"/></marker></defs>',
            f'<rect width="{width:.0f}" height="{y:.0f}" fill="#fff"/>',
            *pieces,
            "</svg>\n",
        ]
    )


def _flow(chart: Chart, top: float) -> tuple[str, Size]:
    """One flow's frame with all that is in it."""
    texts = {box.name: list(_lines(box, chart.flow)) for box in chart.boxes}
    sizes = {
        name: Size(WIDTH, _HEAD + _PAD * 2 + _LINE * len(lines)) for name, lines in texts.items()
    }
    arrows = [(box.name, way.target) for box in chart.boxes for way in box.ways]
    ways = [way for box in chart.boxes for way in box.ways]
    layout = place(sizes, arrows, chart.start)
    x0, y0 = _MARGIN * 2, top + _TITLE + _PAD
    shared, aside = _shared(chart, x0 + layout.size.width + _MARGIN, y0)
    size = Size(
        layout.size.width + 2 * _MARGIN + aside.width,
        _TITLE + _PAD + max(layout.size.height, aside.height) + _MARGIN,
    )
    body = [
        f'<g><rect x="{_MARGIN}" y="{top}" width="{size.width:.0f}" height="{size.height:.0f}" '
        'rx="10" fill="#fff" stroke="#cbd5e1" stroke-width="1.5"/>',
        f'<text class="flow" x="{x0}" y="{top + 24:.0f}">{escape(chart.flow)}</text>',
        f'<g transform="translate({x0:.1f} {y0:.1f})">',
        *_arrows(layout, arrows, ways, sizes),
        *(_box(box, texts[box.name], sizes[box.name], layout, chart) for box in chart.boxes),
        "</g>",
        shared,
        "</g>",
    ]
    return "\n".join(body), size


def _lines(box: Box, flow: str) -> Iterator[_Line]:
    for words in box.words:
        yield from (_Line(line, "words") for line in wrapped(words))
    for fact in box.facts:
        yield from (_Line(line, "fact") for line in wrapped(fact))
    for way in box.ways:
        yield from _way(way, flow)


def _way(way: WayOut, flow: str) -> Iterator[_Line]:
    link = _id(way.flow, "") if way.flow else _id(flow, way.target)
    target = f"flow {way.flow}" if way.flow else way.target
    label = f"{way.label}: " if way.label else ""
    room = _INNER if way.count is None else _INNER - _COUNT
    *first, last = wrapped(f"{label}→{_TOGETHER}{target}", room)
    yield from (_Line(line, "way", link) for line in first)
    yield _Line(last, "way", link, way.count)


def _box(box: Box, lines: Sequence[_Line], size: Size, layout: Layout, chart: Chart) -> str:
    x, y = layout.places[box.name]
    dark, light = COLOURS.get(box.kind, _OTHER)
    unused = ' class="unused"' if box.count == 0 else ""
    kind = box.kind if box.count is None else f"{box.kind} · {box.count}"
    tooltip = escape("\n".join([f"{chart.flow}.{box.name}", *box.words]))
    start = f'<circle cx="{x + size.width / 2:.1f}" cy="{y - 9:.1f}" r="5" fill="{dark}"/>'
    return "\n".join(
        [
            f'<g id="{_id(chart.flow, box.name)}"{unused}><title>{tooltip}</title>',
            start if box.name == chart.start else "",
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{size.width}" height="{size.height:.1f}" '
            f'rx="6" fill="{light}" stroke="{dark}"/>',
            f'<path d="M{x:.1f} {y + _HEAD:.1f}v-18q0 -6 6 -6h{size.width - 12}q6 0 6 6v18z" '
            f'fill="{dark}"/>',
            _text(box.name, "name", x + 10, y + 16),
            f'<text class="kind" text-anchor="end" x="{x + size.width - 10:.1f}" '
            f'y="{y + 16:.1f}">{escape(kind)}</text>',
            *_body(lines, x, y + _HEAD + _PAD + 11),
            "</g>",
        ]
    )


def _body(lines: Iterable[_Line], x: float, y: float) -> Iterator[str]:
    for number, line in enumerate(lines):
        at = y + number * _LINE
        text = _text(line.text, line.style, x + 10, at)
        yield f'<a href="#{line.link}">{text}</a>' if line.link else text
        if line.count is not None:
            yield _text(f"{line.count}", "count", x + WIDTH - 10, at)


def _text(text: str, style: str, x: float, y: float) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _arrows(
    layout: Layout,
    arrows: Sequence[tuple[str, str]],
    ways: Sequence[WayOut],
    sizes: dict[str, Size],
) -> Iterator[str]:
    """Each pair of boxes is joined by one arrow, whatever number of ways it stands for."""
    joined: dict[tuple[str, str], list[WayOut]] = {}
    for number in layout.lines:
        joined.setdefault(arrows[number], []).append(ways[number])
    most = max((way.count or 0 for way in ways), default=0)
    labels = []
    for (source, target), between in joined.items():
        (sx, sy), (tx, ty) = layout.places[source], layout.places[target]
        x1, y1 = sx + WIDTH / 2, sy + sizes[source].height
        x2, y2 = tx + WIDTH / 2, ty - (4 if len(between) else 0)
        count = sum(way.count or 0 for way in between)
        wide = 1.2 + (4 * count / most if most else 0)
        bend = max(24.0, (y2 - y1) / 2)
        yield (
            f'<path d="M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} '
            f'{x2:.1f} {y2:.1f}" fill="none" stroke="{_LINES.get(between[0].why, "#64748b")}" '
            f'stroke-width="{wide:.1f}" marker-end="url(#arrow)"/>'
        )
        if words := _on_arrow(between):
            labels.append(_text(words, "label", x1 + (x2 - x1) * 0.72, y1 + (y2 - y1) * 0.66))
    yield from labels


def _on_arrow(ways: Sequence[WayOut]) -> str:
    """What fits on an arrow; everything stands in the box as well."""
    label = " / ".join(way.label for way in ways if way.label)
    label = label if text_width(label) <= 110 else ""
    counted = [way.count for way in ways if way.count is not None]
    count = str(sum(counted)) if counted else ""
    return ": ".join(part for part in (label, count) if part)


def _shared(chart: Chart, x: float, y: float) -> tuple[str, Size]:
    """The box of what leads away from every question."""
    if not chart.shared:
        return "", Size(0, 0)
    lines = [line for way in chart.shared for line in _way(way, chart.flow)]
    height = _HEAD + _PAD * 2 + _LINE * len(lines)
    body = "\n".join(
        [
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{WIDTH}" height="{height:.1f}" rx="6" '
            'fill="#ecfeff" stroke="#0e7490" stroke-dasharray="5 3"/>',
            f'<text x="{x + 10:.1f}" y="{y + 17:.1f}" font-weight="600">at every question</text>',
            *_body(lines, x, y + _HEAD + _PAD + 11),
        ]
    )
    return body, Size(WIDTH + _MARGIN, height)


def _id(flow: str, step: str) -> str:
    return escape(f"{flow}.{step}" if step else flow, quote=True)


# Text


def text_width(text: str) -> float:
    """About how wide ``text`` is, in pixels."""
    return sum(_FONT if unicodedata.east_asian_width(sign) in "WF" else _NARROW for sign in text)


def wrapped(text: str, width: float = _INNER, most: int = _MOST_LINES) -> list[str]:
    """``text`` in lines of at most ``width`` pixels; what exceeds ``most`` lines is cut off."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and text_width(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
        while text_width(lines[-1].rstrip()) > width:
            fits = _fitting(lines[-1], width)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    lines = [line.strip() for line in lines]
    if len(lines) > most:
        last = lines[most - 1]
        lines = [*lines[: most - 1], f"{last[: max(1, len(last) - 2)].rstrip()}…"]
    return lines


def _pieces(text: str) -> Iterator[str]:
    """Words with the space after them; a sign of a language without spaces stands alone."""
    piece = ""
    for sign in re.sub(r"[ \t\r\n]+", " ", text.strip()):
        if unicodedata.east_asian_width(sign) in "WF":
            if piece:
                yield piece
            yield sign
            piece = ""
        else:
            piece += sign
            if sign == " ":
                yield piece
                piece = ""
    if piece:
        yield piece


def _fitting(text: str, width: float) -> int:
    """How many signs of ``text`` fit; one at least."""
    used = 0.0
    for number, sign in enumerate(text):
        used += text_width(sign)
        if used > width:
            return max(1, number)
    return len(text)
