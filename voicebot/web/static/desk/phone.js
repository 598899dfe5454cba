// The agent's own line: microphone and WebRTC, for one call at a time.

const TROUBLE = {
  NotAllowedError: "The browser may not use the microphone. Allow it for this page, then answer again.",
  NotFoundError: "There is no microphone. Plug one in, then answer again.",
  NotReadableError: "Another program has the microphone.",
};
const LEFT = "The line to the caller broke. The caller waits for the next agent.";

export class Phone extends EventTarget {
  // Events: "over" (detail: a sentence or ""), "wobble" (detail: whether the line is being renewed).

  constructor(sound) {
    super();
    this.sound = sound;
    this.line = null;
    this.contact = "";
    this.microphone = null;
    this.muted = false;
    this.answering = false;
    this.warm = null; // {contact, line, up}: a line that is there before the agent answers
  }

  get busy() {
    return this.line !== null;
  }

  // Asks for the microphone before the first call, so that an answer is not kept waiting.
  async allow() {
    await this.prepare();
    if (!this.busy) this.release();
  }

  async prepare() {
    if (!navigator.mediaDevices) throw new Error("This page needs https to use the microphone.");
    try {
      this.microphone ??= await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (error) {
      throw new Error(TROUBLE[error.name] ?? `The microphone cannot be used (${error.name}).`);
    }
    return this.microphone;
  }

  // It rings for `contact` ("": for nobody): where the microphone may be used without asking, a line
  // that says nothing is made ready. `grant` gives the right to it.
  async expect(contact, grant) {
    if (this.busy || this.answering || this.warm?.contact === contact) return;
    this.cool();
    if (!contact || !(await mayListen()) || this.busy || this.answering || this.warm) return;
    const warm = (this.warm = { contact, line: null });
    warm.up = this.dial(() => grant(contact), (line) => {
      warm.line = line;
      this.hush(true);
      if (this.warm !== warm) line.close();
    }).then(() => this.warm === warm, () => {
      if (!this.busy && !this.answering) this.release();
      return false;
    });
  }

  // Nobody answers here: the line that was made ready is not needed.
  cool() {
    const { warm } = this;
    if (!warm) return;
    this.warm = null;
    warm.line?.close();
    if (!this.busy) this.release();
  }

  // `accept` gives the right to this one call, or says that the line that is up may be kept.
  async answer(contact, accept) {
    const warm = this.warm?.contact === contact ? this.warm : null;
    this.answering = true;
    try {
      if (warm && (await warm.up)) {
        const granted = await accept(true);
        if (granted.warm && this.warm === warm) {
          this.warm = null;
          this.use(warm.line, contact);
          return;
        }
      }
      this.cool();
      await this.dial(() => accept(false), (line) => this.use(line, contact));
    } finally {
      this.answering = false;
    }
  }

  use(line, contact) {
    this.line = line;
    this.contact = contact;
    this.sound.srcObject = line.peer?.sound ?? null;
    this.mute(false);
  }

  // `made` has the line before it is open.
  async dial(grant, made) {
    const [{ Line }, microphone] = await Promise.all([import("/call/line.js"), this.prepare()]);
    const line = new Line(microphone, grant);
    line.addEventListener("sound", ({ detail }) => {
      if (this.line === line) this.sound.srcObject = detail;
    });
    line.addEventListener("lost", () => this.line === line && this.tell("wobble", true));
    line.addEventListener("back", () => this.line === line && this.tell("wobble", false));
    line.addEventListener("over", () => this.ended(line, LEFT));
    line.addEventListener("message", ({ detail }) => detail.type === "ended" && this.ended(line, ""));
    made(line);
    try {
      await line.open();
    } catch (error) {
      line.close();
      this.ended(line, "");
      throw error;
    }
  }

  mute(muted) {
    this.muted = muted;
    this.hush(muted);
  }

  hush(hushed) {
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !hushed;
  }

  // The last call is over, and its line may not know it yet.
  drop() {
    const { line } = this;
    line?.close();
    if (line) this.ended(line, "");
  }

  ended(line, why) {
    if (this.warm?.line === line) this.cool();
    if (this.line !== line) return;
    this.line = null;
    this.contact = "";
    this.sound.srcObject = null;
    this.release();
    this.tell("over", why);
  }

  // The browser no longer says that it listens.
  release() {
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.microphone = null;
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

// Whether the microphone can be had without a question.
async function mayListen() {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state === "granted";
  } catch {
    return false; // this browser does not say
  }
}
