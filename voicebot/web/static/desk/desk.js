// The desk: state from the server, orders from buttons and keys.

import { showPlaces } from "/staff/places.js";
import { Bell } from "./bell.js";
import { ContactZone, showTalk } from "./contact.js";
import { $ } from "./dom.js";
import { showArticles, showBefore, showFacts } from "./known.js";
import { runClocks, showContacts, showQueues, showRinging, showStatus } from "./now.js";
import { Phone } from "./phone.js";
import { DeskSocket } from "./socket.js";

const KEPT_LINES = 400;
const MISSED = {
  "no answer": "You did not answer, so you are away now. Press Ready to go on.",
  "caller left": "The caller has hung up.",
};

const bell = new Bell();
const phone = new Phone($("sound"));
const socket = new DeskSocket();
const zone = new ContactZone((what, more) => attempt(() => order(what, more)), (what) => order(what));
const cards = new Map(); // by contact: {card, lines, parts, found}
let state = null;
let ahead = 0; // the server's clock before ours, in seconds
let chosen = "";
let answering = "";

const now = () => Date.now() / 1000 + ahead;

// Orders

function order(what, more = {}) {
  const contact = zone.contact?.contact ?? "";
  return socket.order(what, { contact, ...more });
}

// Whether it worked; what did not is told.
async function attempt(work) {
  $("problem").textContent = "";
  try {
    await work();
    return true;
  } catch (error) {
    $("problem").textContent = error.message;
    return false;
  }
}

const act = {
  accept: ({ contact }) => attempt(async () => {
    if (answering) return;
    if (state.contacts.some((each) => each.contact === phone.contact && each.over_at === null)) {
      throw new Error("End the call that you are in first.");
    }
    phone.drop();
    answering = contact;
    show();
    try {
      await phone.answer(contact, (warm) => socket.order("accept", { contact, warm }));
    } catch (error) {
      // Another window, or another colleague, may answer.
      await socket.order("give_back", { contact }).catch(() => {});
      throw error;
    } finally {
      answering = "";
      show();
    }
  }),
  decline: ({ contact }) => attempt(() => socket.order("decline", { contact })),
};

function when(id, event, work) {
  $(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    attempt(() => work(happened));
  });
}

when("ready", "click", async () => {
  // Asked for now, not when it rings; who has a telephone needs none.
  if (state && !state.agent.by_phone) await phone.allow();
  await socket.order("ready");
});
when("stop", "click", () => socket.order("sign_out"));
when("pause", "change", async ({ target }) => {
  const text = target.value;
  target.value = "";
  if (text) await socket.order("pause", { text });
});
when("mute", "click", () => {
  phone.mute(!phone.muted);
  show();
});
when("hold", "click", () => order(zone.contact.held ? "take_back" : "hold"));
when("show-keys", "click", () => zone.open("keypad"));
when("show-turn", "click", () => zone.openTurn());
when("end", "click", () => order("hang_up"));
when("turn", "submit", async () => {
  await order("send_on", zone.chosen());
  zone.open("turn", false);
});
when("consult", "click", async () => {
  await order("consult", zone.chosen());
  zone.open("turn", false);
});
when("join", "click", () => order("take_back"));
when("hand-over", "click", () => order("hand_over"));
when("let-go", "click", async () => {
  await order("let_go");
  if (zone.contact?.held) await order("take_back");
});
when("finish", "click", async () => {
  await zone.keep();
  await order("finish");
});
when("search", "submit", async () => {
  const found = await order("look_up", { text: $("question").value });
  known(zone.contact.contact).found = found;
  show();
});

// What is shown

function known(contact) {
  if (!cards.has(contact)) {
    cards.set(contact, { card: null, lines: [], parts: {}, found: null, asked: false });
    if (cards.size > 20) cards.delete(cards.keys().next().value);
  }
  return cards.get(contact);
}

function toShow() {
  const { contacts, ringing } = state;
  const wanted = contacts.find((each) => each.contact === chosen);
  const talking = contacts.find((each) => each.over_at === null);
  if (wanted && (wanted.over_at === null || !talking)) return [wanted, false];
  if (talking) return [talking, false];
  const wrapping = contacts.filter((each) => each.wrapping).at(-1);
  if (wrapping) return [wrapping, false];
  if (ringing.length) return [ringing[0], true];
  return [contacts.at(-1) ?? null, false];
}

