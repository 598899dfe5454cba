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

  // `grant` gives the right to this one call, and only once the microphone is there.
  async answer(contact, grant) {
    const [{ Line }, microphone] = await Promise.all([import("/call/line.js"), this.prepare()]);
    const line = new Line(microphone, grant);
    line.addEventListener("sound", ({ detail }) => (this.sound.srcObject = detail));
    line.addEventListener("lost", () => this.tell("wobble", true));
    line.addEventListener("back", () => this.tell("wobble", false));
    line.addEventListener("over", () => this.ended(line, LEFT));
    line.addEventListener("message", ({ detail }) => detail.type === "ended" && this.ended(line, ""));
    this.line = line;
    this.contact = contact;
    this.mute(false);
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
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  // The last call is over, and its line may not know it yet.
  drop() {
    const { line } = this;
    line?.close();
    if (line) this.ended(line, "");
  }

  ended(line, why) {
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
