// Shared by the stage and the time line: packed numbers, canvases, and a player that follows an audio element.

const unpack = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

function make(tag, children = []) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

function makeButton(className, children, press) {
  return Object.assign(make("button", children), { type: "button", className, onclick: press });
}

const MOST_PIXELS = 16384; // width of a canvas; some browsers leave a wider one empty

/** Draw on a canvas at the screen's own resolution, and again whenever its size changes. */
function paint(canvas, draw) {
  const context = canvas.getContext("2d");
  const repaint = () => {
    const scale = Math.min(window.devicePixelRatio || 1, MOST_PIXELS / Math.max(1, canvas.clientWidth));
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * scale));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * scale));
    context.imageSmoothingEnabled = false;
    draw(context, canvas.width, canvas.height);
  };
  const observer = new ResizeObserver(repaint);
  observer.observe(canvas);
  repaint();
  return { repaint, stop: () => observer.disconnect() };
}

/** The waveform: columns from the lowest to the highest sample, zero included, each in its colour. */
function drawWave(context, width, height, wave) {
  const low = new Int8Array(wave.low.buffer);
  const high = new Int8Array(wave.high.buffer);
  const step = width / low.length;
  for (let i = 0; i < low.length; i++) {
    const top = (height / 2) * (1 - Math.max(high[i], 0) / 127);
    const bottom = (height / 2) * (1 - Math.min(low[i], 0) / 127);
    context.fillStyle = `rgb(${wave.colors[3 * i]} ${wave.colors[3 * i + 1]} ${wave.colors[3 * i + 2]})`;
    context.fillRect(i * step, top, Math.ceil(step), Math.max(bottom - top, 1));
  }
}

const unpackWave = ({ low, high, colors }) => ({ low: unpack(low), high: unpack(high), colors: unpack(colors) });

/** An element that may be put on the page only after this is called. */
async function find(selector) {
  for (let tries = 0; tries < 100; tries++) {
    const element = document.querySelector(selector);
    if (element) return element;
    await new Promise((done) => setTimeout(done, 50));
  }
  return null;
}

/**
 * Plays a stretch of a sound and reports the position.
 *
 * The audio element is Streamlit's, hidden. Times are seconds in its file.
 */
class Player {
  constructor(selector, start, stop, onMove) {
    Object.assign(this, { selector, start, stop, onMove, rate: 1, audio: null, wish: null });
  }

  async play(from = this.start) {
    const wish = (this.wish = Symbol("what was asked for last"));
    const isOver = () => this.wish !== wish || !this.audio?.isConnected;
    this.audio = await find(this.selector);
    if (isOver()) return;
    // One sound at a time, across all players.
    for (const other of document.querySelectorAll("audio")) if (other !== this.audio) other.pause();
    if (this.audio.readyState < 1) {
      await new Promise((done) => this.audio.addEventListener("loadedmetadata", done, { once: true }));
      if (isOver()) return;
    }
    this.audio.currentTime = Math.max(from, 0);
    this.audio.preservesPitch = false;
    this.audio.playbackRate = this.rate;
    await this.audio.play().catch(() => {}); // the browser wants a click first
    if (isOver()) return;
    this.owner = Symbol("who plays");
    this.audio.owner = this.owner;
    this.follow(this.owner);
  }

  pause() {
    this.wish = null;
    this.audio?.pause();
  }

  /** Stop following; the audio element plays on, for another player or until it is removed. */
  end() {
    this.wish = this.owner = null;
  }

  get isPlaying() {
    return Boolean(this.audio && !this.audio.paused && !this.audio.ended && this.audio.owner === this.owner);
  }

  follow(owner) {
    if (owner !== this.owner) return;
    if (this.isPlaying && this.stop !== null && this.audio.currentTime >= this.stop) this.audio.pause();
    this.onMove(this.audio.currentTime, this.isPlaying);
    if (this.isPlaying) requestAnimationFrame(() => this.follow(owner));
  }

  setRate(rate) {
    this.rate = rate;
    if (this.audio) this.audio.playbackRate = rate;
  }
}

const ICONS = { play: "M7 4.5v15l13-7.5z", pause: "M6 5h4.5v14H6zM13.5 5H18v14h-4.5z" };

function showPlaying(button, isPlaying, what) {
  button.querySelector("path").setAttribute("d", isPlaying ? ICONS.pause : ICONS.play);
  button.setAttribute("aria-label", `${isPlaying ? "Pause" : "Play"} ${what}`);
}

// When a pad is pressed while the focus is elsewhere, Streamlit would focus the chosen pad instead. If the pads are in
// one row, that scrolls the pressed pad away from under the pointer, and the click is lost.
document.addEventListener(
  "mousedown",
  (event) => {
    if (event.target.closest(".st-key-example")) event.preventDefault();
  },
  true,
);
