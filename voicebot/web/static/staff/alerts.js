// The alerts of the live wall, and muting them.

import { ask } from "./api.js";

const $ = (id) => document.getElementById(id);
const LONG = [["900", "15 minutes"], ["3600", "an hour"], ["14400", "4 hours"], ["86400", "a day"]];
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

let items = new Map(); // by name and queue: changed in place, so that nothing moves under a hand
let told = null;

const keyOf = (alert) => JSON.stringify([alert.name, alert.queue]);

export function showAlerts(alerts, page) {
  const before = items;
  items = new Map(alerts.map((alert) => [keyOf(alert), kept(before.get(keyOf(alert)), alert, page)]));
  const wanted = alerts.length ? [...items.values()].map((each) => each.item) : [calm()];
  const stands = [...$("alerts").children];
  const same = alerts.length && stands.length === wanted.length && stands.every((each, at) => each === wanted[at]);
  if (!same) $("alerts").replaceChildren(...wanted);
  tell(alerts.filter((each) => each.muted_until === null));
}

function kept(line, alert, page) {
  if (line === undefined || line.muted !== alert.muted_until) return makeLine(alert, page);
  if (line.said.textContent !== alert.said) line.said.textContent = alert.said;
  return line;
}

function calm() {
  const item = document.createElement("li");
  item.className = "calm";
  item.textContent = "All is well.";
  return item;
}

// Read out only what is new, not every change of a number.
function tell(alerts) {
  const names = new Set(alerts.map(keyOf));
  const fresh = alerts.filter((each) => !told?.has(keyOf(each)));
  if (fresh.length) $("alerts-said").textContent = fresh.map((each) => `Alert: ${each.said}`).join(". ");
  else if (told?.size && !names.size) $("alerts-said").textContent = "All is well.";
  told = names;
}

function makeLine(alert, page) {
  const item = document.createElement("li"), words = document.createElement("div");
  const said = document.createElement("strong"), small = document.createElement("span");
  said.textContent = alert.said;
  small.append(`${alert.name}, for `, page.counting(alert.since));
  words.append(said, small);
  item.append(words);
  if (alert.muted_until !== null) {
    item.className = "muted";
    small.append(`; muted until ${clock.format(new Date(alert.muted_until * 1000))}`);
  }
  if (page.mayMute) item.append(acts(alert, page));
  return { item, said, muted: alert.muted_until };
}

function acts(alert, page) {
  const box = document.createElement("div"), button = document.createElement("button");
  box.className = "acts";
  button.type = "button";
  button.className = "quiet";
  const named = alert.queue ? `${alert.name}, ${alert.queue}` : alert.name;
  if (alert.muted_until !== null) {
    button.textContent = "Unmute";
    button.setAttribute("aria-label", `Unmute ${named}`);
    button.addEventListener("click", () => page.guarded(() => unmute(alert)));
    box.append(button);
    return box;
  }
  const long = document.createElement("select");
  long.setAttribute("aria-label", `How long to mute ${named}`);
  long.append(...LONG.map(([seconds, words]) => new Option(words, seconds)));
  button.textContent = "Mute";
  button.setAttribute("aria-label", `Mute ${named}`);
  button.addEventListener("click", () => page.guarded(() => mute(alert, Number(long.value))));
  box.append(long, button);
  return box;
}

async function mute({ name, queue }, seconds) {
  await ask("POST", "/api/alerts/mutes", { name, queue, seconds });
}

async function unmute(alert) {
  // A mute may cover more than this alert: every one that does ends.
  const { mutes } = await ask("GET", "/api/alerts");
  const covers = (each) => ["", alert.name].includes(each.name) && ["", alert.queue].includes(each.queue);
  for (const each of mutes.filter(covers)) {
    await ask("DELETE", `/api/alerts/mutes/${encodeURIComponent(each.id)}`);
  }
}