function show() {
  if (!state) return;
  const [contact, preview] = toShow();
  showStatus(state);
  showRinging(state.ringing, answering, act);
  showContacts(state.contacts, contact?.contact, (id) => {
    chosen = id;
    show();
  });
  showQueues(state.queues);
  zone.show(contact, preview, phone);
  const more = contact && known(contact.contact);
  showTalk(more?.card, more?.lines ?? [], contact?.over_at === null ? more.parts : {});
  showFacts(contact);
  showArticles(more?.found);
  showBefore(more?.card);
  const rings = state.ringing.find((each) => !each.taken);
  if (rings) bell.ring(rings.name || rings.caller || "It rings");
  else bell.stop();
  tick();
  if (more && !more.asked) read(contact.contact, more);
}

async function read(contact, more) {
  more.asked = true;
  try {
    more.card = await socket.order("card", { contact });
    if (!more.lines.length) more.lines = more.card.lines;
    if (more.card.asked && !more.found) {
      more.found = await socket.order("look_up", { contact, text: more.card.asked });
    }
  } catch {
    more.asked = false; // gone, or the line broke: the next state asks again
    return;
  }
  show();
}

// The line is made ready for whoever rings here.
function expect() {
  const rings = state?.ringing.find((each) => !each.taken && !each.by_phone && each.channel !== "text");
  phone.expect(rings?.contact ?? "", (contact) => socket.order("prepare", { contact }));
}

function tick() {
  runClocks(now());
  zone.tick(now());
}

// What the server tells

socket.addEventListener("state", ({ detail }) => {
  const before = new Set(state?.contacts.filter((each) => each.over_at === null).map((each) => each.contact));
  state = detail;
  ahead = detail.now - Date.now() / 1000;
  document.querySelector("main").hidden = false;
  for (const each of detail.contacts) {
    if (each.over_at === null && !before.has(each.contact)) {
      chosen = each.contact;
      known(each.contact).asked = false; // the bot's last words are written by now
    }
  }
  expect();
  show();
});
socket.addEventListener("said", ({ detail }) => {
  const more = known(detail.contact);
  if (detail.final) {
    more.lines = [...more.lines, detail].slice(-KEPT_LINES);
    delete more.parts[detail.who];
  } else {
    more.parts = { ...more.parts, [detail.who]: detail.text };
  }
  show();
});
socket.addEventListener("suggestions", ({ detail }) => {
  known(detail.contact).found = detail;
  show();
});
socket.addEventListener("missed", ({ detail }) => {
  if (phone.contact !== detail.contact) $("problem").textContent = MISSED[detail.reason] ?? "";
});
socket.addEventListener("away", () => notice("The line to the server broke. Trying again."));
socket.addEventListener("back", () => notice(""));
socket.addEventListener("closed", ({ detail }) => notice(detail || "You are signed in, and no agent: no agent in the settings has your name. Ask who looks after voicebot for [agents.NAME]."));
phone.addEventListener("over", ({ detail }) => {
  if (detail) $("problem").textContent = detail;
  expect();
  show();
});
phone.addEventListener("wobble", ({ detail }) => notice(detail ? "Your network is gone. Trying to get the line back." : ""));

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
  if (text && !state) $("presence").textContent = "";
}

// Keys: those that buttons show, while nobody types.

const keysOn = $("keys-on");
keysOn.checked = localStorage.getItem("desk-keys") !== "off";
const showKeys = () => document.body.classList.toggle("without-keys", !keysOn.checked);
keysOn.addEventListener("change", () => {
  localStorage.setItem("desk-keys", keysOn.checked ? "on" : "off");
  showKeys();
});
showKeys();

addEventListener("keydown", (event) => {
  const types = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || types || !keysOn.checked) return;
  if (event.key.toLowerCase() === "n" && !$("note-form").hidden) {
    event.preventDefault();
    $("note").focus();
    return;
  }
  const button = [...document.querySelectorAll("button[data-key]")].find(
    (each) => each.dataset.key === event.key.toLowerCase() && each.offsetParent !== null && !each.disabled
  );
  if (!button) return;
  event.preventDefault();
  button.click();
});

// Who closes the page in a call loses the caller.
addEventListener("beforeunload", (event) => phone.busy && event.preventDefault());

setInterval(tick, 1000);
showPlaces().catch(() => {});
