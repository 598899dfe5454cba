// One conversation in text on the page: who it is, what was said, and the box to write in.

import { $, fill, inWords, make } from "./dom.js";
import { line } from "./contact.js";
import { mood, named } from "./now.js";

const KEPT_LINES = 400;
const LONGEST = 2000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class Column {
  constructor(conversation, act) {
    this.conversation = conversation;
    this.act = act;
    this.contact = null;
    this.who = make("h3", {});
    this.unread = make("span", { class: "unread" });
    this.why = make("p", {});
    this.away = make("p", { class: "away", role: "status" });
    // Silent until the first lines are there: nobody wants to hear all of it once more.
    this.log = make("ol", { class: "talk", role: "log", "aria-live": "off", tabindex: "0" });
    this.pending = make("ol", { class: "talk pending", "aria-label": "Being sent" });
    this.writing = make("p", { class: "writing hint", role: "status" });
    this.input = make("textarea", { rows: "2", maxlength: LONGEST, dir: "auto", enterkeyhint: "send", autocomplete: "off", placeholder: "Write here" });
    this.form = make("form", { class: "write" }, this.input, make("button", { type: "submit" }, "Send"));
    this.said = make("div", { class: "said" }, this.log, this.pending);
    this.element = make("section", { class: "column", "data-contact": conversation.contact },
      make("header", {}, this.who, this.unread, this.why, this.away), this.said, this.writing, this.form);
    this.atEnd = true;
    this.follow();
    this.showLines(conversation.lines);
    if (conversation.settled) this.speakUp();
    this.showPending();
    this.input.value = conversation.draft;
  }

  follow() {
    const { conversation } = this;
    this.element.addEventListener("focusin", () => this.act.choose(conversation.contact));
    this.element.addEventListener("pointerup", () => this.act.choose(conversation.contact));
    this.said.addEventListener("scroll", () => (this.atEnd = this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < 60));
    new ResizeObserver(() => this.atEnd && this.toTheEnd()).observe(this.said);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.input.addEventListener("input", () => conversation.typed(this.input.value));
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    conversation.addEventListener("lines", ({ detail }) => this.showLines(detail));
    conversation.addEventListener("reworded", ({ detail }) => this.reword(detail));
    conversation.addEventListener("settled", () => this.speakUp());
    conversation.addEventListener("outbox", () => this.showPending());
    conversation.addEventListener("draft", () => (this.input.value = conversation.draft));
    conversation.addEventListener("refused", ({ detail }) => this.act.problem(detail));
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.log.focus(); // the keys of the page count again
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.send();
  }

  send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.conversation.say(text);
  }

  // Adds to what is being written, for the agent to send or to change.
  put(text) {
    const before = this.input.value.trimEnd();
    this.input.value = (before ? `${before}\n${text}` : text).slice(0, LONGEST);
    this.conversation.typed(this.input.value);
    this.input.focus();
  }

  show(contact, chosen) {
    this.contact = contact;
    const name = named(contact);
    const over = contact.over_at !== null;
    this.element.classList.toggle("chosen", chosen);
    this.element.setAttribute("aria-label", `Conversation with ${name}`);
    this.log.setAttribute("aria-label", `What was written with ${name}`);
    this.input.setAttribute("aria-label", `To ${name}`);
    this.who.textContent = name;
    this.unread.hidden = !contact.unread || over;
    this.unread.textContent = `${contact.unread} new`;
    fill(this.why, [contact.intent, contact.mood, contact.queue], () => [
      inWords(contact.intent) || "Reason not known", mood(contact.mood), make("span", { class: "hint" }, ` ${contact.queue}`)]);
    this.form.hidden = over;
    say(this.away, over ? "This conversation is over." : contact.there ? "" : "Not on the page at this moment.");
    say(this.writing, !over && contact.writing ? `${name} is writing…` : "");
  }

  // From now on what comes is new.
  speakUp() {
    this.log.setAttribute("aria-live", "polite");
  }

  showLines(lines) {
    const { atEnd } = this;
    this.log.append(...lines.map(shown));
    while (this.log.children.length > KEPT_LINES) this.log.firstElementChild.remove();
    if (atEnd || lines.some(({ who }) => who === "agent")) this.toTheEnd();
  }

  reword(line) {
    this.log.querySelector(`[data-cursor="${line.cursor}"]`)?.replaceWith(shown(line));
  }

  showPending() {
    this.pending.replaceChildren(...this.conversation.outbox.map(({ text }) => line("agent", text, null, "being sent")));
    this.toTheEnd();
  }

  toTheEnd() {
    this.atEnd = true;
    this.said.scrollTop = this.said.scrollHeight;
  }
}

// Told once: a status that is set anew is read anew.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function shown({ cursor, who, name, text, at, card }) {
  const item = card ? cardOf(card) : line(who, text, at, "", name);
  item.dataset.cursor = cursor;
  if (name && name !== $("me").textContent) item.classList.add("colleague");
  item.append(make("time", { class: "hint", datetime: new Date(at * 1000).toISOString() }, clock.format(new Date(at * 1000))));
  return item;
}

function cardOf({ title, lines, links }) {
  return make("li", { class: "bot card" }, make("strong", { dir: "auto" }, title),
    make("dl", {}, ...lines.flatMap(({ label, value }) => [make("dt", { dir: "auto" }, label), make("dd", { dir: "auto" }, value)])),
    ...links.filter(({ url }) => url.startsWith("https://")).map(({ label, url }) =>
      make("p", {}, make("a", { href: url, target: "_blank", rel: "noopener noreferrer", dir: "auto" }, label))));
}
