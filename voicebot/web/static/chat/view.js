// Shows a conversation in a root: the page's, or the shadow of a widget. Text is text: nothing that
// anybody wrote is ever read as markup.
//
// The page's own words are named where they stand (data-word, data-label: "page.send"), so that they
// follow the conversation into its language; what was said has that language, and runs its own way.

import { make } from "./dom.js";
import { Person } from "./person.js";
import { ENGLISH, wordsFor } from "./words.js";

const MOST_LINES = 500;
const HIDDEN = "••••";

export class View {
  // Speaks `language` until the conversation tells its own. Events: none; `onWords` is called with
  // the words whenever they change.
  constructor(root, language) {
    this.talk = null;
    this.words = ENGLISH;
    this.wanted = "";
    this.language = "";
    this.onWords = () => {};
    this.status = make("p", { class: "status", role: "status", "data-word": "page.connecting" });
    this.actions = make("div", { class: "actions" });
    this.facts = make("dl", { class: "facts" });
    this.known = make("details", { class: "known", hidden: true }, make("summary", { "data-word": "page.facts" }), this.facts);
    this.log = make("ol", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "data-label": "page.title", tabindex: "0" });
    this.typingWords = make("b", { class: "unseen", "data-word": "page.typing" });
    this.typing = make("p", { class: "typing", role: "status", hidden: true }, make("span", {}), make("span", {}), make("span", {}), this.typingWords);
    this.waiting = make("ol", { class: "log waiting", "data-label": "page.pending" });
    this.replies = make("div", { class: "replies", role: "group", "data-label": "page.replies" });
    this.input = make("textarea", { rows: "1", maxlength: "2000", dir: "auto", "data-label": "page.write", enterkeyhint: "send", autocomplete: "off" });
    this.form = make("form", { class: "write", hidden: true }, this.input, make("button", { type: "submit", "data-word": "page.send" }));
    this.said = make("div", { class: "said" }, this.log, this.waiting, this.typing);
    this.box = make("section", { class: "chat", "data-label": "page.title" },
      make("header", {}, make("div", {}, make("h1", { "data-word": "page.title" }), this.status), this.actions),
      this.known, this.said, this.replies, this.form);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    root.replaceChildren(this.box);
    this.label();
    this.speak(language);
  }

  // Words

  async speak(language) {
    if (this.wanted === language) return;
    this.wanted = language;
    const words = await wordsFor(language);
    if (this.wanted !== language || this.words === words) return; // changed again meanwhile
    this.words = words;
    this.label();
    if (this.talk) this.showFacts(this.lastFacts ?? []);
    this.person?.tell();
    this.onWords(words);
  }

  word(name) {
    return name.split(".").reduce((words, part) => words?.[part], this.words);
  }

  // An element whose text follows the language.
  worded(tag, name, attributes = {}) {
    return make(tag, { ...attributes, "data-word": name }, this.word(name));
  }

  setStatus(name) {
    this.status.dataset.word = name;
    this.status.textContent = this.word(name);
  }

  label() {
    this.box.lang = this.words.language;
    this.box.dir = this.words.direction;
    for (const each of this.box.querySelectorAll("[data-word]")) each.textContent = this.word(each.dataset.word);
    for (const each of [this.box, ...this.box.querySelectorAll("[data-label]")]) each.setAttribute("aria-label", this.word(each.dataset.label));
    this.input.placeholder = this.words.page.write;
  }

  // What anybody said or may say, in the conversation's language.
  spoken(tag, text, attributes = {}) {
    return make(tag, { dir: "auto", ...(this.language ? { lang: this.language } : {}), ...attributes }, text);
  }

  // The conversation

  follow(talk) {
    this.talk = talk;
    this.person = new Person(this, talk);
    this.form.hidden = false;
    talk.addEventListener("view", ({ detail }) => this.show(detail));
    talk.addEventListener("outbox", () => this.showWaiting());
    talk.addEventListener("refused", ({ detail }) => this.refused(detail));
    talk.addEventListener("lost", ({ detail }) => this.trouble(detail));
    talk.addEventListener("line", ({ detail }) => {
      if (!talk.over && !talk.onCall) this.setStatus(detail ? "page.connected" : "page.offline");
    });
  }

  send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.talk.say(text);
    this.input.focus();
  }

  show(view) {
    const atEnd = this.isAtEnd();
    this.language = view.language;
    this.speak(view.language);
    for (const line of view.reworded) this.reword(line);
    for (const line of view.lines) this.add(line);
    this.showTyping(view);
    this.person.show(view);
    this.input.classList.toggle("secret", view.secret);
    this.showFacts(view.facts);
    this.showReplies(view.typing || view.over || view.agent ? [] : view.replies);
    if (view.over) {
      this.form.hidden = true;
      this.settleCards();
      this.setStatus({ on: "page.onCall", over: "page.callOver" }[view.call] ?? "page.over");
    }
    if (atEnd) this.toTheEnd();
  }

  // What began here, and is over, may begin anew.
  offerAgain(begin) {
    const button = this.worded("button", "page.again", { type: "button", hidden: !this.talk.over });
    button.addEventListener("click", begin);
    this.talk.addEventListener("view", () => { button.hidden = !this.talk.over; });
    this.actions.append(button);
  }

  showTyping({ typing, agent_typing: byAgent }) {
    this.typing.hidden = !typing && !byAgent;
    const name = byAgent ? "line.writing" : "page.typing";
    if (this.typingWords.dataset.word === name) return;
    this.typingWords.dataset.word = name;
    this.typingWords.textContent = this.word(name);
  }

  add(line) {
    if (line.who === "caller") this.settleCards();
    this.log.append(this.lineOf(line));
    while (this.log.children.length > MOST_LINES) this.log.firstElementChild.remove();
  }

  // What held a piece of a secret reads otherwise now.
  reword(line) {
    this.log.querySelector(`[data-cursor="${line.cursor}"]`)?.replaceWith(this.lineOf(line));
  }

  lineOf({ cursor, who, text, channel, card, name }) {
    const item = card ? this.cardOf(card) : this.wordsOf(who, text, channel, name);
    item.dataset.cursor = cursor;
    return item;
  }

  wordsOf(who, text, channel, name) {
    const item = make("li", { class: `line ${who}` }, this.worded("span", `who.${who}`, { class: "who" }));
    if (who === "agent" && name) item.append(make("bdi", { class: "by" }, name));
    if (channel === "voice") item.append(this.worded("span", "page.byPhone", { class: "by" }));
    item.append(this.spoken("p", text));
    return item;
  }

  cardOf({ title, lines, image, alt, links, replies }) {
    const item = make("li", { class: "card", role: "group", "aria-label": title }, this.worded("span", "who.bot", { class: "who" }));
    if (image) {
      const picture = make("img", { src: new URL(`chat/images/${encodeURIComponent(image)}`, this.talk.base), alt });
      picture.addEventListener("error", () => picture.remove());
      item.append(picture);
    }
    item.append(this.spoken("strong", title));
    if (lines.length) item.append(make("dl", {}, ...lines.flatMap(({ label, value }) => [this.spoken("dt", label), this.spoken("dd", value)])));
    for (const { label, url } of links) {
      if (url.startsWith("https://")) item.append(this.spoken("a", label, { href: url, target: "_blank", rel: "noopener noreferrer" }));
    }
    item.append(...replies.map((text) => this.replyTo(text)));
    return item;
  }

  // What a card asked is answered, or too late to answer.
  settleCards() {
    for (const button of this.log.querySelectorAll(".card button")) button.disabled = true;
  }

  refused({ code, detail }) {
    const name = `notTaken.${code}`;
    if (this.word(name)) return this.note(name);
    this.log.append(make("li", { class: "note" }, detail));
    this.toTheEnd();
  }

  note(name) {
    this.log.append(this.worded("li", name, { class: "note" }));
    this.toTheEnd();
  }

  showWaiting() {
    const items = this.talk.outbox.map(({ id, text }) =>
      make("li", { class: "line caller" }, this.worded("span", "page.pending", { class: "by" }), this.spoken("p", this.talk.secrets.has(id) ? HIDDEN : text)));
    this.waiting.replaceChildren(...items);
    this.toTheEnd();
  }

  showReplies(replies) {
    this.replies.replaceChildren(...replies.map((text) => this.replyTo(text)));
  }

  replyTo(text) {
    const button = this.spoken("button", text, { type: "button" });
    button.addEventListener("click", () => {
      this.replies.replaceChildren();
      this.settleCards();
      this.talk.say(text);
      this.input.focus();
    });
    return button;
  }

  showFacts(facts) {
    this.lastFacts = facts;
    if (this.facts.querySelector("input")) return; // while one is being changed
    this.known.hidden = !facts.length;
    this.facts.replaceChildren(...facts.flatMap((fact) => {
      const value = make("dd", {}, this.spoken("span", fact.value));
      if (fact.editable) {
        const change = this.worded("button", "page.change", { type: "button", "aria-label": `${this.words.page.change}: ${fact.label}` });
        change.addEventListener("click", () => this.edit(value, fact));
        value.append(change);
      }
      return [this.spoken("dt", fact.label), value];
    }));
  }

  edit(place, fact) {
    const input = make("input", { dir: "auto", maxlength: "200", "aria-label": fact.label });
    input.value = fact.value;
    const form = make("form", {}, input, this.worded("button", "page.save", { type: "submit" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      place.replaceChildren(this.spoken("span", text || fact.value));
      if (text && text !== fact.value) this.talk.say(text, fact.name);
    });
    place.replaceChildren(form);
    input.focus();
  }

  trouble(code) {
    const name = `trouble.${this.word(`trouble.${code}`) ? code : "other"}`;
    this.form.hidden = true;
    this.replies.replaceChildren();
    this.setStatus(`${name}.0`);
    this.log.append(make("li", { class: "note trouble" }, this.worded("strong", `${name}.0`), this.worded("p", `${name}.1`)));
    this.box.dataset.trouble = code;
  }

  isAtEnd() {
    return this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < 60;
  }

  toTheEnd() {
    this.said.scrollTop = this.said.scrollHeight;
  }
}
