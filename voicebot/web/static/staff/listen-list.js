// The calls that go on, by who has the caller.

const $ = (id) => document.getElementById(id);
const STAGES = { all: "All", bot: "With the bot", waiting: "Waiting", person: "With a person" };

export function make(tag, words, name) {
  const made = document.createElement(tag);
  if (words !== undefined) made.textContent = words;
  if (name) made.className = name;
  return made;
}

export function callerOf({ caller }) {
  return caller || "Number unknown";
}

export function whereOf({ stage, flow, queue, agent, supervisor }) {
  if (stage === "bot") return `With the bot (${flow})`;
  if (stage === "waiting") return `Waits for ${queue}`;
  if (supervisor) return `With ${supervisor}, who took over`;
  return agent ? `With ${agent} (${queue})` : "With a person outside the queues";
}

function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const asked = new URLSearchParams(location.search);
let stage = asked.get("stage") in STAGES ? asked.get("stage") : "all";
let call = asked.get("call");
let shown = [];

// `begin` is called with the call that is chosen. Gives what is to be told, if anything.
export function showList(conversations, begin) {
  shown = conversations;
  const held = document.activeElement?.dataset?.call;
  showStages(begin);
  const chosen = conversations.filter((each) => stage === "all" || each.stage === stage);
  $("none").hidden = chosen.length > 0;
  $("list").replaceChildren(...chosen.map((each) => row(each, begin)));
  return keepFocus(held);
}

// The call that the wall was asked for is focused once, unless another one has the focus.
function keepFocus(held) {
  const wanted = held ?? call;
  const button = wanted && document.querySelector(`button[data-call="${CSS.escape(wanted)}"]`);
  const gone = call && !button;
  if (button) {
    button.focus({ preventScroll: true });
    button.closest("li").classList.toggle("asked-for", wanted === call);
  } else {
    call = null;
  }
  return gone ? "The call that you chose is over." : "";
}

export function forgetChoice() {
  call = null;
}

function showStages(begin) {
  const held = document.activeElement?.dataset?.stage;
  $("stages").replaceChildren(...Object.entries(STAGES).map(([name, words]) => {
    const count = shown.filter((each) => name === "all" || each.stage === name).length;
    const button = make("button", `${words} ${count}`, "quiet");
    button.type = "button";
    button.dataset.stage = name;
    button.setAttribute("aria-pressed", String(name === stage));
    button.addEventListener("click", () => {
      stage = name;
      showList(shown, begin);
    });
    return button;
  }));
  if (held) document.querySelector(`button[data-stage="${held}"]`).focus({ preventScroll: true });
}

function row(conversation, begin) {
  const line = make("li"), who = make("div"), button = make("button", "Listen", "quiet");
  const time = make("time", span(Date.now() / 1000 - conversation.since));
  const beside = make("span", conversation.on_hold ? ", on hold" : "", "hint");
  beside.prepend(`${whereOf(conversation)}, `, time);
  who.append(make("strong", callerOf(conversation)), beside);
  button.type = "button";
  button.dataset.call = conversation.call;
  button.setAttribute("aria-label", `Listen to ${callerOf(conversation)}: ${whereOf(conversation)}`);
  button.addEventListener("click", () => begin(conversation));
  line.append(who, button);
  return line;
}
