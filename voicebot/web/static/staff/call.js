// One call: what is known of it, who spoke when, and what was said.

import { ask } from "./api.js";
import { bars } from "./charts.js";
import { showPlaces } from "./places.js";
import { $, callsLink, clock, el, guarded, moment, table, words } from "./review.js";
import { replayButton } from "./replay.js";
import { timeline } from "./timeline.js";

const id = location.pathname.split("/")[2];
const path = `/api/calls/${id}`;
const AGAIN_MS = 3000;
let began = 0; // when the recording begins, in seconds of the call

async function begin() {
  await showPlaces();
  const call = await ask("GET", path);
  await show(call);
  follow(call);
  // What the address points at was not there when the page came.
  if (location.hash) location.replace(location.hash);
}

const goesOn = (call) => !call.ended_at || call.is_written;

// Whoever reads along sees what comes, until both call and text are over.
function follow(call) {
  $("goes-on").textContent = !goesOn(call) ? "" : `${call.ended_at ? "The caller goes on in text" : "This goes on"}; what comes is added here.`;
  if (goesOn(call)) setTimeout(again, AGAIN_MS, call);
}

async function again(before) {
  let call = before;
  try {
    call = await ask("GET", path);
    if (call.ended_at === before.ended_at && goesOn(call)) showTurns(call);
    else await show(call);
  } catch {
    // The server is asked again.
  }
  follow(call);
}

async function show(call) {
  const inText = ["chat", "webhook"].includes(call.transport);
  document.title = `${inText ? "Conversation" : "Call"} of ${moment(call.started_at)} - voicebot`;
  $("title").textContent = inText ? `Conversation with ${call.caller || "somebody on our page"}`
    : `Call ${call.direction === "outbound" ? "to" : "from"} ${call.direction === "outbound" ? call.callee : call.caller || "unknown"}`;
  $("facts").replaceChildren(...facts(call));
  $("turns").replaceChildren();
  showTurns(call);
  $("replay-part").hidden = !call.outcome || !call.turns.some((turn) => turn.heard);
  replayButton($("replay"), () => [call.id], "Replay against today's files");
  showLatencies(call);
  showNotes(call);
  showStages(call);
  await showTimeline(call);
}

// Only what is new is made, so that nothing is lost under the hand; the last one may still change.
function showTurns(call) {
  const list = $("turns"), keys = call.turns.map((turn) => JSON.stringify(turn));
  for (const each of [...list.children]) if (!keys.includes(each.dataset.key)) each.remove();
  const there = new Set([...list.children].map((each) => each.dataset.key));
  call.turns.forEach((turn, place) => {
    if (there.has(keys[place])) return;
    const item = turnItem(turn, call, place + 1);
    item.dataset.key = keys[place];
    list.append(item);
  });
  if (!call.turns.length) list.append(el("li", {}, "Nothing was said."));
}

