// The page of a link: opens the conversation where the call stood, and can go back to voice.

import { Talk } from "./talk.js";
import { offerPhone } from "./phone.js";
import { make } from "./dom.js";
import { View } from "./view.js";

const BASE = new URL("../", import.meta.url);
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

const talk = new Talk(BASE, sessionStorage);
const view = new View(document.getElementById("chat"), navigator.language);
view.onWords = (words) => { document.documentElement.lang = words.language; showTitle(); };
const token = decodeURIComponent(location.pathname.split("/").pop());

async function open() {
  view.follow(talk);
  try {
    if (token) await talk.redeem(token);
    else await talk.begin();
  } catch (error) {
    return view.trouble(error.code ?? "other");
  }
  talk.start();
  if (!token) view.offerAgain(() => { talk.forget(); location.reload(); });
  if (isSecureContext && navigator.mediaDevices && window.RTCPeerConnection) offerCall();
  offerPhone(view, talk).catch(() => {}); // no network just now: the text goes on
}

// Who waits looks elsewhere: the title counts what an agent wrote meanwhile.

let unseen = 0;

function showTitle() {
  document.title = `${unseen ? `(${unseen}) ` : ""}${view.word("page.title")}`;
}

talk.addEventListener("view", ({ detail }) => {
  if (!document.hidden) return;
  unseen += detail.lines.filter(({ who }) => who === "agent").length;
  showTitle();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  showTitle();
});

// Back to voice

let line = null;
let microphone = null;
const callButton = view.worded("button", "page.call", { type: "button", class: "call" });
const sound = make("audio", { autoplay: true });

function offerCall() {
  view.actions.append(callButton);
  callButton.addEventListener("click", () => (line ? hangUp() : call()));
  addEventListener("pagehide", () => line?.hangUp());
  talk.addEventListener("view", ({ detail }) => { if (detail.over && !line) callButton.hidden = true; });
}

async function call() {
  callButton.disabled = true;
  view.setStatus("page.calling");
  try {
    await dial();
  } catch (error) {
    release();
    view.setStatus(`noCall.${view.word(`noCall.${error.code}`) ? error.code : "other"}`);
    setButton("page.call");
  }
  callButton.disabled = false;
}

async function dial() {
  const { Line } = await import(new URL("call/line.js", BASE));
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
  } catch {
    throw Object.assign(new Error("no microphone"), { code: "microphone" });
  }
  line = new Line(microphone, () => talk.post(`${talk.conversation}/call`, {}));
  line.addEventListener("sound", ({ detail }) => { sound.srcObject = detail; sound.play().catch(() => {}); });
  line.addEventListener("message", ({ detail }) => heard(detail));
  line.addEventListener("over", over);
  await line.open();
  view.setStatus("page.onCall");
  setButton("page.hangUp");
  view.form.hidden = true;
  view.showReplies([]);
}

function setButton(name) {
  callButton.dataset.word = name;
  callButton.textContent = view.word(name);
}

// What is said comes with the conversation's own lines.
function heard({ type }) {
  if (type === "ended") over();
}

function hangUp() {
  line?.hangUp();
  over();
}

function over() {
  release();
  callButton.hidden = true;
  view.setStatus("page.callOver");
}

function release() {
  microphone?.getTracks().forEach((track) => track.stop());
  line?.close(200);
  line = microphone = null;
  sound.srcObject = null;
}

open();
