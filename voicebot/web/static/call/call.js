// The caller's page: one button, one call, both sides in words.

import { LevelMeter } from "./level.js";
import { Line } from "./line.js";
import { ENDED, STATUS, TROUBLE, WHO } from "./words.js";

const KEYS = "123456789*0#";
const KEY_NAMES = { "*": "Star", "#": "Hash" };
const MOST_CAPTIONS = 200;
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

const at = (id) => document.getElementById(id);
const meter = new LevelMeter(at("level").firstElementChild);

let line = null;
let microphone = null;
let began = 0;
let ticking = 0;
let wakeLock = null;
let wantsText = false;

// States

function show(state, { trouble, words } = {}) {
  at("call").dataset.state = state;
  at("status").textContent = trouble ? TROUBLE[trouble].title : STATUS[state];
  const busy = state === "asking" || state === "connecting";
  const inCall = state === "talking" || state === "reconnecting";
  at("ready").hidden = !(state === "ready" || busy);
  at("begin").disabled = busy;
  at("begin").lastElementChild.textContent = busy ? "One moment" : "Start the call";
  // What was said stays to be read when the call is over.
  const over = state === "ended" || state === "trouble";
  at("talk").hidden = !(inCall || (over && at("captions").children.length));
  at("controls").hidden = at("clock").hidden = !inCall;
  at("trouble").hidden = state !== "trouble";
  at("ended").hidden = state !== "ended";
  if (!inCall) {
    at("text-offer").hidden = true;
    askForText("");
    showPartial("");
    showKeypad(false);
  }
  if (trouble) {
    at("trouble-title").textContent = TROUBLE[trouble].title;
    at("trouble-help").textContent = TROUBLE[trouble].help;
    at("trouble-title").focus();
  }
  if (words) {
    at("ended-words").textContent = words;
    at("ended-title").focus();
  }
}

async function call() {
  const lacking = whatIsLacking();
  if (lacking) return show("trouble", { trouble: lacking });
  forget();
  show("asking");
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
  } catch (error) {
    return show("trouble", { trouble: microphoneTrouble(error) });
  }
  watchMicrophone();
  show("connecting");
  line = newLine();
  try {
    await line.open();
  } catch (error) {
    const trouble = error.code in TROUBLE ? error.code : "other";
    line.close();
    release();
    return show("trouble", { trouble });
  }
  if (line.closed) return;
  startClock();
  meter.start(microphone);
  keepAwake();
  show("talking");
  at("talk").focus();
}

function newLine() {
  const made = new Line(microphone);
  const on = (type, handle) => made.addEventListener(type, ({ detail }) => made === line && handle(detail));
  on("sound", (stream) => {
    at("voice").srcObject = stream;
    at("voice").play().catch(() => {});
  });
  on("message", heard);
  on("lost", () => show("reconnecting"));
  on("back", () => show("talking"));
  on("over", (problem) => {
    release();
    if (problem === "gone") show("ended", { words: ENDED.lost });
    else show("trouble", { trouble: problem });
  });
  return made;
}

function end(words) {
  line?.hangUp();
  release();
  show("ended", { words });
}

function release() {
  clearInterval(ticking);
  meter.stop();
  microphone?.getTracks().forEach((track) => track.stop());
  wakeLock?.release().catch(() => {});
  microphone = wakeLock = null;
  at("voice").srcObject = null;
}

function forget() {
  at("captions").replaceChildren();
  at("keyed").textContent = "";
  at("partial").hidden = true;
  showMuted(false);
}

// The microphone