function facts(call) {
  const spoken = call.ended_at && call.answered_at ? (new Date(call.ended_at) - new Date(call.answered_at)) / 1000 : null;
  const yes = (value, told) => (value === null ? "not known" : value ? told : "no");
  const matter = call.matter && `${call.matter.about}${call.matter.open ? ", left open" : ""}`;
  const details = call.matter && Object.entries(call.matter.details).map(([name, value]) => `${name} ${plain(value)}`).join(", ");
  const link = (name, value) => value && el("a", { href: callsLink({ [name]: value }) }, value);
  const told = {
    Began: moment(call.started_at),
    Length: spoken === null ? "" : clock(spoken),
    Outcome: call.outcome ? `${words(call.outcome)} (${call.reason})` : "Running",
    Resolved: call.outcome ? yes(call.resolved, "yes, nobody came back") : "",
    Repeat: call.repeat ? "yes, of an earlier call on this matter" : "",
    Caller: link("caller", call.caller),
    Called: call.callee,
    Customer: call.customer,
    About: matter,
    Details: details,
    Queue: link("queue", call.queue),
    Agent: link("agent", call.agent),
    Waited: call.waited_s === null ? "" : clock(call.waited_s),
    "Called back": call.called_back ? "yes, by the agent" : "",
    "With the agent": call.handled_s === null ? "" : clock(call.handled_s),
    "Work after it": call.wrapped_s === null ? "" : clock(call.wrapped_s),
    Door: call.transport,
    Flow: call.flow,
    Language: call.language,
    Version: call.version && el("code", {}, call.version),
    "Answered by": call.answered_by,
    Sent: Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`).join(", "),
    Id: el("code", {}, call.id),
  };
  return Object.entries(told).filter(([, value]) => value)
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
}

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// `place` counts all turns of the contact; the number of one that was written says only its order.
function turnItem(turn, call, place) {
  const begin = (new Date(turn.said_at ?? turn.heard_from ?? turn.at) - new Date(call.started_at)) / 1000;
  const meta = el("p", { class: "meta" },
    el("span", {}, `${place}. ${begin < 0 ? `${clock(-begin)} before` : clock(begin)}`),
    turn.channel ? el("span", { class: "badge" }, turn.channel === "web" ? "written on our page" : `written by ${turn.channel}`) : null,
    el("span", {}, `step ${turn.step || "none"}`),
    turn.latency_ms === null ? null : el("span", {}, `answered in ${Math.round(turn.latency_ms)} ms`),
    turn.barged_in ? el("span", { class: "badge" }, "interrupted") : null,
    call.recording && !turn.channel ? el("button", { type: "button", class: "quiet small", hidden: true, "aria-label": `Play turn ${turn.number}`, onclick: () => play(begin) }, "Play") : null);
  return el("li", { id: `turn-${turn.number}` }, meta,
    turn.prompt ? el("div", { class: "said" }, el("span", { class: "who" }, "Bot"), turn.prompt) : null,
    heardBlock(turn));
}

function heardBlock(turn) {
  const wrong = { nomatch: "not understood", noinput: "said nothing", hangup: "hung up" }[turn.result];
  const heard = turn.heard;
  if (!heard) return wrong ? el("div", { class: "heard" }, el("span", { class: "who" }, "Caller"), el("em", {}, wrong)) : null;
  const how = { speech: "spoken", dtmf: "keys", text: "typed" }[heard.mode];
  const sure = heard.mode === "dtmf" || !heard.confidence ? "" : `, confidence ${Math.round(100 * heard.confidence)}%`;
  return el("div", { class: "heard" },
    el("span", { class: "who" }, `Caller, ${how}${sure}`), heard.text || el("em", {}, "nothing of use"),
    wrong ? el("p", { class: "meta" }, el("span", { class: "badge bad" }, wrong)) : null,
    heard.semantics === null ? null : el("p", { class: "meta" }, "Understood as ", el("code", {}, meaning(heard.semantics))));
}

// {"intent": "return"} -> intent return
function meaning(semantics) {
  if (semantics === null || typeof semantics !== "object" || Array.isArray(semantics)) return plain(semantics);
  return Object.entries(semantics).map(([name, value]) => `${name} ${plain(value)}`).join(", ") || "{}";
}

function showLatencies(call) {
  const timed = call.turns.filter((turn) => turn.latency_ms !== null);
  if (timed.length < 2) return;
  $("latencies").replaceChildren(bars({
    title: "How long the caller waited for each answer",
    head: "Turn",
    rows: timed.map((turn) => ({ name: `${turn.number}. ${turn.step}`, value: turn.latency_ms, href: `#turn-${turn.number}` })),
    write: (value) => `${Math.round(value)} ms`,
  }));
}

function showNotes(call) {
  $("notes-part").hidden = !call.notes.length;
  $("notes").replaceChildren(...call.notes.map((note) => el("li", {},
    el("p", { class: "meta" },
      el("span", {}, moment(note.at)),
      el("span", {}, note.agent),
      note.queue ? el("span", {}, `queue ${note.queue}`) : null,
      note.code ? el("span", { class: "badge" }, note.code) : null),
    note.text ? el("p", { class: "note" }, note.text) : null)));
}

function showStages(call) {
  $("text-part").hidden = !call.deflection.length;
  $("stages").replaceChildren(table("Stages", ["Stage", "When", "Offered for"],
    call.deflection.map((each) => [words(each.stage), moment(each.at), each.intent])));
}

async function showTimeline(call) {
  if (!call.ended_at || !call.answered_at || ["chat", "webhook"].includes(call.transport)) return;
  const seconds = (new Date(call.ended_at) - new Date(call.started_at)) / 1000;
  if (seconds <= 0) return;
  const waveform = call.recording ? await ask("GET", `${path}/waveform`).catch(() => null) : null;
  began = waveform?.begin_s ?? 0;
  const { figure, move } = timeline(waveform?.timeline ?? call.timeline, seconds, waveform, play);
  $("timeline").replaceChildren(figure);
  $("timeline-part").hidden = false;
  if (!waveform) return;
  const audio = $("audio");
  audio.src = call.recording;
  audio.hidden = false;
  for (const button of $("turns").querySelectorAll("button")) button.hidden = false;
  audio.addEventListener("timeupdate", () => move(began + audio.currentTime));
  audio.addEventListener("error", () => { $("problem").textContent = "The recording cannot be played."; });
}

// Plays from a second of the call on.
function play(second) {
  const audio = $("audio");
  if (audio.hidden) return;
  audio.currentTime = Math.max(0, second - began);
  audio.play().catch(() => {});
}

guarded(begin)();
