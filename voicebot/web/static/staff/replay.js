// Calls taken through the files of today: the button that asks for it, and what came of it.

import { ask } from "./api.js";
import { count, el, guarded, table, words } from "./review.js";

export const MOST = 20;

// Puts a button into `place`; `ids` gives the calls when it is pressed.
export function replayButton(place, ids, label) {
  const found = el("div", { "aria-live": "polite" });
  const button = el("button", { type: "button", class: "quiet", onclick: guarded(async () => {
    button.disabled = true;
    found.replaceChildren(el("p", { class: "hint" }, "Replaying… this takes some seconds."));
    try {
      const answer = await ask("POST", "/api/replay", { calls: ids().slice(0, MOST) });
      found.replaceChildren(...(answer.calls.length > 1 ? [summary(answer)] : []), ...answer.calls.map((call) => callBlock(call, answer.calls.length > 1)));
    } catch (error) {
      found.replaceChildren();
      throw error;
    } finally {
      button.disabled = false;
    }
  }) }, label);
  place.replaceChildren(el("p", {}, button,
    el("span", { class: "hint" }, " What callers said and keyed, put to the flows as the files are now. Nothing is changed.")), found);
}

function summary({ calls, rerouted, stopped }) {
  const untold = stopped ? ` ${count(stopped)} could not be followed to their end.` : "";
  return el("p", {}, `${count(rerouted)} of ${count(calls.length)} calls take another way.${untold}`);
}

function callBlock(call, several) {
  const title = several ? el("a", { href: `/calls/${encodeURIComponent(call.id)}` }, `Call ${call.id}`) : null;
  return el("article", { class: "hit" },
    el("p", { class: "meta" }, title, el("span", { class: `badge ${call.changed ? "bad" : "good"}` }, call.changed ? "takes another way" : "goes as it went"), ended(call)),
    several && !call.changed ? null : turnsTable(call));
}

function ended({ before, after }) {
  if (after.stopped) return el("span", {}, `not followed further: ${after.stopped}`);
  const was = before.outcome ? words(before.outcome) : "Running";
  return el("span", {}, before.outcome === after.outcome ? was : `${was}, now ${words(after.outcome)}`);
}

function turnsTable({ before, after, first_difference: first }) {
  const rows = [];
  for (let place = 0; place < Math.max(before.turns.length, after.turns.length); place += 1) {
    const differs = place === first ? el("span", { class: "badge bad" }, "from here on") : "";
    rows.push([String(place + 1), told(before.turns[place]), told(after.turns[place]), differs]);
  }
  return table("Turns as recorded and now", ["Answer", "As recorded", "With the files of today", "Differs"], rows);
}

const results = { match: "understood", nomatch: "not understood", noinput: "silence", hangup: "hung up" };

function told(turn) {
  if (!turn) return "the call is over";
  const meaning = turn.meaning === null ? null : el("code", {}, JSON.stringify(turn.meaning));
  return el("span", {}, `${results[turn.result] ?? turn.result} at ${turn.step}`, meaning && " ", meaning, turn.next ? ` → ${turn.next}` : "");
}
