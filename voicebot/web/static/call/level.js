// How loud the microphone is, as a bar.

const FLOOR_DB = -60;
const CALM_MS = 250;

export class LevelMeter {
  constructor(bar) {
    this.bar = bar;
    this.running = null;
  }

  start(stream) {
    this.stop();
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    const source = context.createMediaStreamSource(stream);
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const draw = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const level = Math.max(0, 1 - (10 * Math.log10(power + 1e-12)) / FLOOR_DB);
      this.bar.style.transform = `scaleX(${level.toFixed(3)})`;
    };
    this.running = { context, timer: setInterval(draw, calm ? CALM_MS : 60) };
  }

  stop() {
    if (!this.running) return;
    clearInterval(this.running.timer);
    this.running.context.close();
    this.running = null;
    this.bar.style.transform = "scaleX(0)";
  }
}
