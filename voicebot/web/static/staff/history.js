// The history: rates, sums, charts over time, by a split and by the hour of the week. The address
// holds all that was chosen; every number leads to its calls.

import { ask } from "./api.js";
import { bars, heat, lines } from "./charts.js";
import { showActions, showFunnel, showMisunderstood } from "./lessons.js";
import { every, interval, periods } from "./interval.js";
import { showOffers } from "./offers.js";
import { showPlaces } from "./places.js";
import { $, callsLink, clock, count, el, guarded, moment, table, words, zone } from "./review.js";

const SPLITS = ["queue", "intent", "flow", "language", "door", "agent", "direction"];
const TYPED = SPLITS.slice(0, -1);
const SUMS = ["contacts", "self_served", "moved_to_text", "transferred", "callback_booked", "abandoned_in_flow",
  "abandoned_in_queue", "refused", "not_reached", "failed", "short_in_flow", "short_in_queue", "queued", "answered",
  "called_back", "within", "known", "repeats", "settled", "resolved", "undone"];
const OUTCOMES = SUMS.slice(1, 10);
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
// The calls that a rate is about.
const BEHIND = {
  containment: { outcome: "self_served" }, move_to_text: { outcome: "moved_to_text" }, transfer: { outcome: "transferred" },
  abandonment_in_flow: { outcome: "abandoned_in_flow" }, abandonment_in_queue: { outcome: "abandoned_in_queue" },
  short_abandonment: { fact: "short_in_flow" }, first_contact_resolution: { fact: "resolved" }, repeat_rate: { fact: "repeats" },
  service_level: { fact: "within" }, asa_s: { fact: "answered" }, aht_s: { fact: "answered" }, occupancy: { fact: "answered" },
  cost_per_contact: {}, money_saved: { outcome: "self_served" },
};
const NOT_BETTER = ["transfer", "abandonment_in_flow", "abandonment_in_queue", "short_abandonment", "repeat_rate", "asa_s", "aht_s", "cost_per_contact"];
const PARTS = { funnel: showFunnel, misunderstood: showMisunderstood, offers: showOffers, actions: showActions };

let state = new URLSearchParams();
let span = null;
let units = {};
let currency = "";
let asked = 0;
const filled = {};

// What was chosen

function fillForm() {
  $("interval").value = state.get("interval") ?? "7";
  $("from").value = state.get("from") ?? "";
  $("to").value = state.get("to") ?? "";
  $("by").value = state.get("by") ?? "intent";
  $("compare").checked = state.get("compare") !== "no";
  $("direction").value = state.get("direction") ?? "inbound";
  for (const name of TYPED) $(name).value = state.get(name) ?? "";
  showCustom();
}

function showCustom() {
  for (const each of document.querySelectorAll(".custom")) each.hidden = $("interval").value !== "custom";
}

function readForm() {
  const chosen = new URLSearchParams({ interval: $("interval").value });
  if ($("interval").value === "custom") for (const name of ["from", "to"]) chosen.set(name, $(name).value);
  if ($("measure").value) chosen.set("measure", $("measure").value);
  chosen.set("by", $("by").value);
  if (!$("compare").checked) chosen.set("compare", "no");
  if ($("direction").value !== "inbound") chosen.set("direction", $("direction").value);
  for (const name of TYPED) {
    const value = $(name).value.trim();
    // Empty in the address means 'without'; an empty field only keeps it.
    if (value || state.get(name) === "") chosen.set(name, value);
  }
  const open = Object.keys(PARTS).filter((name) => $(`${name}-part`).open);
  if (open.length) chosen.set("show", open.join(" "));
  return chosen;
}

function go(chosen) {
  history.pushState(null, "", `/history?${chosen}`);
  guarded(show)();
}

function showChosen() {
  const used = TYPED.filter((name) => state.has(name));
  $("chosen").replaceChildren(...used.map((name) => el("li", {}, el("button", { type: "button", class: "quiet", onclick: () => {
    state.delete(name);
    go(state);
  } }, `${words(name)}: ${state.get(name) || "none"} ✕`))));
}

const where = () => Object.fromEntries([["direction", "inbound"], ...[...state].filter(([name]) => SPLITS.includes(name))]);
const narrowed = (chosen) => `/history?${new URLSearchParams([...new Map([...state, ...Object.entries(chosen)])])}`;

function calls(chosen, begin = span.since, end = span.until) {
  return callsLink({ since: begin.toISOString(), until: end.toISOString(), ...where(), ...chosen });
}

function question(more = {}) {
  const all = { since: span.since.toISOString(), until: span.until.toISOString(), zone: zone(), ...where(), ...more };
  if (state.get("compare") !== "no") all.compare_since = span.before.toISOString();
  return new URLSearchParams(all);
}

