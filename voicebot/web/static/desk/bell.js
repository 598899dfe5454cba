// What tells an agent who looks elsewhere that it rings, or that somebody has written: the title, and
// a soft sound.

const BLINK_MS = 1000;
const BEEP_S = 0.25;
const RINGS = { pitch: 660, loud: 0.08 };
const NEWS = { pitch: 880, loud: 0.03 };
const NEWS_EVERY_MS = 3000;

export class Bell {
  constructor() {
    this.name = document.title;
    this.title = this.name;
    this.newsAt = 0;
    this.timer = null;
    this.audio = null;
  }

  ring(who) {
    if (this.timer) return;
    let lit = false;
    const blink = () => {
      lit = !lit;
      document.title = lit ? `☎ ${who}` : this.title;
      if (lit) this.beep(RINGS);
    };
    blink();
    this.timer = setInterval(blink, BLINK_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    document.title = this.title;
  }

  // How many lines there are that nobody has looked at.
  unread(count) {
    this.title = count ? `(${count}) ${this.name}` : this.name;
    if (!this.timer && document.title !== this.title) document.title = this.title;
  }

  // Somebody has written where nobody looks.
  news() {
    if (this.timer || Date.now() - this.newsAt < NEWS_EVERY_MS) return;
    this.newsAt = Date.now();
    this.beep(NEWS);
  }

  // Browsers let a page sound once somebody has pressed something on it.
  beep({ pitch, loud }) {
    try {
      this.audio ??= new AudioContext();
      if (this.audio.state !== "running") {
        this.audio.resume();
        return;
      }
      const tone = this.audio.createOscillator();
      const level = this.audio.createGain();
      level.gain.setValueAtTime(loud, this.audio.currentTime);
      level.gain.linearRampToValueAtTime(0, this.audio.currentTime + BEEP_S);
      tone.frequency.value = pitch;
      tone.connect(level).connect(this.audio.destination);
      tone.start();
      tone.stop(this.audio.currentTime + BEEP_S);
    } catch {
      // No sound, then; the title blinks.
    }
  }
}
