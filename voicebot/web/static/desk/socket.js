// The line to the desk: states and events in, orders out. It comes back by itself.

const AGAIN_MS = [500, 1000, 2000, 4000, 8000];
const ANSWER_MS = 15000;
const NO_AGENT = 4404;
const TOO_MANY = 4429;
const POLICY = 1008; // the doorkeeper: signed out, or a right that is gone

export class DeskSocket extends EventTarget {
  // Events: "state", "said", "lines", "suggestions", "missed" (detail: the message), "away",
  // "back", "closed" (detail: a sentence).

  constructor() {
    super();
    this.orders = new Map();
    this.number = 0;
    this.tries = 0;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/api/desk/socket`);
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = ({ data }) => this.heard(JSON.parse(data));
    this.socket.onclose = (event) => this.lost(event);
  }

  // The answer's data, or an Error with a sentence; `refused` where it is the server's no.
  order(what, more = {}) {
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) {
        reject(new Error("The server is not to be reached at this moment."));
        return;
      }
      const timer = setTimeout(() => {
        this.orders.delete(id);
        reject(new Error("The server did not answer in time."));
      }, ANSWER_MS);
      this.orders.set(id, { resolve, reject, timer });
      this.socket.send(JSON.stringify({ id, do: what, ...more }));
    });
  }

  opened() {
    if (this.tries) this.tell("back");
    this.tries = 0;
  }

  heard(message) {
    const order = this.orders.get(message.id);
    if (message.type !== "done" && message.type !== "refused") {
      this.tell(message.type, message);
    } else if (order) {
      this.orders.delete(message.id);
      clearTimeout(order.timer);
      if (message.type === "done") order.resolve(message.data);
      else order.reject(Object.assign(new Error(sentence(message.detail)), { refused: true }));
    }
  }

  lost({ code, reason }) {
    for (const { reject, timer } of this.orders.values()) {
      clearTimeout(timer);
      reject(new Error("The line to the server broke."));
    }
    this.orders.clear();
    if (code === POLICY) location.assign("/sign-in?next=/desk");
    else if (code === NO_AGENT) this.tell("closed", "");
    else if (code === TOO_MANY) this.tell("closed", sentence(reason));
    else this.again();
  }

  again() {
    if (!this.tries) this.tell("away");
    const wait = AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)];
    // Signed out meanwhile? A refused handshake does not tell; the session does.
    setTimeout(async () => {
      const me = await fetch("/api/session").catch(() => null);
      if (me?.status === 401) location.assign("/sign-in?next=/desk");
      else this.open();
    }, wait);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function sentence(detail) {
  const text = detail || "The server refused this.";
  return text.charAt(0).toUpperCase() + text.slice(1);
}
