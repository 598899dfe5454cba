// The desk: state from the server, orders from buttons and keys.

import { showPlaces } from "/staff/places.js";
import { Bell } from "./bell.js";
import { ContactZone, showTalk } from "./contact.js";
import { $ } from "./dom.js";
import { listenForKeys, remembered } from "./keys.js";
import { showArticles, showBefore, showFacts } from "./known.js";
import { named, runClocks, showContacts, showQueues, showRinging, showStatus } from "./now.js";
import { Phone } from "./phone.js";
import { DeskSocket } from "./socket.js";
import { Texts, isLive, isText } from "./texts.js";

const KEPT_LINES = 400;
const MISSED = {
  "no answer": "You did not answer, so you are away now. Press Ready to go on.",
  "caller left": "The caller has gone.",
};

const bell = new Bell();
const phone = new Phone($("sound"));
const socket = new DeskSocket();
const zone = new ContactZone((what, more) => attempt(() => order(what, more)), (what) => order(what));
const texts = new Texts((what, more) => socket.order(what, more), {
  choose: (contact) => contact !== chosen && choose(contact, false),
  problem: (sentence) => ($("problem").textContent = sentence),
});
const cards = new Map(); // by contact: {card, lines, parts, found}
let state = null;
let ahead = 0; // the server's clock before ours, in seconds
let chosen = sessionStorage.getItem("desk-chosen") ?? "";
let answering = "";
let accepted = ""; // a conversation in text that this window took

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
  accept: ({ contact, channel }) => attempt(async () => {
    if (answering) return;
    if (channel === "text") {
      accepted = contact;
      await socket.order("accept", { contact });
      return;
    }
    if (state.contacts.some((each) => each.contact === phone.contact && isLive(each))) {
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
  // Asked for now, not when it rings; who has a telephone, or takes no calls, needs none.
  const { by_phone: byPhone, voice = 1, text = 0 } = state?.agent ?? {};
  try {
    if (!byPhone && voice) await phone.allow();
  } catch (error) {
    throw text ? new Error(`${error.message} Without it you can take text: press “Text only”.`) : error;
  }
  await socket.order("ready");
});
when("ready-text", "click", () => socket.order("ready", { text: "text" }));
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
  const talking = contacts.find(isLive);
  if (wanted && (isLive(wanted) || wanted.wrapping || !talking)) return [wanted, false];
  if (talking) return [talking, false];
  const wrapping = contacts.filter((each) => each.wrapping).at(-1);
  if (wrapping) return [wrapping, false];
  if (ringing.length) return [ringing[0], true];
  return [contacts.at(-1) ?? null, false];
}

// To look at it, and to write in it unless that is where the agent is already.
function choose(contact, toWrite = true) {
  chosen = contact;
  sessionStorage.setItem("desk-chosen", contact);
  show();
  if (toWrite) texts.focus(contact);
}

function show() {
  if (!state) return;
  const [contact, preview] = toShow();
  showStatus(state);
  showRinging(state.ringing, answering, act);
  showContacts(state.contacts, contact?.contact, choose);
  bell.unread(state.contacts.filter(isLive).reduce((sum, each) => sum + (each.unread ?? 0), 0));
  showQueues(state.queues);
  zone.show(contact, preview, phone);
  texts.show(state.contacts, contact && !preview ? contact.contact : "");
  const more = contact && known(contact.contact);
  showTalk(more?.card, more?.lines ?? [], contact?.over_at === null ? more.parts : {});
  showFacts(contact);
  const writes = isText(contact) && !preview && isLive(contact);
  showArticles(more?.found, writes ? (text) => texts.put(zone.contact.contact, text) : null);
  showBefore(more?.card);
  const rings = state.ringing.find((each) => !each.taken);
  if (rings) bell.ring(named(rings));
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
  const before = new Set(state?.contacts.filter(isLive).map((each) => each.contact));
  const busy = detail.contacts.some((each) => each.contact === chosen && isLive(each));
  const reloaded = state === null;
  state = detail;
  ahead = detail.now - Date.now() / 1000;
  document.querySelector("main").hidden = false;
  for (const each of detail.contacts) {
    if (isLive(each) && !before.has(each.contact)) {
      // Who writes elsewhere goes on there; a call comes first.
      if (!busy || (!isText(each) && !reloaded)) chosen = each.contact;
      known(each.contact).asked = false; // the bot's last words are written by now
    }
  }
  expect();
  show();
  if (detail.contacts.some((each) => each.contact === accepted && isLive(each))) {
    choose(accepted);
    accepted = "";
  }
});
socket.addEventListener("lines", ({ detail }) => texts.lines(detail));
texts.addEventListener("news", () => $("sound-on").checked && bell.news());
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
socket.addEventListener("back", () => {
  notice("");
  texts.again();
});
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

listenForKeys((by) => {
  const live = (state?.contacts ?? []).filter(isLive);
  const place = live.findIndex(({ contact }) => contact === toShow()[0]?.contact);
  if (live.length) choose(live.at((place + by) % live.length).contact);
});
remembered($("sound-on"), "desk-sound");

// Who closes the page in a call loses the caller.
addEventListener("beforeunload", (event) => phone.busy && event.preventDefault());

setInterval(tick, 1000);
showPlaces().catch(() => {});
