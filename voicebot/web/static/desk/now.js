// The first zone: status, what rings, the contacts on the desk, and the queues.

import { $, fill, inWords, lasting, make } from "./dom.js";

const STATES = {
  available: "Ready",
  talking: "Talking",
  wrapping: "Writing up",
  paused: "Paused",
  away: "Away",
  leaving: "Stopping",
  signed_out: "Not working",
};
const MOODS = { angry: "angry", tense: "tense" };

export function showStatus({ agent, contacts }) {
  const work = contacts.some((each) => each.over_at === null) ? "talking"
    : contacts.some((each) => each.wrapping) ? "wrapping" : "";
  const presence = $("presence");
  presence.dataset.state = (agent.state === "available" && work) || agent.state;
  const said = STATES[presence.dataset.state];
  presence.textContent = agent.reason ? `${said}: ${agent.reason}` : said;
  $("me").textContent = agent.name;
  $("ready").hidden = agent.state === "available";
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
  const who = each.name ? `${each.name} (${each.caller})` : each.caller || "Unknown caller";
  const asks = each.asked_by ? `${each.asked_by} asks you about` : each.callback ? "To be called back" : "";
  return make("article", { class: "ring", "data-contact": each.contact },
    asks && make("p", { class: "hint" }, asks),
    make("h3", {}, who),
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
  if (each.by_phone) return make("div", { class: "controls" }, make("strong", {}, "Answer your telephone."), decline);
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

export function showContacts(contacts, shown, choose) {
  const list = $("contacts");
  list.hidden = contacts.length < 2;
  fill(list, [contacts.map((each) => [each.contact, each.over_at, each.wrapping, each.caller, each.name]), shown], () =>
    contacts.map((each) => {
      const state = each.over_at === null ? "talking" : each.wrapping ? "to be written up" : "over";
      const button = make("button", {
        type: "button", class: "quiet", "aria-pressed": String(each.contact === shown), onclick: () => choose(each.contact),
      }, `${each.name || each.caller || "Unknown caller"}: ${state}`);
      return make("li", {}, button);
    }));
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
