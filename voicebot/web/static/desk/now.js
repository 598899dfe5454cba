// The first zone: status, what rings, the contacts on the desk, and the queues.

import { $, fill, inWords, lasting, make } from "./dom.js";

const STATES = {
  available: "Ready",
  talking: "Talking",
  writing: "Writing",
  wrapping: "Writing up",
  paused: "Paused",
  away: "Away",
  leaving: "Stopping",
  signed_out: "Not working",
};
const MOODS = { angry: "angry", tense: "tense" };

// Who it is, as far as it is known.
export function named({ name, caller, channel }) {
  return name || caller || (channel === "text" ? "Visitor" : "Unknown caller");
}

export function showStatus({ agent, contacts }) {
  const live = contacts.filter((each) => each.over_at === null);
  const work = live.length ? (live.every((each) => each.channel === "text") ? "writing" : "talking")
    : contacts.some((each) => each.wrapping) ? "wrapping" : "";
  const presence = $("presence");
  presence.dataset.state = (agent.state === "available" && work) || agent.state;
  const said = STATES[presence.dataset.state];
  const free = agent.state === "available";
  const textOnly = free && agent.voice > 0 && agent.takes?.voice === 0;
  presence.textContent = [said, agent.reason || (textOnly ? "text only" : "")].filter(Boolean).join(": ");
  $("me").textContent = agent.name;
  $("ready").hidden = free && !textOnly;
  $("ready").firstElementChild.textContent = textOnly ? "Calls too" : "Ready";
  $("ready-text").hidden = free || !agent.text || !agent.voice;
  $("stop").hidden = ["signed_out", "leaving"].includes(agent.state);
  $("pause").hidden = !["available", "away"].includes(agent.state);
  fill($("pause"), agent.pauses, () => [
    make("option", { value: "" }, "Pause…"),
    ...agent.pauses.map((reason) => make("option", { value: reason }, reason)),
  ]);
}

// `act` has accept(contact) and decline(contact); `mine` says which contact this window answers.
export function showRinging(ringing, mine, act) {
  $("quiet").hidden = ringing.length > 0;
  const key = [ringing, mine];
  fill($("ringing"), key, () => ringing.map((each) => card(each, mine === each.contact, act)));
}

function card(each, mine, act) {
  const who = each.name && each.caller ? `${each.name} (${each.caller})` : named(each);
  const asks = each.asked_by ? `${each.asked_by} asks you about` : each.callback ? "To be called back" : "";
  return make("article", { class: "ring", "data-contact": each.contact },
    asks && make("p", { class: "hint" }, asks),
    make("h3", {}, who, each.channel === "text" && make("span", { class: "kind" }, "text")),
    make("p", {}, inWords(each.intent) || "Reason not known", mood(each.mood)),
    make("p", { class: "hint" },
      `${each.queue}, `, make("span", { class: "since", "data-at": each.arrived_at, "data-words": "waits" }),
      each.contacts > 1 ? `, ${each.contacts} contacts lately` : ""),
    answers(each, mine, act),
    make("dl", {}, ...each.facts.slice(0, 4).flatMap(([name, value]) =>
      [make("dt", {}, inWords(name)), make("dd", {}, value)])));
}

function answers(each, mine, act) {
  const decline = make("button", { type: "button", class: "quiet", "data-key": "x", onclick: () => act.decline(each) },
    "Decline ", make("kbd", {}, "X"));
  if (each.by_phone && each.channel !== "text") return make("div", { class: "controls" }, make("strong", {}, "Answer your telephone."), decline);
  if (mine) return make("p", { role: "status" }, "Connecting…");
  if (each.taken) return make("p", {}, "Another of your windows is answering.");
  return make("div", { class: "controls" },
    make("button", { type: "button", class: "go", "data-key": "a", onclick: () => act.accept(each) },
      "Answer ", make("kbd", {}, "A")),
    decline);
}

export function mood(word) {
  return MOODS[word] ? make("span", { class: `mood ${word}` }, MOODS[word]) : "";
}

// Tabs, each with its number as a key.
export function showContacts(contacts, shown, choose) {
  const list = $("contacts");
  list.hidden = contacts.length < 2;
  const key = contacts.map((each) => [each.contact, each.channel, each.over_at, each.wrapping, named(each), each.unread]);
  fill(list, [key, shown], () => contacts.map((each, place) => {
    const number = String(place + 1);
    const button = make("button", {
      type: "button", class: "quiet", "data-key": number, "aria-pressed": String(each.contact === shown), onclick: () => choose(each.contact),
    }, make("kbd", {}, number), ` ${named(each)}: ${stateOf(each)}`, unread(each));
    return make("li", {}, button);
  }));
}

function stateOf({ over_at, wrapping, channel }) {
  if (over_at === null) return channel === "text" ? "text" : "talking";
  return wrapping ? "to be written up" : "over";
}

function unread({ unread: count, over_at }) {
  return count && over_at === null ? make("span", { class: "unread" }, `${count} new`) : "";
}

export function showQueues(queues) {
  fill($("queues"), queues, () => queues.map(({ name, waiting, free }) =>
    make("li", {}, make("span", {}, name), make("span", {}, `${waiting} waiting, ${free} free`))));
}

// Clocks that run by themselves; `now` is the server's, in seconds.
export function runClocks(now) {
  for (const each of document.querySelectorAll(".since")) {
    each.textContent = `${each.dataset.words} ${lasting(now - Number(each.dataset.at))}`;
  }
}
