// A person at the other end: the line before them, who writes, and that the caller is writing.

import { make } from "./dom.js";

const SOON_S = 45;
const AGAIN_MS = 3000;
const REST_MS = 4000;

export class Person {
  constructor(view, talk) {
    this.view = view;
    this.talk = talk;
    this.waiting = this.agent = null;
    this.told = 0;
    this.text = make("p", { role: "status" });
    this.leave = view.worded("button", "line.leave", { type: "button", hidden: true });
    this.box = make("div", { class: "person", hidden: true }, this.text, this.leave);
    this.leave.addEventListener("click", () => this.left());
    talk.addEventListener("lost", () => this.show({ over: true }));
    view.input.addEventListener("input", () => this.typed());
    view.form.addEventListener("submit", () => this.rest());
    view.said.after(this.box);
  }

  show({ waiting, agent, over }) {
    this.waiting = over ? null : waiting ?? null;
    this.agent = over ? null : agent ?? null;
    this.leave.hidden = !this.waiting;
    if (!this.waiting) this.leave.disabled = false;
    this.tell();
  }

  // Told anew only where the words are others: a screen reader says them each time.
  tell() {
    const text = this.agent ? this.fill("line.with", this.agent) : this.waiting ? this.wait() : "";
    this.box.hidden = !text;
    if (this.text.textContent !== text) this.text.textContent = text;
  }

  wait() {
    const { position, wait_s: waitS } = this.waiting;
    if (position === null) return this.view.word("line.asking");
    const place = position === 1 ? "next" : "place";
    const minutes = Math.round(waitS / 60);
    const wait = waitS === null ? "" : waitS < SOON_S ? "soon" : minutes < 2 ? "minute" : "minutes";
    return [place, wait].filter(Boolean).map((name) => this.fill(`line.${name}`, { position, minutes })).join(" ");
  }

  fill(name, values) {
    return this.view.word(name).replace(/\{(\w+)\}/g, (_, each) => values[each]);
  }

  async left() {
    this.leave.disabled = true;
    try {
      await this.talk.leave();
    } catch {
      this.leave.disabled = false; // somebody was quicker, or there is no network
    }
  }

  // That the caller writes is told while they do, to whom it helps: a person.
  typed() {
    if (!this.agent || !this.view.input.value.trim()) return this.rest();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), REST_MS);
    if (Date.now() - this.told < AGAIN_MS) return;
    this.told = Date.now();
    this.talk.typing(true);
  }

  rest() {
    clearTimeout(this.timer);
    if (!this.told) return;
    this.told = 0;
    if (this.agent) this.talk.typing(false);
  }
}
