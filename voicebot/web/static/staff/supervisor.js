// The live wall: whole pictures come as server-sent events; the clocks in them run here.

import { ask } from "./api.js";
import { showPlaces } from "./places.js";
import { afterRelease } from "./press.js";
import { showAlerts } from "./alerts.js";

const $ = (id) => document.getElementById(id);
const STAGES = {
  greeting: "Greeting", flow: "With the bot", queued: "Waiting", with_agent: "With a person", text: "In text",
};
const HEARD = { flow: "bot", queued: "waiting", with_agent: "person" };
const DOES = {
  available: "Ready", ringing: "Ringing", talking: "Talking", wrapping: "Work after a call", paused: "Pause",
  away: "Does not answer", leaving: "Leaving", signed_out: "Signed out",
};
const SILENT_MS = 12_000; // a picture comes every 5 s at the latest
const RETRY_MS = 3_000;

let ahead = 0; // how far the server's clock is before ours, in seconds
let heardAt = 0;
let stream = null;
let mayMute = false;
let places = new Set();

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const percent = (share) => (share === null ? "–" : `${Math.round(100 * share)}%`);
const serverNow = () => Date.now() / 1000 + ahead;

function span(seconds) {
  if (seconds === null) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60), rest = String(whole % 60).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function make(tag, words, name) {
  const made = document.createElement(tag);
  if (words !== undefined) made.textContent = words;
  if (name) made.className = name;
  return made;
}

// A time that counts up by itself, from a moment of the server's clock.
function counting(since) {
  const made = make("time", since === null ? "" : span(serverNow() - since));
  if (since !== null) made.dataset.since = since;
  return made;
}

// The calls behind a number of today, where there is a page of them.
function calls(words, day, chosen) {
  if (day === null || !places.has("/calls")) return words;
  const link = make("a", words), since = new Date(day.since * 1000).toISOString();
  link.href = `/calls?${new URLSearchParams({ since, direction: "inbound", ...chosen })}`;
  return link;
}

function offersToday(words) {
  if (!places.has("/history")) return words;
  const link = make("a", words);
  link.href = "/history?interval=today&show=offers";
  return link;
}

function pair(term, ...what) {
  const both = document.createElement("div"), name = document.createElement("dt"), value = document.createElement("dd");
  name.append(term);
  value.append(...what);
  both.append(name, value);
  return both;
}

