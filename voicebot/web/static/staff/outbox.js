// Messages that went out to callers, or wait; looked at again while the page is open.

import { ask } from "./api.js";
import { $, choice, guarded, made, when } from "./lists.js";
import { showPlaces } from "./places.js";

const AGAIN_MS = 5000;
const BAD = ["failed", "unsure", "expired"];
let messages = [];
let told = "";
let places = new Set();

async function load() {
  const answer = await ask("GET", "/api/outbox?limit=200");
  if (told === JSON.stringify(answer)) return; // nothing is lost under the hand
  told = JSON.stringify(answer);
  messages = answer.messages;
  const chosen = $("state").value;
  const states = [...new Set(messages.map((each) => each.state).concat(chosen || []))].sort();
  $("state").replaceChildren(choice("", "all"), ...states.map((state) => choice(state)));
  $("state").value = chosen;
  show();
}

function show() {
  const wanted = $("search").value.trim().toLowerCase();
  const fitting = messages.filter((each) =>
    (!$("state").value || each.state === $("state").value) &&
    [each.recipient, each.text, each.call ?? ""].some((part) => part.toLowerCase().includes(wanted)));
  const words = messages.length === 0 ? "Nothing was sent yet"
    : `${fitting.length} of the newest ${messages.length}`;
  if ($("summary").textContent !== words) $("summary").textContent = words;
  $("messages").replaceChildren(...fitting.map(line));
}

function line(message) {
  const item = document.createElement("li");
  const words = document.createElement("div");
  const to = made("strong", message.recipient + " ");
  to.append(made("span", message.state, BAD.includes(message.state) ? "mark bad" : "mark"));
  const tries = message.tries > 1 ? `; ${message.tries} tries` : "";
  const about = made("span", `${message.channel}; ${when(message.created_at)}${tries}`, "hint");
  if (message.call) about.append("; ", callOf(message.call));
  words.append(to, about);
  item.append(words);
  if (message.problem) item.append(made("p", message.problem, "text problem"));
  item.append(made("p", message.text || "The text is forgotten once it has served.", message.text ? "text" : "text hint"));
  return item;
}

function callOf(call) {
  if (!places.has("/calls")) return `call ${call}`;
  const link = made("a", "its call");
  link.href = `/calls/${encodeURIComponent(call)}`;
  return link;
}

$("filter").addEventListener("submit", (event) => event.preventDefault());
$("state").addEventListener("change", show);
$("search").addEventListener("input", show);
$("reload").addEventListener("click", guarded(load));

guarded(async () => {
  places = await showPlaces();
  await load();
  setInterval(() => { if (!document.hidden) guarded(load)(); }, AGAIN_MS);
})();