function whatIsLacking() {
  if (!isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return "unsupported";
  return navigator.onLine ? "" : "offline";
}

function microphoneTrouble(error) {
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "no_microphone";
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "blocked";
  return "microphone_busy";
}

function watchMicrophone() {
  for (const track of microphone.getAudioTracks()) {
    track.onended = async () => {
      // Unplugged: go on with another one, where there is one.
      try {
        const other = await navigator.mediaDevices.getUserMedia({ audio: SOUND });
        if (!microphone || line?.closed) return other.getTracks().forEach((each) => each.stop());
        microphone = other;
        watchMicrophone();
        await line.useMicrophone(other);
        meter.start(other);
      } catch (error) {
        line?.hangUp();
        release();
        show("trouble", { trouble: microphoneTrouble(error) });
      }
    };
  }
}

async function tellWhatIsBlocked() {
  const permission = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
  if (permission?.state !== "denied") return;
  at("why").classList.add("warn");
  at("why-words").textContent = TROUBLE.blocked.help;
}

function showMuted(muted) {
  microphone?.getAudioTracks().forEach((track) => { track.enabled = !muted; });
  at("mute").setAttribute("aria-pressed", String(muted));
  at("mute").lastElementChild.textContent = muted ? "Muted" : "Mute";
  at("level").classList.toggle("muted", muted);
}

// What is said

function heard(message) {
  switch (message.type) {
    case "prompt": return caption("bot", message);
    case "partial": return showPartial(message.text);
    case "heard": return caption("caller", message, message.mode === "dtmf");
    case "hidden": return hide(message);
    case "unheard": return showPartial("");
    case "text_asked": return askForText(message.key);
    case "text_offered": return offerText(message.url);
    case "ended":
      release();
      return show("ended", { words: ENDED.ours });
  }
}

function caption(who, { text, turn }, keyed = false) {
  if (who === "caller") {
    showPartial("");
    at("keyed").textContent = "";
  }
  const item = document.createElement("li");
  item.className = `caption ${who}${keyed ? " keyed" : ""}`;
  item.dataset.turn = turn;
  item.append(span("who", WHO[who]), span("words", text));
  at("captions").append(item);
  while (at("captions").children.length > MOST_CAPTIONS) at("captions").firstElementChild.remove();
  toTheEnd();
}

// A turn turned out to hold a piece of a secret. What the bot said in it stood in several captions.
function hide({ turn, prompt, heard }) {
  const now = { bot: prompt, caller: heard };
  for (const item of at("captions").querySelectorAll(`[data-turn="${turn}"]`)) {
    const who = item.classList.contains("bot") ? "bot" : "caller";
    if (!now[who]) item.remove();
    else item.querySelector(".words").textContent = now[who];
    now[who] = "";
  }
}

function showPartial(text) {
  at("partial").textContent = text;
  at("partial").hidden = !text;
  toTheEnd();
}

// The question whether to go on in text, as a button: it presses the key that says yes, and whoever
// has pressed it is taken to the link when it comes.
function askForText(key) {
  if (key) wantsText = false;
  at("text-yes").hidden = !key;
  at("text-yes").onclick = () => {
    wantsText = true;
    at("text-yes").hidden = true;
    press(key);
  };
}

function offerText(url) {
  const target = new URL(url, location.href);
  if (!["http:", "https:"].includes(target.protocol)) return;
  if (wantsText) return location.assign(target);
  at("text-offer").href = target.href;
  at("text-offer").hidden = false;
}

function span(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}

function toTheEnd() {
  at("talk").scrollTop = at("talk").scrollHeight;
}

// Keys

function press(key) {
  if (!line || line.closed) return;
  line.send({ type: "key", key });
  at("keyed").textContent = (at("keyed").textContent + key).slice(-16);
}

function showKeypad(open) {
  at("keypad").hidden = !open;
  at("keys").setAttribute("aria-expanded", String(open));
  toTheEnd();
}

function keyButton(key) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = key;
  if (KEY_NAMES[key]) button.setAttribute("aria-label", KEY_NAMES[key]);
  button.addEventListener("click", () => press(key));
  return button;
}

// Time

function startClock() {
  began = Date.now();
  const tick = () => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    at("timer").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  tick();
  ticking = setInterval(tick, 1000);
}

async function keepAwake() {
  wakeLock = await navigator.wakeLock?.request("screen").catch(() => null) ?? null;
}

// Beginning

at("keypad").querySelector(".keys").append(...[...KEYS].map(keyButton));
at("begin").addEventListener("click", call);
at("again").addEventListener("click", call);
at("anew").addEventListener("click", call);
at("end").addEventListener("click", () => end(ENDED.yours));
at("keys").addEventListener("click", () => showKeypad(at("keypad").hidden));
at("mute").addEventListener("click", () => showMuted(at("mute").getAttribute("aria-pressed") !== "true"));
addEventListener("keydown", (event) => {
  if (at("controls").hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (KEYS.includes(event.key)) press(event.key);
  if (event.key === "Escape" && !at("keypad").hidden) {
    showKeypad(false);
    at("keys").focus();
  }
});
new ResizeObserver(toTheEnd).observe(at("talk"));
addEventListener("pagehide", () => line?.hangUp());
tellWhatIsBlocked();