// What is shown

async function show() {
  state = new URLSearchParams(location.search);
  fillForm();
  showChosen();
  span = interval(state.get("interval") ?? "7", state.get("from"), state.get("to"));
  const mine = ++asked;
  $("told").textContent = "Counting…";
  const told = await ask("GET", `/api/measures?${question()}`);
  if (mine !== asked) return; // something else was asked meanwhile
  units = Object.fromEntries(told.measures.map((each) => [each.name, each.unit]));
  currency = told.currency;
  fillMeasures(told.measures);
  $("told").textContent = `${moment(told.since)} to ${moment(told.until)}, ${count(told.contacts.contacts)} contacts.`;
  $("measures").replaceChildren(...told.measures.map(card));
  $("sums").replaceChildren(sumsTable(told));
  $("export").href = `/api/export/contacts.csv?${new URLSearchParams({ since: span.since.toISOString(), until: span.until.toISOString() })}`;
  for (const part of [showTime, showSplit, showWeek]) if (mine === asked) await part();
  const open = (state.get("show") ?? "").split(" ");
  for (const name of Object.keys(PARTS)) $(`${name}-part`).open = open.includes(name);
  for (const name of Object.keys(PARTS)) if (mine === asked) await fillPart(name);
}

async function fillPart(name) {
  if (!$(`${name}-part`).open || filled[name] === asked) return;
  filled[name] = asked;
  const mine = asked;
  const chosen = { since: span.since.toISOString(), until: span.until.toISOString(), ...where() };
  await PARTS[name]($(name), chosen, () => mine === asked);
}

function fillMeasures(measures) {
  const chosen = state.get("measure") ?? "containment";
  const option = (name) => el("option", { value: name, selected: name === chosen }, label(name));
  $("measure").replaceChildren(
    el("optgroup", { label: "Rates" }, ...measures.map((each) => option(each.name))),
    el("optgroup", { label: "Numbers" }, ...SUMS.map(option)));
}

const measure = () => state.get("measure") ?? "containment";
const label = (name) => words(name.replace(/_s$/, "")).replace("Asa", "Average speed of answer").replace("Aht", "Average handling time");

function write(name) {
  const unit = units[name];
  if (unit === "share") return (value) => `${(100 * value).toFixed(1)}%`;
  if (unit === "seconds") return clock;
  if (unit === "money") return (value) => `${value.toFixed(2)} ${currency}`;
  return count;
}

const valueOf = (row, name) => (row === undefined ? null : name in row.measures ? row.measures[name] : row.contacts[name] ?? null);
const behind = (name) => BEHIND[name] ?? (OUTCOMES.includes(name) ? { outcome: name } : name === "contacts" ? {} : { fact: name });

function card(each) {
  const figure = each.value === null ? el("span", { class: "figure" }, "–")
    : el("a", { class: "figure", href: calls(behind(each.name)) }, write(each.name)(each.value));
  return el("div", { class: "card" }, el("h3", {}, label(each.name)), figure, change(each),
    el("details", {}, el("summary", {}, "What it is"), el("p", {}, each.definition)));
}

function change(each) {
  if (each.value === null || each.compared === null) return null;
  const difference = each.value - each.compared;
  const told = each.unit === "share" ? `${(100 * Math.abs(difference)).toFixed(1)} points` : write(each.name)(Math.abs(difference));
  const same = write(each.name)(each.value) === write(each.name)(each.compared);
  const better = NOT_BETTER.includes(each.name) ? difference < 0 : difference > 0;
  const kind = same || ["move_to_text", "occupancy"].includes(each.name) ? "badge" : `badge ${better ? "good" : "bad"}`;
  return el("p", {}, el("span", { class: kind }, same ? "as before" : `${difference > 0 ? "▲" : "▼"} ${told}`),
    ` before: ${write(each.name)(each.compared)}`);
}

function sumsTable(told) {
  const whole = told.contacts.contacts;
  const rows = SUMS.map((name) => {
    const value = told.contacts[name];
    const number = value ? el("a", { href: calls(behind(name)) }, count(value)) : "0";
    const share = whole && name !== "contacts" ? `${((100 * value) / whole).toFixed(1)}%` : "";
    const before = told.compared_contacts ? [count(told.compared_contacts[name])] : [];
    return [label(name), number, share, ...before];
  });
  return table("Contacts of the interval", ["What", "Contacts", "Of all", ...(told.compared_contacts ? ["Before"] : [])], rows, true);
}

