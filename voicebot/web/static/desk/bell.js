// What tells an agent who looks elsewhere that it rings: the title, and a soft sound.

const BLINK_MS = 1000;
const BEEP_S = 0.25;

export class Bell {
  constructor() {
    this.title = document.title;
    this.timer = null;
    this.audio = null;
  }

  ring(who) {
    if (this.timer) return;
    let lit = false;
    const blink = () => {
      lit = !lit;
      document.title = lit ? `☎ ${who}` : this.title;
      if (lit) this.beep();
    };
    blink();
    this.timer = setInterval(blink, BLINK_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    document.title = this.title;
  }

  // Browsers let a page sound once somebody has pressed something on it.
  beep() {
    try {
      this.audio ??= new AudioContext();
      if (this.audio.state !== "running") {
        this.audio.resume();
        return;
      }
      const tone = this.audio.createOscillator();
      const level = this.audio.createGain();
      level.gain.setValueAtTime(0.08, this.audio.currentTime);
      level.gain.linearRampToValueAtTime(0, this.audio.currentTime + BEEP_S);
      tone.frequency.value = 660;
      tone.connect(level).connect(this.audio.destination);
      tone.start();
      tone.stop(this.audio.currentTime + BEEP_S);
    } catch {
      // No sound, then; the title blinks.
    }
  }
}
