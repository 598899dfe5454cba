// The list of calls, and turns found by their words. The address holds the whole question.

import { ask } from "./api.js";
import { showPlaces } from "./places.js";
import { MOST, replayButton } from "./replay.js";
import { $, clock, el, guarded, moment, table, toIso, toLocal, words } from "./review.js";

const OUTCOMES = ["self_served", "moved_to_text", "transferred", "callback_booked",
  "abandoned_in_flow", "abandoned_in_queue", "refused", "not_reached", "failed"];
const FACTS = ["queued", "answered", "called_back", "within", "short_in_flow", "short_in_queue", "known",
  "repeats", "settled", "resolved", "undone"];
const NAMED = ["outcome", "fact", "caller", "direction", "flow", "intent", "queue", "agent", "language", "door"];
const UNTYPED = ["last_step", "action", "action_result", "text_stage", "text_intent", "ids", "hour_of_week", "zone"];
const FILTERS = [...NAMED, "since", "until", ...UNTYPED];
const SEARCHED = ["q", "who", "since", "until", ...NAMED.filter((name) => name !== "fact")];
const PAGE = 50;

let state = new URLSearchParams();
let next = null;
let rows = [];
let shown = 0;

function fillForm() {
  $("q").value = state.get("q") ?? "";
  $("who").value = state.get("who") ?? "";
  for (const name of NAMED) $(name).value = state.get(name) ?? "";
  for (const name of ["since", "until"]) $(name).value = state.has(name) ? toLocal(state.get(name)) : "";
}

function readForm() {
  const asked = new URLSearchParams();
  for (const name of ["q", "who", ...NAMED]) {
    const value = $(name).value.trim();
    // An empty value in the address means 'without'; an empty field only keeps it.
    if (value || (NAMED.includes(name) && state.get(name) === "")) asked.set(name, value);
  }
  for (const name of ["since", "until"]) {
    const kept = state.get(name);
    if (!$(name).value) continue;
    asked.set(name, kept && toLocal(kept) === $(name).value ? kept : toIso($(name).value));
  }
  for (const name of UNTYPED) if (state.has(name)) asked.set(name, state.get(name));
  return asked;
}

function showChosen() {
  const used = [...state].filter(([name]) => FILTERS.includes(name) && name !== "zone");
  $("chosen").replaceChildren(...used.map(([name, value]) => {
    const told = name === "ids" ? `${value.split(",").length} chosen` : name === "since" || name === "until" ? moment(value) : value || "none";
    const take = () => {
      state.delete(name);
      if (name === "hour_of_week") state.delete("zone");
      if (name === "action") state.delete("action_result");
      if (name === "text_stage") state.delete("text_intent");
      go();
    };
    return el("li", {}, el("button", { type: "button", class: "quiet", onclick: take },
      `${name === "ids" ? "Calls" : name === "since" ? "From" : name === "until" ? "Until" : words(name)}: ${told} ✕`));
  }));
}

function go() {
  history.pushState(null, "", `/calls${state.size ? `?${state}` : ""}`);
  guarded(show)();
}

async function show() {
  state = new URLSearchParams(location.search);
  fillForm();
  showChosen();
  rows = [];
  shown = 0;
  next = null;
  $("found").replaceChildren();
  $("replay").hidden = true;
  $("more").hidden = true;
  $("told").textContent = "Looking…";
  await page();
}

async function page() {
  const searching = state.has("q");
  const asked = new URLSearchParams([...state].filter(([name]) => (searching ? SEARCHED : FILTERS).includes(name)));
  asked.set("limit", PAGE);
  if (next !== null) asked.set("cursor", next);
  try {
    const answer = await ask("GET", `/api/${searching ? "search" : "calls"}?${asked}`);
    next = answer.next_cursor;
    if (searching) showHits(answer);
    else {
      if (!rows.length) offerReplay(answer.calls);
      showCalls(answer.calls);
    }
    $("more").hidden = next === null;
  } catch (error) {
    $("told").textContent = "";
    throw error;
  }
}

function showCalls(calls) {
  rows.push(...calls.map(callRow));
  const heads = ["Began", "Caller", "Outcome", "Length", "Flow", "About", "Turns"];
  $("found").replaceChildren(...(rows.length ? [table("Calls, the newest first", heads, rows)] : []));
  tell(rows.length, "call");
}

// Who chose single calls wants to know what an edit makes of them.
function offerReplay(calls) {
  const told = calls.filter((call) => call.outcome && call.turns.length).map((call) => call.id);
  $("replay").hidden = !state.has("ids") || !told.length;
  const number = Math.min(told.length, MOST);
  const label = number < told.length ? `Replay the newest ${number} against today's files` : "Replay them against today's files";
  replayButton($("replay"), () => told, label);
}

function callRow(call) {
  const link = el("a", { href: `/calls/${encodeURIComponent(call.id)}` }, moment(call.started_at));
  const length = call.ended_at && call.answered_at
    ? clock((new Date(call.ended_at) - new Date(call.answered_at)) / 1000) : "";
  const outcome = el("span", { class: "badge" }, call.outcome ? words(call.outcome) : "Running");
  const flow = call.language ? `${call.flow}, ${call.language}` : call.flow;
  return [link, call.caller || "unknown", outcome, length, flow, call.matter?.about ?? "", String(call.turns.length)];
}

function showHits(answer) {
  for (const hit of answer.hits) $("found").append(hitBlock(hit));
  shown += answer.hits.length;
  if (!answer.words.length) $("told").textContent = "Type a word or a number that was said.";
  else tell(shown, "turn");
}

function hitBlock(hit) {
  const marked = (pieces) => pieces.map((piece) => (piece.hit ? el("mark", {}, piece.text) : piece.text));
  const line = (who, pieces) => (pieces.length
    ? el("p", {}, el("span", { class: "who" }, who), ...marked(pieces)) : null);
  return el("article", { class: "hit" },
    el("p", { class: "meta" },
      el("a", { href: `/calls/${encodeURIComponent(hit.call)}#turn-${hit.turn}` }, moment(hit.at)),
      el("span", {}, hit.caller || "unknown"),
      el("span", { class: "badge" }, hit.outcome ? words(hit.outcome) : "Running"),
      el("span", {}, `${hit.flow}, step ${hit.step}`)),
    line("Bot", hit.said), line("Caller", hit.heard));
}

function tell(number, what) {
  const more = next === null ? "" : " so far; there are more";
  $("told").textContent = number ? `${number} ${what}${number === 1 ? "" : "s"}${more}.` : `No ${what} like that.`;
}

for (const [id, values] of [["outcome", OUTCOMES], ["fact", FACTS]]) {
  $(id).append(...values.map((value) => el("option", { value }, words(value))));
}
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  state = readForm();
  go();
});
$("more").addEventListener("click", guarded(page));
addEventListener("popstate", guarded(show));
guarded(async () => {
  await showPlaces();
  await show();
})();