async function showTime() {
  const each = every(span);
  const answer = await ask("GET", `/api/history?${question({ every: each, limit: 1000 })}`);
  const name = measure();
  const byName = (rows) => new Map(rows.map((row) => [row.period, row]));
  const found = byName(answer.rows);
  const length = span.until - span.since;
  const before = answer.compared ? periods(span.before, new Date(span.before.getTime() + length), each) : [];
  const earlier = byName(answer.compared?.rows ?? []);
  const points = periods(span.since, span.until, each).map((period, place) => ({
    name: period.name,
    short: each === "hour" ? `${period.at.getHours()}:00` : period.at.toLocaleDateString(undefined, { day: "numeric", month: "short" }),
    value: valueOf(found.get(period.name), name) ?? (units[name] ? null : 0),
    before: valueOf(earlier.get(before[place]?.name), name),
    href: calls(behind(name), period.begin, period.end),
  }));
  const compared = answer.compared ? "The interval before" : "";
  $("time").replaceChildren(lines({ title: `${label(name)} by ${each}`, head: words(each), points, write: write(name), compared }));
}

async function showSplit() {
  const by = $("by").value;
  const name = measure();
  const answer = await ask("GET", `/api/history?${question({ by, limit: 1000 })}`);
  const earlier = new Map((answer.compared?.rows ?? []).map((row) => [row.value, row]));
  const rows = answer.rows.toSorted((one, other) => other.contacts.contacts - one.contacts.contacts);
  const link = (row, chosen) => calls({ ...chosen, [by]: row.value });
  const chart = bars({
    title: `${label(name)} by ${by}`, head: words(by), write: write(name), compared: answer.compared ? "The interval before" : "",
    rows: rows.slice(0, 15).map((row) => ({ name: row.value || "none", value: valueOf(row, name), before: valueOf(earlier.get(row.value), name),
      href: link(row, behind(name)) })),
  });
  const columns = ["contacts", "self_served", "moved_to_text", "transferred", "abandoned_in_flow", "abandoned_in_queue"];
  const cells = rows.map((row) => [
    el("a", { href: narrowed({ [by]: row.value }) }, row.value || "none"),
    ...columns.map((each) => (row.contacts[each] ? el("a", { href: link(row, behind(each)) }, count(row.contacts[each])) : "0")),
    write(name)(valueOf(row, name) ?? 0),
  ]);
  // A rate over nothing is nothing, not 0.
  rows.forEach((row, place) => { if (valueOf(row, name) === null) cells[place][cells[place].length - 1] = ""; });
  $("split").replaceChildren(...(rows.length ? [chart, table(`Contacts by ${by}`, [words(by), ...columns.map(label), label(name)], cells)]
    : [el("p", {}, "No contacts.")]));
}

async function showWeek() {
  const name = measure();
  const more = question({ every: "hour_of_week", limit: 1000 });
  more.delete("compare_since");
  const answer = await ask("GET", `/api/history?${more}`);
  const found = new Map(answer.rows.map((row) => [row.period, row]));
  const cell = (day, hour) => {
    const period = `${day + 1}-${String(hour).padStart(2, "0")}`;
    return { value: valueOf(found.get(period), name), href: calls({ ...behind(name), hour_of_week: period, zone: zone() }) };
  };
  const short = units[name] === "share" ? (value) => `${Math.round(100 * value)}%` : units[name] === "money" ? (value) => value.toFixed(1) : write(name);
  $("week").replaceChildren(heat({ title: `${label(name)} by hour of the week`, days: DAYS, cell, write: short }));
}

// What is chosen in the form takes effect

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  go(readForm());
});
for (const name of ["interval", "measure", "by", "compare", "direction"]) {
  $(name).addEventListener("change", () => {
    showCustom();
    if ($("interval").value === "custom" && !($("from").value && $("to").value)) return;
    go(readForm());
  });
}
for (const name of TYPED) {
  $(name).addEventListener("focus", guarded(async () => {
    if ($(`${name}-values`).childElementCount) return;
    const more = new URLSearchParams({ since: span.since.toISOString(), until: span.until.toISOString(), by: name });
    const answer = await ask("GET", `/api/history?${more}`);
    $(`${name}-values`).replaceChildren(...answer.rows.filter((row) => row.value).map((row) => el("option", { value: row.value })));
  }), { once: true });
}
for (const name of Object.keys(PARTS)) {
  $(`${name}-part`).addEventListener("toggle", guarded(async () => {
    if (!span) return;
    state = readForm();
    history.replaceState(null, "", `/history?${state}`);
    await fillPart(name);
  }));
}
addEventListener("popstate", guarded(show));
guarded(async () => {
  await showPlaces();
  await show();
})();
