// The timeline of one call, drawn to scale: a lane for each side, with its waveform where there is
// a recording. The same stands in a table below it.

import { clock, el, table, words } from "./review.js";

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 76;
const LANES = [
  { name: "Caller", parts: ["caller"], wave: "caller" },
  { name: "Bot", parts: ["bot"], wave: "heard" },
  { name: "Person", parts: ["agent", "waiting"], wave: "heard" },
  { name: "Silence", parts: ["silence"] },
  { name: "Overlap", parts: ["overlap"] },
];
const LANE = 34;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

export function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// `seek` is called with the second that was pressed; gives the figure and a way to move the playhead.
export function timeline(stretches, seconds, waveform, seek) {
  const wide = Math.max(640, Math.min(1200, (document.querySelector("main")?.clientWidth ?? 1000) - 40));
  const x = (second) => LEFT + (wide - LEFT) * Math.min(1, second / seconds);
  const lanes = LANES.filter((lane) => stretches.some((each) => lane.parts.includes(each.part)));
  // What the caller heard is the bot, until a person takes the call.
  const taken = Math.min(Infinity, ...stretches.filter((each) => each.part === "agent").map((each) => each.begin_s));
  const spans = { caller: [0, Infinity], bot: [0, taken], agent: [taken, Infinity] };
  const height = lanes.length * LANE + 22;
  const drawing = shape("svg", { viewBox: `0 0 ${wide} ${height}`, role: "img", "aria-labelledby": "lane-title lane-desc" },
    shape("title", { id: "lane-title" }, "Who spoke when"),
    shape("desc", { id: "lane-desc" }, `${clock(seconds)} from the call's beginning to its end; the table below has the same.`));
  for (let second = 0; second <= seconds; second += tick(seconds)) {
    drawing.append(
      shape("line", { class: "grid", x1: x(second), x2: x(second), y1: 0, y2: height - 20 }),
      shape("text", { x: x(second), y: height - 6, "text-anchor": x(second) > wide - 24 ? "end" : "middle" }, clock(second)));
  }
  lanes.forEach((lane, row) => {
    const top = row * LANE;
    drawing.append(shape("text", { class: "strong", x: 0, y: top + LANE / 2 + 4 }, lane.name));
    for (const each of stretches.filter((one) => lane.parts.includes(one.part))) {
      drawing.append(block(each, x, top, lane.wave && waveform));
    }
    if (lane.wave && waveform) drawing.append(wave(waveform, lane, spans[lane.parts[0]], x, top + LANE / 2));
  });
  const head = shape("line", { class: "playhead", x1: LEFT, x2: LEFT, y1: 0, y2: height - 20, visibility: "hidden" });
  drawing.append(head);
  drawing.addEventListener("click", (event) => {
    const box = drawing.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * wide;
    if (place >= LEFT) seek(((place - LEFT) / (wide - LEFT)) * seconds);
  });
  const move = (second) => {
    head.setAttribute("visibility", "visible");
    for (const side of ["x1", "x2"]) head.setAttribute(side, x(second));
  };
  return { figure: el("figure", {}, el("div", { class: "timeline", tabindex: "0", role: "region", "aria-label": "Timeline" }, drawing),
    note(stretches), behind(stretches)), move };
}

function tick(seconds) {
  return STEPS_S.find((step) => seconds / step <= 12) ?? seconds / 10;
}

function block(stretch, x, top, faint) {
  const width = Math.max(1, x(stretch.end_s) - x(stretch.begin_s));
  const kind = `${stretch.part}${stretch.estimated && stretch.part !== "silence" ? " estimated" : ""}`;
  return shape("rect", { class: kind, x: x(stretch.begin_s), y: top + 6, width, height: LANE - 12, rx: 3, opacity: faint ? 0.25 : 1 },
    shape("title", {}, `${words(stretch.part)}, ${clock(stretch.begin_s)} to ${clock(stretch.end_s)}`));
}

function wave(waveform, lane, [begin, end], x, middle) {
  const points = waveform[lane.wave].map((peak, place) => {
    const second = waveform.begin_s + place * waveform.step_s;
    if (second < begin || second >= end) return "";
    const at = x(second).toFixed(1);
    const tall = Math.max(0.4, (peak / 100) * (LANE / 2 - 2)).toFixed(1);
    return `M${at} ${middle - tall}V${middle + Number(tall)}`;
  });
  const path = shape("path", { class: `wave ${lane.parts[0]}`, d: points.join(""), "stroke-width": 1 });
  path.style.stroke = `var(--${lane.parts[0]})`;
  return path;
}

function note(stretches) {
  return stretches.some((each) => each.estimated)
    ? el("p", { class: "hint" }, "Dashed: estimated, for the call was not recorded or a person took it.") : null;
}

function behind(stretches) {
  const rows = stretches.map((each) => [words(each.part), clock(each.begin_s), `${(each.end_s - each.begin_s).toFixed(1)} s`,
    each.estimated ? "estimated" : "exact"]);
  return el("details", {}, el("summary", {}, "Timeline as a table"), table("Timeline", ["What", "From", "For", "How sure"], rows, true));
}
