// Supervisors in a conversation: the page calls as callers do, with a right of its own.
//
// The microphone is asked for when it is needed, and silence is sent while one only listens.

import { ask } from "./api.js";
import { showPlaces } from "./places.js";
import { Line } from "/call/line.js";

const $ = (id) => document.getElementById(id);
const LOOK_MS = 3000;
const STANDS = {
  coming: "Connecting…",
  listening: "You hear both. Nobody hears you.",
  whispering: "The agent alone hears you.",
  talking: "The caller is yours: you hear each other.",
};
const TROUBLE = {
  NotAllowedError: "The browser may not use the microphone. Allow it for this page, then try again.",
  NotFoundError: "There is no microphone. Plug one in, then try again.",
  NotReadableError: "Another program has the microphone.",
};

let here = null; // { id, line, silence, microphone, standing }
let asked = new URLSearchParams(location.search).get("call");

function make(tag, words, name) {
  const made = document.createElement(tag);
  if (words !== undefined) made.textContent = words;
  if (name) made.className = name;
  return made;
}

function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function named({ queue, agent }) {
  return agent ? `${agent} (${queue})` : "A person outside the queues";
}

// What goes on

function showList(conversations) {
  const held = document.activeElement?.dataset?.call;
  $("none").hidden = conversations.length > 0;
  $("list").replaceChildren(...conversations.map(row));
  const wanted = held ?? asked;
  const button = wanted && document.querySelector(`button[data-call="${CSS.escape(wanted)}"]`);
  if (button) button.focus({ preventScroll: true });
  if (asked && !button) say("The call that you chose is over.");
  if (button) button.closest("li").classList.toggle("asked-for", wanted === asked);
  else asked = null;
}

function row(conversation) {
  const line = make("li"), who = make("div"), button = make("button", "Listen", "quiet");
  const time = make("time", span(Date.now() / 1000 - conversation.since));
  const beside = make("span", conversation.on_hold ? " so far, on hold" : " so far", "hint");
  beside.prepend(time);
  who.append(make("strong", named(conversation)), beside);
  button.type = "button";
  button.dataset.call = conversation.call;
  button.setAttribute("aria-label", `Listen to ${named(conversation)}`);
  button.addEventListener("click", () => guarded(() => begin(conversation)));
  line.append(who, button);
  return line;
}

// In a conversation

function silence() {
  const context = new AudioContext();
  return { context, stream: context.createMediaStreamDestination().stream };
}

async function begin(conversation) {
  if (here) return;
  asked = null;
  const quiet = silence(), place = { id: "", silence: quiet, microphone: null, standing: "coming" };
  here = place;
  place.line = new Line(quiet.stream, async () => {
    const right = await ask("POST", "/api/listen", { call: conversation.call });
    place.id = right.id;
    return right;
  });
  place.line.addEventListener("sound", ({ detail }) => ($("sound").srcObject = detail));
  place.line.addEventListener("lost", () => ($("shaky").hidden = false));
  place.line.addEventListener("back", () => ($("shaky").hidden = true));
  place.line.addEventListener("over", () => end(place, "The line broke."));
  place.line.addEventListener("message", ({ detail }) => {
    if (detail.type === "ended") end(place, "The conversation is over.");
  });
  show(conversation);
  $("here-title").focus();
  try {
    await place.line.open();
    await look();
  } catch (error) {
    end(place, "");
    throw error;
  }
}

function end(place, why) {
  if (here !== place) return;
  here = null;
  place.line.close();
  release(place);
  place.silence.context.close();
  $("sound").srcObject = null;
  $("here").hidden = $("sure").hidden = $("shaky").hidden = true;
  $("choice").hidden = false;
  say(why);
  guarded(look, why);
}

function release(place) {
  for (const track of place.microphone?.getTracks() ?? []) track.stop();
  place.microphone = null;
}

async function become(standing) {
  const place = here;
  if (!place || place.standing === standing) return;
  if (standing !== "listening") await prepare(place);
  const now = await ask("PUT", `/api/listen/${place.id}`, { standing });
  if (here !== place) return;
  await place.line.useMicrophone(standing === "listening" ? place.silence.stream : place.microphone);
  if (standing === "listening") release(place);
  stands(now);
}

async function prepare(place) {
  if (!navigator.mediaDevices) throw new Error("This page needs https to use the microphone.");
  try {
    place.microphone ??= await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    throw new Error(TROUBLE[error.name] ?? `The microphone cannot be used (${error.name}).`);
  }
  if (here !== place) release(place);
}

function show(conversation) {
  $("here-title").textContent = named(conversation);
  $("here").hidden = false;
  $("choice").hidden = true;
  stands({ standing: "coming", conversation });
}

function stands({ standing, conversation }) {
  if (!here) return;
  here.standing = standing;
  // Who was whispered to may have left; then nobody is to hear the microphone.
  if (standing === "listening" && here.microphone) {
    here.line.useMicrophone(here.silence.stream);
    release(here);
  }
  const held = standing !== "talking" && conversation.on_hold ? " The caller is on hold." : "";
  const words = STANDS[standing] + held;
  if ($("standing").textContent !== words) $("standing").textContent = words;
  $("standing").className = `standing ${standing}`;
  for (const each of ["listening", "whispering", "talking"]) {
    $(each).setAttribute("aria-pressed", String(each === standing));
    $(each).disabled = standing === "coming" || standing === "talking";
  }
}

// The server is asked how things stand; who does not ask is let go.

async function look() {
  const place = here;
  if (!place) return showList((await ask("GET", "/api/listen")).conversations);
  if (!place.id) return;
  const now = await ask("GET", `/api/listen/${place.id}`);
  if (here === place && !changing) stands(now);
}

let changing = false;

async function guarded(work, words = "") {
  say(words);
  try {
    await work();
  } catch (error) {
    say(error.message);
  }
}

async function change(standing) {
  if (changing) return;
  changing = true;
  $("sure").hidden = true;
  await guarded(() => become(standing));
  changing = false;
}

function say(words) {
  $("problem").textContent = words;
}

$("listening").addEventListener("click", () => change("listening"));
$("whispering").addEventListener("click", () => change("whispering"));
$("talking").addEventListener("click", () => {
  $("sure").hidden = false;
  $("yes").focus();
});
$("yes").addEventListener("click", () => change("talking").then(() => $("leave").focus()));
$("no").addEventListener("click", () => {
  $("sure").hidden = true;
  $("talking").focus();
});
$("leave").addEventListener("click", () => {
  here?.line.hangUp();
  if (here) end(here, "");
});
addEventListener("beforeunload", (event) => here?.standing === "talking" && event.preventDefault());
addEventListener("pagehide", () => here?.line.hangUp());

setInterval(() => look().catch(() => {}), LOOK_MS);
guarded(showPlaces);
guarded(look);
