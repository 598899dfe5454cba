// The second zone: who it is, what may be done, what was said, and the note.

import { $, fill, inWords, lasting, make, when } from "./dom.js";
import { mood, named } from "./now.js";

const STATES = { ringing: "rings", there: "is there", failed: "did not come" };
const NOTE_MS = 800;
const IN_TEXT = ["queue", "flow"]; // whom a conversation in text may be sent on to

export class ContactZone {
  // `order(what, more)` sends an order about the contact that is shown, and says whether it worked;
  // `ask(what)` gives the answer's data, or throws.
  constructor(order, ask) {
    this.order = order;
    this.ask = ask;
    this.targets = null;
    this.contact = null;
    this.preview = false;
    this.written = new Map(); // notes being written here, by contact
    this.timer = null;
    this.makeKeys();
    $("code").addEventListener("change", () => this.keep());
    $("note").addEventListener("input", () => {
      this.remember();
      $("kept").textContent = "";
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), NOTE_MS);
    });
    $("kind").addEventListener("change", () => this.showTargets());
  }

  get isText() {
    return this.contact?.channel === "text";
  }

  makeKeys() {
    $("keypad").append(...[..."123456789*0#"].map((key) =>
      make("button", { type: "button", class: "quiet", onclick: () => this.order("press", { to: key }) }, key)));
  }

  // `contact` may be one that only rings yet (`preview`).
  show(contact, preview, phone) {
    const other = contact?.contact !== this.contact?.contact;
    this.contact = contact;
    this.preview = preview;
    $("contact").hidden = contact === null;
    $("empty").hidden = contact !== null;
    $("who").textContent = contact === null ? "No contact" : named(contact);
    if (contact === null) return;
    const elsewhere = contact.name ? contact.caller : "";
    fill($("why"), [contact.intent, contact.mood, contact.queue, elsewhere], () => [
      inWords(contact.intent) || "Reason not known", mood(contact.mood),
      make("span", { class: "hint" }, ` ${contact.queue}${elsewhere && `, ${elsewhere}`}`),
    ]);
    this.showControls(phone);
    this.showConsulted();
    this.showNote(other);
    if (other) for (const id of ["keypad", "turn"]) this.open(id, false);
    this.showTargets();
  }

  showControls(phone) {
    const { contact } = this;
    const here = !this.preview && contact.over_at === null;
    const conducts = here && contact.joined && !contact.advises;
    $("controls").hidden = !here;
    $("spoken").hidden = this.isText && !this.preview;
    for (const id of ["hold", "show-keys"]) $(id).hidden = this.isText;
    $("end").firstElementChild.textContent = this.isText ? "End" : "Hang up";
    for (const id of ["hold", "show-keys", "show-turn"]) $(id).disabled = !conducts;
    $("mute").hidden = this.isText || !phone.busy;
    this.press("mute", phone.muted, phone.muted ? "Muted" : "Mute");
    this.press("hold", contact.held, contact.held ? "Take back" : "Hold");
    if (!conducts) for (const id of ["keypad", "turn"]) this.open(id, false);
  }

  press(id, pressed, word) {
    $(id).setAttribute("aria-pressed", String(Boolean(pressed)));
    $(id).firstElementChild.textContent = word;
  }

  // Whom one may turn to is asked for when it is wanted: it changes all the time.
  async openTurn() {
    if ($("turn").hidden) this.targets = await this.ask("targets");
    this.showTargets();
    this.open("turn");
  }

  open(id, open = $(id).hidden) {
    $(id).hidden = !open;
    $(id === "keypad" ? "show-keys" : "show-turn").setAttribute("aria-expanded", String(open));
    if (open) $(id).querySelector("button, select").focus();
  }

  showConsulted() {
    const { consulted } = this.contact;
    $("consulted").hidden = !consulted || this.contact.advises;
    if (!consulted) return;
    if (consulted.state !== "failed") this.open("turn", false);
    const state = consulted.joined && consulted.state === "there" ? "is with you both" : STATES[consulted.state];
    $("consulted-state").textContent = `${consulted.name} ${state}${consulted.problem ? `: ${consulted.problem}` : ""}.`;
    $("join").hidden = consulted.state !== "there" || consulted.joined;
    $("hand-over").hidden = consulted.state !== "there";
    $("let-go").textContent = consulted.state === "failed" ? "All right" : "Without them";
  }

  showTargets() {
    if (!this.targets || this.preview || !this.contact) return;
    const { queues, agents, names, numbers } = this.targets;
    for (const each of $("kind").options) each.hidden = each.disabled = this.isText && !IN_TEXT.includes(each.value);
    if ($("kind").selectedOptions[0]?.disabled) $("kind").value = "queue";
    const kind = $("kind").value;
    const choices = {
      queue: queues.map((name) => [name, name]),
      agent: agents.map(({ name, free }) => [name, free ? name : `${name} (not free)`]),
      number: names.map((name) => [name, name]),
      flow: (this.contact.returns ?? []).map((name) => [name, inWords(name)]),
    }[kind];
    fill($("target"), [kind, choices], () => choices.map(([value, text]) => make("option", { value }, text)));
    $("target").disabled = !choices.length;
    $("number").hidden = kind !== "number" || !numbers;
    $("consult").hidden = !["agent", "number"].includes(kind);
    $("send-on").hidden = kind === "agent";
    const none = !choices.length && $("number").hidden;
    $("consult").disabled = $("send-on").disabled = none;
  }

  chosen() {
    const typed = $("number").hidden ? "" : $("number").value.replace(/[\s()/-]/g, "");
    return { kind: $("kind").value, to: typed || $("target").value };
  }

  // Notes

  showNote(other) {
    const { contact } = this;
    $("note-form").hidden = this.preview;
    if (this.preview) return;
    fill($("code"), contact.codes, () => [
      make("option", { value: "" }, contact.codes.length ? "Choose a result" : "This queue has no results"),
      ...contact.codes.map((code) => make("option", { value: code }, inWords(code))),
    ]);
    $("code").disabled = !contact.codes.length;
    const draft = this.written.get(contact.contact);
    const writes = document.activeElement === $("note") || this.timer !== null;
    if (other || !writes) {
      $("note").value = draft?.text ?? contact.note;
      $("code").value = draft?.code ?? contact.code;
    }
    if (other) $("kept").textContent = "";
    $("finish").hidden = !contact.wrapping;
  }

  remember() {
    this.written.set(this.contact.contact, { code: $("code").value, text: $("note").value });
  }

  async keep() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.contact || this.preview) return;
    this.remember();
    const { contact } = this.contact;
    const note = this.written.get(contact);
    if (!(await this.order("note", note))) return;
    if (this.written.get(contact) === note) this.written.delete(contact);
    $("kept").textContent = "Kept.";
  }

  // Time

  tick(now) {
    const { contact } = this;
    if (!contact) return;
    const over = contact.over_at !== null && !this.preview;
    $("how-long").textContent = this.preview ? "Rings at your desk."
      : over ? `Over after ${lasting(contact.over_at - contact.began_at)}.`
      : `${this.isText ? "Writing" : contact.held ? "On hold" : "Talking"}, ${lasting(now - contact.began_at)} in all.`;
    $("wrap-left").textContent = contact.wrap_until ? lasting(contact.wrap_until - now) : "";
  }
}

// What was said: first with the bot (`turns`), then with the agent (`lines`), then what is being said.
export function showTalk(card, lines, parts) {
  const list = $("talk");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  fill(list, [card?.contact, card?.turns.length, lines.length, lines.at(-1), parts], () => [
    ...(card?.turns ?? []).flatMap((turn) => [
      turn.said && line("bot", turn.said, turn.at),
      turn.heard && line("caller", turn.keys ? `pressed ${turn.heard}` : turn.heard, turn.at, turn.understood ? "" : "not understood"),
    ]).filter(Boolean),
    ...lines.map(({ who, text, at }) => line(who, text, at)),
    ...Object.entries(parts).map(([who, text]) => line(who, text, null, "…")),
  ]);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const NAMES = { bot: "Bot", caller: "Caller", agent: "Agent" };

export function line(who, text, at, mark = "", name = "") {
  return make("li", { class: who, title: at ? when(at) : "" },
    make("strong", {}, `${name || NAMES[who]}: `), make("span", { dir: "auto" }, text), mark && make("span", { class: "hint" }, ` (${mark})`));
}
