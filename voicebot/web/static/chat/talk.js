// One conversation: what is said gets through once, whatever the network does.
//
// Changes come by WebSocket, else as a stream, else by asking. Each line has a number; what is known
// already is not shown again. What the caller writes has an id and waits in the browser's storage
// until the server has it; sending it again changes nothing.

const WAYS = ["bySocket", "byStream", "byAsking"];
const ANSWER_MS = 15000;
const ASK_S = 25;
const SLEPT_MS = 30000;
const TRIES = 2;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
const FINAL = new Set(["empty", "fact", "form", "long", "over", "size"]);
const LOST = new Set(["key", "origin"]);

export class Refused extends Error {
  constructor(code, detail, retryAfterS = 0) {
    super(detail);
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

export class Talk extends EventTarget {
  // Events: "view" (detail: a view, its lines new), "outbox", "refused" (detail: { id, code }),
  // "line" (detail: true while connected), "lost" (detail: a code: somebody else's, or gone).

  // `base` is the server's root; `store` a Storage; `embedded` a page of another origin.
  constructor(base, store, embedded = false) {
    super();
    this.base = base;
    this.store = store;
    this.embedded = embedded;
    this.way = 0;
    this.conversation = "";
    this.key = "";
    this.cursor = 0;
    this.reworded = new Map(); // what lines say by now that held a piece of a secret
    this.outbox = [];
    this.secret = false;
    this.secrets = new Set();
    this.connected = false;
    this.started = false;
    this.closed = false;
    this.over = false;
    this.onCall = false;
    this.failures = 0;
    this.current = null;
    this.socket = null;
    this.sending = false;
    this.hiddenAt = 0;
  }

  // Opening

  async redeem(token) {
    this.adopt(await this.post("open", { token }));
  }

  async begin() {
    const kept = JSON.parse(this.store.getItem("voicebot") ?? "null");
    if (kept) {
      this.conversation = kept.conversation;
      this.key = kept.key;
      try {
        return await this.ask(0);
      } catch (error) {
        if (error.code !== "key") throw error;
      }
    }
    const begun = await this.post("begin", {});
    this.store.setItem("voicebot", JSON.stringify(begun));
    this.adopt(begun);
  }

  adopt({ conversation, key }) {
    this.conversation = conversation;
    this.key = key;
  }

  start() {
    // Somebody may have written before it was open: that goes behind what waits since earlier.
    this.outbox = [...JSON.parse(this.store.getItem(this.box) ?? "[]"), ...this.outbox];
    this.started = true;
    this.keep();
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", ({ persisted }) => persisted && this.hurry());
    document.addEventListener("visibilitychange", () => this.woken());
    navigator.connection?.addEventListener?.("change", () => this.hurry());
    this.run();
  }

  stop() {
    this.closed = true;
    this.current?.abort();
  }

  // The next `begin` is of another conversation.
  forget() {
    this.stop();
    this.store.removeItem(this.box);
    this.store.removeItem("voicebot");
  }

  get box() {
    return `voicebot:${this.conversation}`;
  }

  // Saying

  say(text, fact = "") {
    const id = newId();
    this.outbox.push({ id, text, fact });
    if (this.secret) this.secrets.add(id); // not kept in the browser, and not shown
    this.keep();
    this.flush();
    return id;
  }

  // The caller writes, or rests; of use where a person reads.
  typing(on) {
    if (this.socket) this.socket.send(JSON.stringify({ type: "typing", on }));
    else this.send(`${this.conversation}/typing`, { on }).catch(() => {}); // nothing is lost with it
  }

  // The caller waits for a person no more.
  leave() {
    return this.fetch(`${this.conversation}/leave_line`, { method: "POST", signal: AbortSignal.timeout(ANSWER_MS) });
  }

  keep() {
    const lasting = this.outbox.filter(({ id }) => !this.secrets.has(id));
    if (this.started) this.store.setItem(this.box, JSON.stringify(lasting));
    this.tell("outbox");
  }

  async flush() {
    if (this.sending || !this.started) return;
    this.sending = true;
    try {
      while (this.outbox.length && !this.closed) await this.sendFirst();
    } catch {
      setTimeout(() => this.flush(), LONGEST_PAUSE_MS / 5);
    } finally {
      this.sending = false;
    }
  }

  async sendFirst() {
    const message = this.outbox[0];
    try {
      await this.deliver(message);
    } catch (error) {
      if (error.code === "rate") await pause(1000 * Math.max(1, error.retryAfterS));
      if (LOST.has(error.code)) this.lose(error.code);
      if (!FINAL.has(error.code)) throw error;
      this.tell("refused", { id: message.id, code: error.code, detail: error.message });
    }
    this.outbox = this.outbox.filter(({ id }) => id !== message.id);
    this.keep();
  }

  deliver(message) {
    if (!this.socket) return this.post(`${this.conversation}/messages`, message);
    const socket = this.socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Refused("away", "no answer")), ANSWER_MS);
      const settle = (act) => (value) => { clearTimeout(timer); socket.waiting.delete(message.id); act(value); };
      socket.waiting.set(message.id, { resolve: settle(resolve), reject: settle(reject) });
      socket.send(JSON.stringify({ type: "say", ...message }));
    });
  }

  // Hearing

  async run() {
    while (!this.closed && !this.over) {
      const began = this.cursor;
      this.current = new AbortController();
      let heard = false;
      try {
        await this[WAYS[this.way]](this.current.signal, () => { heard = true; this.up(); });
      } catch (error) {
        if (LOST.has(error.code)) return this.lose(error.code);
        if (error.code === "tabs") return this.lose("tabs");
      }
      this.setConnected(false);
      this.failures = heard ? 0 : this.failures + 1;
      if (this.failures >= TRIES) {
        this.way = (this.way + 1) % WAYS.length;
        this.failures = this.way ? 0 : 1;
      }
      if (this.cursor === began || !heard) await this.rest();
    }
    this.setConnected(false);
  }

  rest() {
    const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures);
    return new Promise((resolve) => {
      this.wakeUp = resolve;
      setTimeout(resolve, most * (0.5 + Math.random() / 2));
    });
  }

  hurry() {
    this.current?.abort();
    this.wakeUp?.();
    this.flush();
  }

  // A connection that was put to sleep may look alive for long.
  woken() {
    if (document.hidden) this.hiddenAt = Date.now();
    else if (!this.connected || Date.now() - this.hiddenAt > SLEPT_MS) this.hurry();
  }

  up() {
    this.setConnected(true);
    this.flush();
  }

  setConnected(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.tell("line", connected);
  }

  socketUrl() {
    const url = new URL(`api/chat/${this.conversation}/socket`, this.base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  bySocket(signal, up) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.socketUrl());
      const timer = setTimeout(() => socket.close(), ANSWER_MS);
      const close = () => socket.close();
      signal.addEventListener("abort", close);
      socket.waiting = new Map();
      socket.onopen = () => {
        socket.send(JSON.stringify({ type: "hello", after: this.cursor, key: this.key || undefined }));
      };
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "view") {
          clearTimeout(timer);
          this.socket = socket;
          this.take(message);
          up();
        }
        if (message.type === "sent") socket.waiting.get(message.id)?.resolve();
        if (message.type === "refused") {
          socket.waiting.get(message.id)?.reject(new Refused(message.code, message.detail));
        }
      };
      socket.onclose = ({ reason }) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", close);
        if (this.socket === socket) this.socket = null;
        for (const { reject: fail } of [...socket.waiting.values()]) fail(new Refused("away", "closed"));
        if (LOST.has(reason) || reason === "tabs") reject(new Refused(reason, reason));
        else resolve();
      };
    });
  }

  async byStream(signal, up) {
    const quiet = setTimeout(() => this.current?.abort(), ANSWER_MS);
    const response = await this.get(`${this.conversation}/events?after=${this.cursor}`, signal);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(quiet);
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (event.startsWith("event: refused")) throw new Refused(JSON.parse(data.slice(6)).code, "");
        if (data) this.take(JSON.parse(data.slice(6)));
        up();
      }
    }
  }

  async byAsking(signal, up) {
    await this.ask(0, signal);
    up();
    while (!signal.aborted && !this.over) await this.ask(ASK_S, signal);
  }

  async ask(waitS, signal) {
    const path = `${this.conversation}/lines?after=${this.cursor}&wait_s=${waitS}`;
    const limit = AbortSignal.timeout(ANSWER_MS + 1000 * waitS);
    const response = await this.get(path, signal ? AbortSignal.any([signal, limit]) : limit);
    this.take(await response.json());
  }

  take(view) {
    const fresh = view.lines.filter(({ cursor }) => cursor > this.cursor);
    this.cursor = Math.max(this.cursor, view.cursor);
    this.onCall = view.call === "on";
    this.over = view.over && !this.onCall; // what is said in the call is still to come
    this.secret = view.secret;
    const said = new Set(fresh.map(({ id }) => id));
    if (this.outbox.some(({ id }) => said.has(id))) {
      this.outbox = this.outbox.filter(({ id }) => !said.has(id));
      this.keep();
    }
    // They come with every view.
    const reworded = view.reworded.filter(({ cursor, text }) => this.reworded.get(cursor) !== text);
    for (const { cursor, text } of reworded) this.reworded.set(cursor, text);
    this.tell("view", { ...view, lines: fresh, reworded });
  }

  lose(code) {
    this.stop();
    this.tell("lost", code);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // A telephone

  async phone() {
    return (await this.get(`${this.conversation}/phone`)).json();
  }

  callPhone(number) {
    return this.post(`${this.conversation}/phone`, { number });
  }

  // Asking the server

  async get(path, signal) {
    return this.fetch(path, { signal });
  }

  async post(path, body) {
    return (await this.send(path, body)).json();
  }

  send(path, body) {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const headers = { "Content-Type": "application/json" };
    return this.fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  }

  async fetch(path, options) {
    const headers = { ...options.headers, ...(this.key ? { Authorization: `Bearer ${this.key}` } : {}) };
    const credentials = this.embedded ? "omit" : "same-origin";
    let response;
    try {
      response = await fetch(new URL(`api/chat/${path}`, this.base), { ...options, headers, credentials });
    } catch {
      throw new Refused(navigator.onLine ? "away" : "offline", "no answer");
    }
    if (response.ok) return response;
    const said = await response.json().catch(() => ({}));
    const wait = Number(response.headers.get("Retry-After")) || 0;
    throw new Refused(said.code ?? "away", said.detail ?? "", wait);
  }
}

function newId() {
  // crypto.randomUUID is for secure pages only.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