function show(wall) {
  const held = document.activeElement?.getAttribute("href");
  draw(wall);
  // A link that was drawn anew under the keyboard keeps its focus.
  if (held && document.activeElement === document.body) {
    document.querySelector(`section a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }
}

function draw(wall) {
  ahead = wall.at - Date.now() / 1000;
  $("lines").textContent = `${wall.lines} of ${wall.most_lines} lines`;
  $("stages").replaceChildren(
    ...Object.entries(STAGES).map(([stage, name]) => stageTile(stage, name, wall.stages))
  );
  showDay(wall.day);
  $("queues").replaceChildren(...wall.queues.map((queue) => queueCard(queue, wall)));
  $("no-queues").hidden = wall.queues.length > 0;
  showAgents(wall.agents);
  showAlerts(wall.alerts, { counting, mayMute, guarded });
}

// Whoever may listen chooses one of these calls behind the link.
function stageTile(stage, name, stages) {
  const both = pair(name, make("span", stages[stage], "figure")), chosen = HEARD[stage];
  const going = chosen === "bot" ? stages.greeting + stages.flow : stages[stage];
  if (!chosen || !going || !places.has("/listen")) return both;
  const link = make("a", "Listen"), beside = make("dd", undefined, "beside");
  link.href = `/listen?${new URLSearchParams({ stage: chosen })}`;
  link.setAttribute("aria-label", `Listen to a call: ${name.toLowerCase()}`);
  beside.append(link);
  both.append(beside);
  return both;
}

function showDay(day) {
  if (day === null) {
    $("day").replaceChildren(pair("Today's figures are being read", make("span", "…", "figure")));
    return;
  }
  $("contacts").replaceChildren(
    calls(`${day.contacts} contacts`, day, {}), `, ${day.contacts_last_week} by now a week ago`
  );
  $("day").replaceChildren(
    rate(calls("Containment", day, { outcome: "self_served" }), day.containment, "contacts"),
    rate(offersToday("Deflection to text"), day.deflection, "offers"),
  );
}

function rate(name, { value, of, last_week, target }, what) {
  const figure = make("span", percent(value), "figure");
  let held = "";
  if (value !== null && target !== null) {
    const reached = value >= target;
    figure.classList.add(reached ? "good" : "bad");
    held = reached ? `target ${percent(target)} reached; ` : `under the target of ${percent(target)}; `;
  }
  const both = pair(name, figure);
  both.append(make("dd", `${held}a week ago ${percent(last_week)}; over ${of} ${what}`, "beside"));
  return both;
}

function queueCard(queue, { day, service_level_target: target }) {
  const card = document.createElement("li"), title = document.createElement("h3");
  title.append(calls(queue.name, day, { queue: queue.name }));
  if (!queue.open) title.append(make("span", "closed", "tag"));
  const big = make("dl", undefined, "big"), rest = make("dl", undefined, "rest");
  big.append(pair("waiting", String(queue.waiting)), pair("longest", counting(queue.first_since)));
  if (queue.first_since === null) big.lastChild.lastChild.textContent = "–";
  const level = make("span", percent(queue.service_level));
  if (queue.service_level !== null && target !== null) {
    level.className = queue.service_level >= target ? "good" : "bad";
  }
  rest.append(
    pair("next waits", span(queue.next_wait_s)),
    pair("told / waited", `${span(queue.told_s)} / ${span(queue.waited_s)}`),
    pair("service level", level),
    pair("agents free", `${queue.free} of ${queue.agents}`),
    pair("taken / gave up", `${queue.answered} / ${queue.abandoned}`),
  );
  card.append(title, big, rest);
  return card;
}

function showAgents(agents) {
  const order = Object.keys(DOES);
  const sorted = [...agents].sort(
    (one, other) => order.indexOf(one.activity) - order.indexOf(other.activity) || one.name.localeCompare(other.name)
  );
  const counts = new Map();
  for (const { activity } of agents) counts.set(activity, (counts.get(activity) ?? 0) + 1);
  $("agents-sum").textContent = order.filter((each) => counts.has(each))
    .map((each) => `${counts.get(each)} ${DOES[each].toLowerCase()}`).join(", ");
  $("agents").replaceChildren(...sorted.map(agentLine));
  $("no-agents").hidden = agents.length > 0;
}

function agentLine(agent) {
  const line = make("li", undefined, agent.activity), who = document.createElement("div");
  const reason = agent.reason ? ` (${agent.reason})` : "";
  who.append(make("strong", agent.name), make("span", DOES[agent.activity] + reason, "does"));
  if (agent.call && places.has("/listen")) who.append(listen(agent));
  line.append(who, counting(agent.since));
  return line;
}

function listen(agent) {
  const link = make("a", "Listen", "listen");
  link.href = `/listen?${new URLSearchParams({ call: agent.call })}`;
  link.setAttribute("aria-label", `Listen to ${agent.name}'s call`);
  return link;
}

async function guarded(work) {
  $("problem").textContent = "";
  try {
    await work();
  } catch (error) {
    $("problem").textContent = error.message;
  }
}

// The line to the server

const showReleased = afterRelease(show);

function connect() {
  stream?.close();
  stream = new EventSource("/api/wall/events");
  stream.addEventListener("wall", (event) => {
    heardAt = Date.now();
    tellLine(true);
    showReleased(JSON.parse(event.data));
  });
  stream.addEventListener("error", () => {
    tellLine(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(tryAgain, RETRY_MS);
  });
}

async function tryAgain() {
  try {
    await ask("GET", "/api/session"); // goes to the sign-in page where the session is over
    connect();
  } catch {
    setTimeout(tryAgain, RETRY_MS);
  }
}

function tellLine(lives) {
  const words = lives ? "Live" : "No connection; these figures are old";
  if ($("line").textContent !== words) $("line").textContent = words;
  $("line").classList.toggle("lost", !lives);
}

setInterval(() => {
  $("now").textContent = clock.format(new Date(serverNow() * 1000));
  for (const each of document.querySelectorAll("time[data-since]")) {
    each.textContent = span(serverNow() - Number(each.dataset.since));
  }
  if (heardAt && Date.now() - heardAt > SILENT_MS) {
    heardAt = Date.now();
    tellLine(false);
    connect();
  }
}, 1000);

async function begin() {
  const { scopes } = await ask("GET", "/api/session");
  mayMute = scopes.includes("queues:manage");
  places = await showPlaces();
  connect();
}

guarded(begin);
