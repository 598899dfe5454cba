// Small charts in SVG. Each is a figure with a title, a description and its numbers in a table.

import { el, table } from "./review.js";
import { shape } from "./timeline.js";

const HEIGHT = 240;
const LEFT = 62;
const BOTTOM = 28;
const TOP = 12;
const ROW = 30;
let made = 0;

// As wide as the page has room for, so that letters have their own size.
const room = () => Math.max(280, Math.min(1120, (document.querySelector("main")?.clientWidth ?? 760) - 48));

// Over time. `points` have a name, a value (null: none), a `before` to compare with, and an href.
export function lines({ title, head, points, write, compared }) {
  const drawing = fitted((wide) => linesOf(wide, { title, points, write, compared }));
  return figure(title, drawing, compared ? legend("first", "second", compared) : null, behind(title, head, points, write, compared));
}

function linesOf(wide, { title, points, write, compared }) {
  const values = points.flatMap((each) => [each.value, compared ? each.before : null]).filter((each) => each !== null && each !== undefined);
  const [low, middle, high] = scale(values);
  const x = (place) => LEFT + ((wide - LEFT - 12) * (place + 0.5)) / Math.max(1, points.length);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
  const drawing = canvas(title, wide, HEIGHT, summary(points, write));
  for (const value of [low, middle, high]) {
    drawing.append(
      shape("line", { class: "grid", x1: LEFT, x2: wide, y1: y(value), y2: y(value) }),
      shape("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, write(value)));
  }
  const step = Math.ceil(points.length / Math.max(3, Math.floor(wide / 90)));
  points.forEach((each, place) => {
    if (place % step === 0) drawing.append(shape("text", { x: x(place), y: HEIGHT - 8, "text-anchor": "middle" }, each.short ?? each.name));
  });
  if (compared) drawing.append(...line(points.map((each) => each.before), x, y, "second"));
  drawing.append(...line(points.map((each) => each.value), x, y, "first"));
  points.forEach((each, place) => {
    if (each.value === null) return;
    const dot = shape("circle", { class: "dot", cx: x(place), cy: y(each.value), r: points.length > 60 ? 2.5 : 4 },
      shape("title", {}, `${each.name}: ${write(each.value)}`));
    drawing.append(each.href ? shape("a", { href: each.href, "aria-label": `${each.name}: ${write(each.value)}` }, dot) : dot);
  });
  return drawing;
}

// Bars, one below the other; with `before` where there is something to compare with.
export function bars({ title, head, rows, write, compared }) {
  const drawing = fitted((wide) => barsOf(wide, { title, rows, write, compared }));
  return figure(title, drawing, compared ? legend("bar", "bar before", compared) : null, behind(title, head, rows, write, compared));
}

function barsOf(wide, { title, rows, write, compared }) {
  const known = rows.flatMap((each) => [each.value, compared ? each.before : null]).filter((each) => typeof each === "number");
  const high = Math.max(0, ...known) || 1;
  const left = Math.min(220, Math.round(wide * 0.36));
  const width = (value) => Math.max(1, (wide - left - 80) * (Math.max(0, value) / high));
  const drawing = canvas(title, wide, rows.length * ROW + 4, summary(rows, write));
  rows.forEach((each, place) => {
    const top = place * ROW;
    const text = shape("text", { class: "strong", x: left - 8, y: top + 19, "text-anchor": "end" }, cut(each.name, Math.floor((left - 12) / 8)));
    drawing.append(each.href ? shape("a", { href: each.href, "aria-label": `${each.name}: ${told(each.value, write)}` }, text) : text);
    if (compared && typeof each.before === "number") {
      drawing.append(shape("rect", { class: "bar before", x: left, y: top + 18, width: width(each.before), height: 6, rx: 2 }));
    }
    if (each.value === null) return;
    drawing.append(
      shape("rect", { class: "bar", x: left, y: top + 5, width: width(each.value), height: compared ? 12 : 18, rx: 2 }),
      shape("text", { x: left + width(each.value) + 6, y: top + 18 }, write(each.value)));
  });
  return drawing;
}

// Hours across, days down. `cell(day, hour)` gives {value, href}; it is a table already.
export function heat({ title, days, cell, write }) {
  const cells = days.map((_, day) => Array.from({ length: 24 }, (_, hour) => cell(day, hour)));
  const known = cells.flat().map((each) => each.value).filter((value) => value !== null);
  const high = Math.max(0, ...known) || 1;
  const rows = cells.map((row, day) => el("tr", {}, el("th", { scope: "row" }, days[day]), ...row.map((each, hour) => {
    const link = each.value === null ? "" : el("a", { href: each.href, "aria-label": `${days[day]} ${hour}:00, ${write(each.value)}` }, write(each.value));
    const made = el("td", {}, link);
    // The darkest still lets the ink be read.
    if (link) link.style.background = `rgba(var(--heat), ${(0.05 + 0.4 * (Math.max(0, each.value) / high)).toFixed(2)})`;
    return made;
  })));
  const hours = Array.from({ length: 24 }, (_, hour) => el("th", { scope: "col" }, String(hour)));
  return el("figure", {}, el("figcaption", {}, title),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      el("table", { class: "heat tight" }, el("caption", { class: "unseen" }, title),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Day")), ...hours)), el("tbody", {}, ...rows))));
}

function canvas(title, wide, height, described) {
  made += 1;
  return shape("svg", { viewBox: `0 0 ${wide} ${height}`, role: "group", "aria-labelledby": `chart-${made} chart-desc-${made}` },
    shape("title", { id: `chart-${made}` }, title), shape("desc", { id: `chart-desc-${made}` }, described));
}

function figure(title, drawing, key, numbers) {
  return el("figure", {}, el("figcaption", {}, title), key, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, drawing), numbers);
}

function line(values, x, y, kind) {
  const paths = [];
  let open = "";
  values.forEach((value, place) => {
    if (value === null || value === undefined) {
      if (open) paths.push(open);
      open = "";
    } else open += `${open ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  if (open) paths.push(open);
  return paths.map((d) => shape("path", { class: kind, d }));
}

// From end to end of a chart, with what stands in the middle.
function scale(values) {
  const low = -neat(Math.max(0, ...values.map((each) => -each)));
  const high = neat(Math.max(0, ...values));
  if (high === low) return [0, 0.5, 1];
  return [low, low < 0 && high > 0 ? 0 : (low + high) / 2, high];
}

// The next number above it that reads well, and so does its half.
function neat(value) {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value * (1 - 1e-9));
  return step * power;
}

// A drawing is made for the width that the page has now, and anew when that changes.
const draws = new WeakMap();

function fitted(draw) {
  const wide = room(), drawing = draw(wide);
  drawing.classList.add("fitted");
  draws.set(drawing, { draw, wide });
  return drawing;
}

addEventListener("resize", () => {
  for (const drawing of document.querySelectorAll("svg.fitted")) {
    const { draw, wide } = draws.get(drawing);
    if (wide !== room()) drawing.replaceWith(fitted(draw));
  }
});

function behind(title, head, rows, write, compared) {
  const heads = compared ? [head, "Value", compared] : [head, "Value"];
  const cells = rows.map((each) => {
    const value = each.href && each.value !== null ? el("a", { href: each.href }, write(each.value)) : told(each.value, write);
    return compared ? [each.name, value, told(each.before, write)] : [each.name, value];
  });
  return el("details", {}, el("summary", {}, "These figures as a table"), table(title, heads, cells, true));
}

function legend(now, before, compared) {
  const sign = (kind) => shape("svg", { viewBox: "0 0 16 12", "aria-hidden": "true" },
    kind.startsWith("bar") ? shape("rect", { class: kind, width: 16, height: 12 }) : shape("line", { class: kind, x1: 0, x2: 16, y1: 6, y2: 6 }));
  return el("ul", { class: "legend" }, el("li", {}, sign(now), "This interval"), el("li", {}, sign(before), compared));
}

function summary(rows, write) {
  const known = rows.filter((each) => each.value !== null);
  if (!known.length) return "No figures.";
  const best = known.reduce((most, each) => (each.value > most.value ? each : most));
  const least = known.reduce((few, each) => (each.value < few.value ? each : few));
  return `${rows.length} values, from ${write(least.value)} (${least.name}) to ${write(best.value)} (${best.name}). The table below has all of them.`;
}

const told = (value, write) => (value === null || value === undefined ? "" : write(value));
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
