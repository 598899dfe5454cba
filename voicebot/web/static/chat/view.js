// Shows a conversation in a root: the page's, or the shadow of a widget. Text is text: nothing that
// anybody wrote is ever read as markup.

import { NOT_TAKEN, TROUBLE, WHO, WORDS } from "./words.js";

const MOST_LINES = 500;

export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export class View {
  constructor(root) {
    this.talk = null;
    this.pending = new Map();
    this.status = make("p", { class: "status", role: "status" }, WORDS.connecting);
    this.actions = make("div", { class: "actions" });
    this.facts = make("dl", { class: "facts" });
    this.known = make("details", { class: "known", hidden: true }, make("summary", {}, WORDS.facts), this.facts);
    this.log = make("ol", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": WORDS.title, tabindex: "0" });
    this.typing = make("p", { class: "typing", role: "status", hidden: true }, make("span", {}), make("span", {}), make("span", {}), make("b", { class: "unseen" }, WORDS.typing));
    this.waiting = make("ol", { class: "log waiting", "aria-label": WORDS.pending });
    this.replies = make("div", { class: "replies", role: "group", "aria-label": WORDS.replies });
    this.input = make("textarea", { rows: "1", maxlength: "2000", dir: "auto", "aria-label": WORDS.write, placeholder: WORDS.write, enterkeyhint: "send", autocomplete: "off" });
    this.form = make("form", { class: "write", hidden: true }, this.input, make("button", { type: "submit" }, WORDS.send));
    this.said = make("div", { class: "said" }, this.log, this.waiting, this.typing);
    this.title = make("h1", {}, WORDS.title);
    this.box = make("section", { class: "chat", "aria-label": WORDS.title },
      make("header", {}, make("div", {}, this.title, this.status), this.actions),
      this.known, this.said, this.replies, this.form);
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    root.replaceChildren(this.box);
  }

  follow(talk) {
    this.talk = talk;
    this.form.hidden = false;
    talk.addEventListener("view", ({ detail }) => this.show(detail));
    talk.addEventListener("outbox", () => this.showWaiting());
    talk.addEventListener("refused", ({ detail }) => this.note(NOT_TAKEN[detail.code] ?? detail.detail));
    talk.addEventListener("lost", ({ detail }) => this.trouble(detail));
    talk.addEventListener("line", ({ detail }) => {
      if (!talk.over) this.status.textContent = detail ? WORDS.connected : WORDS.offline;
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
    for (const line of view.lines) this.add(line);
    this.typing.hidden = !view.typing;
    this.showFacts(view.facts);
    this.showReplies(view.typing || view.over ? [] : view.replies);
    if (view.over) {
      this.form.hidden = true;
      this.status.textContent = WORDS.over;
    }
    if (atEnd) this.toTheEnd();
  }

  add({ who, text, channel }) {
    const item = make("li", { class: `line ${who}` }, make("span", { class: "who" }, WHO[who]));
    if (channel === "voice") item.append(make("span", { class: "by" }, WORDS.byPhone));
    item.append(make("p", { dir: "auto" }, text));
    this.log.append(item);
    while (this.log.children.length > MOST_LINES) this.log.firstElementChild.remove();
  }

  note(text) {
    this.log.append(make("li", { class: "note" }, text));
    this.toTheEnd();
  }

  showWaiting() {
    const items = this.talk.outbox.map(({ text }) =>
      make("li", { class: "line caller" }, make("span", { class: "by" }, WORDS.pending), make("p", { dir: "auto" }, text)));
    this.waiting.replaceChildren(...items);
    this.toTheEnd();
  }

  showReplies(replies) {
    this.replies.replaceChildren(...replies.map((text) => {
      const button = make("button", { type: "button", dir: "auto" }, text);
      button.addEventListener("click", () => {
        this.replies.replaceChildren();
        this.talk.say(text);
        this.input.focus();
      });
      return button;
    }));
  }

  showFacts(facts) {
    if (this.facts.querySelector("input")) return; // while one is being changed
    this.known.hidden = !facts.length;
    this.facts.replaceChildren(...facts.flatMap((fact) => {
      const value = make("dd", {}, make("span", { dir: "auto" }, fact.value));
      if (fact.editable) {
        const change = make("button", { type: "button", "aria-label": `${WORDS.change}: ${fact.label}` }, WORDS.change);
        change.addEventListener("click", () => this.edit(value, fact));
        value.append(change);
      }
      return [make("dt", { dir: "auto" }, fact.label), value];
    }));
  }

  edit(place, fact) {
    const input = make("input", { dir: "auto", maxlength: "200", "aria-label": fact.label });
    input.value = fact.value;
    const form = make("form", {}, input, make("button", { type: "submit" }, WORDS.save));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      place.replaceChildren(make("span", { dir: "auto" }, text || fact.value));
      if (text && text !== fact.value) this.talk.say(text, fact.name);
    });
    place.replaceChildren(form);
    input.focus();
  }

  trouble(code) {
    const [title, help] = TROUBLE[code] ?? TROUBLE.other;
    this.form.hidden = true;
    this.replies.replaceChildren();
    this.status.textContent = title;
    this.log.append(make("li", { class: "note trouble" }, make("strong", {}, title), make("p", {}, help)));
    this.box.dataset.trouble = code;
  }

  isAtEnd() {
    return this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < 60;
  }

  toTheEnd() {
    this.said.scrollTop = this.said.scrollHeight;
  }
}
