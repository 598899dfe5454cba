// The conversations in text on this desk, side by side; on a narrow screen the chosen one.

import { Column } from "./column.js";
import { Conversation } from "./conversation.js";
import { $ } from "./dom.js";

export const isText = (contact) => contact?.channel === "text";
export const isLive = (contact) => contact.over_at === null;

export class Texts extends EventTarget {
  // Events: "news" (the caller has written, and nobody looks at it).

  // `order(what, more)` sends an order and gives its answer; `act` has choose(contact) and
  // problem(sentence).
  constructor(order, act) {
    super();
    this.order = order;
    this.act = act;
    this.conversations = new Map();
    this.columns = new Map();
    this.onDesk = new Set();
    this.chosen = "";
    for (const each of ["focus", "visibilitychange"]) {
      (each === "focus" ? window : document).addEventListener(each, () => this.look());
    }
  }

  of(contact) {
    if (!this.conversations.has(contact)) {
      const order = (what, more = {}) => this.order(what, { contact, ...more });
      this.conversations.set(contact, new Conversation(contact, order));
    }
    return this.conversations.get(contact);
  }

  // What the server tells

  lines({ contact, lines }) {
    const conversation = this.of(contact);
    const fromCaller = conversation.take(lines).some(({ who }) => who === "caller");
    if (fromCaller && conversation.settled && !this.isLookedAt(contact)) this.dispatchEvent(new Event("news"));
    this.look();
  }

  // The line to the server is back: what was on its way is sent again.
  again() {
    for (const each of this.onDesk) this.of(each).flush();
  }

  // What is shown

  // `chosen` is the contact that the rest of the page shows; "" for none.
  show(contacts, chosen) {
    this.chosen = chosen;
    const texts = contacts.filter(isText);
    for (const each of texts) {
      const column = this.columnOf(each);
      column.show(each, each.contact === chosen);
      column.element.hidden = !isLive(each) && !each.wrapping && each.contact !== chosen;
    }
    this.forget(texts);
    const none = [...this.columns.values()].every(({ element }) => element.hidden);
    $("texts").hidden = none;
    $("zones").classList.toggle("with-texts", !none);
    this.look();
  }

  columnOf({ contact }) {
    let column = this.columns.get(contact);
    if (!column) {
      column = new Column(this.of(contact), this.act);
      this.columns.set(contact, column);
      $("columns").append(column.element);
      column.conversation.flush();
    }
    return column;
  }

  // Lines may come before the state that has their contact, so only what has gone is forgotten.
  forget(texts) {
    const now = new Set(texts.map(({ contact }) => contact));
    for (const each of this.onDesk) {
      if (now.has(each)) continue;
      this.columns.get(each).element.remove();
      this.columns.delete(each);
      this.conversations.delete(each);
    }
    this.onDesk = now;
  }

  // To write in it, or where it is over to read it.
  focus(contact) {
    const column = this.columns.get(contact);
    if (column) (column.form.hidden ? column.log : column.input).focus();
  }

  put(contact, text) {
    this.columns.get(contact)?.put(text);
  }

  isLookedAt(contact) {
    return contact === this.chosen && document.hasFocus() && !document.hidden;
  }

  look() {
    const column = this.columns.get(this.chosen);
    if (column?.contact.unread && this.isLookedAt(this.chosen)) column.conversation.look();
  }
}
