// Supervisors in a call: the page calls as callers do, with a right of its own.
//
// The microphone is asked for when it is needed, and silence is sent while one only listens.

import { ask } from "./api.js";
import { forgetCall, showQueues, showSoFar } from "./listen-call.js";
import { callerOf, forgetChoice, showList, whereOf } from "./listen-list.js";
import { showPlaces } from "./places.js";
import { afterRelease } from "./press.js";
import { Line } from "/call/line.js";

const $ = (id) => document.getElementById(id);
const LOOK_MS = 1000;
const LIST_EVERY = 3; // looks
const STANDS = {
  coming: "Connecting…",
  listening: { bot: "You hear the caller and the bot.", waiting: "You hear the caller, and what they hear.",
    person: "You hear both." },
  whispering: "The agent alone hears you.",
  stepping_in: "You get the caller in a moment: when the bot has done what it does, or has heard the answer to a secret question.",
  talking: "The caller is yours: you hear each other.",
};
const SURE = {
  bot: "The bot falls silent, and the caller talks to you. When you leave, the bot asks its question again.",
  waiting: "The caller leaves the queue and talks to you. When you leave, the call goes on in the flow.",
  person: "The agent leaves the call, and the caller talks to you. When you leave, the call goes on in the flow.",
  ending: "The caller is hung up, and does not go back to the bot. Say goodbye first.",
};
const TROUBLE = {
  NotAllowedError: "The browser may not use the microphone. Allow it for this page, then try again.",
  NotFoundError: "There is no microphone. Plug one in, then try again.",
  NotReadableError: "Another program has the microphone.",
};

let here = null; // { id, line, silence, microphone, standing, stage }

// In a call

function silence() {
  const context = new AudioContext();
  return { context, stream: context.createMediaStreamDestination().stream };
}

async function begin(conversation) {
  if (here) return;
  forgetChoice();
  const quiet = silence();
  const place = { id: "", silence: quiet, microphone: null, standing: "coming", stage: conversation.stage };
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
    if (detail.type === "ended") end(place, "The call is over.");
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
  forgetCall();
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
  $("here").hidden = false;
  $("choice").hidden = true;
  stands({ standing: "coming", conversation, so_far: null, queues: [] });
}

function stands({ standing, conversation, so_far: soFar, queues }) {
  if (!here) return;
  here.standing = standing;
  here.stage = conversation.stage;
  // Who was whispered to may have left, and an order may have come to nothing.
  if (standing === "listening" && here.microphone) {
    here.line.useMicrophone(here.silence.stream);
    release(here);
  }
  tell("here-title", callerOf(conversation));
  tell("standing", `${whereOf(conversation)}. ${wordsFor(standing, conversation)}`);
  $("standing").className = `standing ${standing}`;
  for (const each of ["listening", "whispering", "talking"]) {
    const wanted = standing === "stepping_in" ? "talking" : standing;
    $(each).setAttribute("aria-pressed", String(each === wanted));
    $(each).disabled = standing === "coming" || wanted === "talking" && (each === wanted || standing === wanted);
  }
  $("whispering").hidden = conversation.stage !== "person";
  $("ending").hidden = standing !== "talking";
  $("sending").hidden = !queues.length;
  showQueues(queues);
  showSoFar(soFar);
}

function wordsFor(standing, { stage, on_hold: onHold }) {
  if (standing !== "listening") return STANDS[standing];
  return `${STANDS.listening[stage]} Nobody hears you.${onHold ? " The caller is on hold." : ""}`;
}

function tell(id, words) {
  if ($(id).textContent !== words) $(id).textContent = words;
}

// The server is asked how things stand; who does not ask is let go.

async function look() {
  const place = here;
  if (!place) return list();
  if (!place.id) return;
  const now = await ask("GET", `/api/listen/${place.id}`);
  if (here === place && !changing) stands(now);
}

async function list() {
  const { conversations } = await ask("GET", "/api/listen");
  drawList(conversations);
}

const drawList = afterRelease((conversations) => {
  if (here) return;
  const words = showList(conversations, (chosen) => guarded(() => begin(chosen)));
  if (words) say(words);
});

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

async function send() {
  const place = here, queue = $("queue").value;
  await ask("POST", `/api/listen/${place.id}/queue`, { queue });
  if (here === place && place.standing === "talking") end(place, `The caller waits for ${queue}.`);
}

async function endCall() {
  const place = here;
  if (!place) return;
  await ask("POST", `/api/listen/${place.id}/end`);
  end(place, "You have ended the call.");
}

// What is to be done once they are sure: `ending`, or taking over from whoever has the caller.
let wanted = "";

function askWhetherSure(button) {
  wanted = button;
  $("sure-words").textContent = SURE[button === "ending" ? button : here?.stage ?? "person"];
  $("yes").textContent = button === "ending" ? "End it now" : "Take over now";
  $("sure").hidden = false;
  $("yes").focus();
}

function say(words) {
  $("problem").textContent = words;
}

$("listening").addEventListener("click", () => change("listening"));
$("whispering").addEventListener("click", () => change("whispering"));
for (const each of ["talking", "ending"]) $(each).addEventListener("click", () => askWhetherSure(each));
$("yes").addEventListener("click", () => {
  if (wanted === "talking") return change("talking").then(() => $("leave").focus());
  $("sure").hidden = true;
  return guarded(endCall);
});
$("no").addEventListener("click", () => {
  $("sure").hidden = true;
  $(wanted).focus();
});
$("leave").addEventListener("click", () => {
  here?.line.hangUp();
  if (here) end(here, "");
});
$("sending").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(send);
});
addEventListener("beforeunload", (event) => here?.standing === "talking" && event.preventDefault());
addEventListener("pagehide", () => here?.line.hangUp());

let looks = 0;
setInterval(() => {
  looks += 1;
  if (here || looks % LIST_EVERY === 0) look().catch(() => {});
}, LOOK_MS);
guarded(showPlaces);
guarded(look);
