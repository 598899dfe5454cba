// One conversation in text, as this window knows it: each line once, and what was written here and is
// not among them yet.
//
// A line has a number (its cursor), and what an agent writes a key of ours: sending it again changes
// nothing. The draft and what is on its way live in the window's storage until the server has them.

const KEPT_LINES = 400;
const AGAIN_MS = 3000;
const TYPING_AGAIN_MS = 3000;
const TYPING_REST_MS = 4000;
const SETTLED_MS = 1000;

export class Conversation extends EventTarget {
  // Events: "lines" (detail: new ones), "reworded" (detail: one that is known), "settled" (what was
  // there from the beginning is here), "outbox", "draft", "refused" (detail: a sentence).

  // `order(what, more)` sends an order about this contact, and gives its answer.
  constructor(contact, order) {
    super();
    this.contact = contact;
    this.order = order;
    this.lines = [];
    this.cursor = 0;
    this.seen = 0;
    this.settled = false;
    this.sending = false;
    this.typingAt = 0;
    const kept = JSON.parse(sessionStorage.getItem(this.box) ?? "{}");
    this.draft = kept.draft ?? "";
    this.outbox = kept.outbox ?? [];
  }

  get box() {
    return `desk:${this.contact}`;
  }

  // Hearing

  // Gives those that are new. One that is known reads otherwise where it held a piece of a secret.
  take(lines) {
    const fresh = lines.filter(({ cursor }) => cursor > this.cursor);
    for (const line of lines) this.reword(line);
    if (!fresh.length) return fresh;
    if (!this.cursor) setTimeout(() => this.settle(), SETTLED_MS);
    this.cursor = fresh.at(-1).cursor;
    this.lines = [...this.lines, ...fresh].slice(-KEPT_LINES);
    const said = new Set(fresh.map(({ key }) => key));
    if (this.outbox.some(({ key }) => said.has(key))) {
      this.outbox = this.outbox.filter(({ key }) => !said.has(key));
      this.keep("outbox");
    }
    this.tell("lines", fresh);
    return fresh;
  }

  reword(line) {
    const place = this.lines.findIndex(({ cursor }) => cursor === line.cursor);
    if (place < 0 || JSON.stringify(this.lines[place]) === JSON.stringify(line)) return;
    this.lines[place] = line;
    this.tell("reworded", line);
  }

  settle() {
    this.settled = true;
    this.tell("settled");
  }

  // Saying

  say(text) {
    this.outbox.push({ key: newKey(), text });
    this.draft = "";
    this.keep("outbox");
    this.rest();
    this.flush();
  }

  async flush() {
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.outbox.length) await this.sendFirst();
    } catch {
      setTimeout(() => this.flush(), AGAIN_MS); // the line broke: the same key once more
    } finally {
      this.sending = false;
    }
  }

  async sendFirst() {
    const { key, text } = this.outbox[0];
    try {
      await this.order("say", { text, key });
    } catch (error) {
      if (!error.refused) throw error;
      this.write(this.draft ? `${text}\n${this.draft}` : text);
      this.tell("refused", error.message);
    }
    this.outbox = this.outbox.filter((each) => each.key !== key);
    this.keep("outbox");
  }

  // The draft is this now, not by typing.
  write(text) {
    this.draft = text;
    this.keep("draft");
  }

  typed(text) {
    this.draft = text;
    this.keep();
    if (!text.trim()) return this.rest();
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.rest(), TYPING_REST_MS);
    if (Date.now() - this.typingAt < TYPING_AGAIN_MS) return;
    this.typingAt = Date.now();
    this.order("typing", { text: "1" }).catch(() => {});
  }

  rest() {
    clearTimeout(this.restTimer);
    if (!this.typingAt) return;
    this.typingAt = 0;
    this.order("typing", { text: "" }).catch(() => {});
  }

  // The agent has looked at everything so far.
  look() {
    if (this.seen >= this.cursor) return;
    this.seen = this.cursor;
    this.order("seen", { text: String(this.cursor) }).catch(() => (this.seen = 0));
  }

  keep(changed = "") {
    const { draft, outbox } = this;
    if (draft || outbox.length) sessionStorage.setItem(this.box, JSON.stringify({ draft, outbox }));
    else sessionStorage.removeItem(this.box);
    if (changed) this.tell(changed);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function newKey() {
  // crypto.randomUUID is for secure pages only.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
