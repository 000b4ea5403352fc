// The RGB spectrogram as a grid of cells, each as wide as its frame lasts.

const PLANES = { red: 0, green: 1, blue: 2 };

class Cells {
  /** `image`: red, green and blue of each cell, lowest frequency first; `edges` of the frames, in seconds. */
  constructor(image, edges, frequencies) {
    Object.assign(this, { image, edges, frequencies, frames: edges.length - 1, rows: frequencies.length });
  }

  /** Draw the first `span` seconds, each cell multiplied by its `brightness`; only one colour if `alone` names it. */
  draw(context, width, height, span, brightness, alone) {
    const pixels = new ImageData(this.frames, this.rows);
    for (let i = 0; i < this.frames * this.rows; i++) {
      const row = this.rows - 1 - Math.floor(i / this.frames); // low frequencies at the bottom
      const cell = row * this.frames + (i % this.frames);
      for (const [color, plane] of Object.entries(PLANES)) {
        const isHidden = alone && alone !== color;
        pixels.data[4 * i + plane] = isHidden ? 0 : this.image[3 * cell + plane] * brightness(cell);
      }
      pixels.data[4 * i + 3] = 255;
    }
    const small = new OffscreenCanvas(this.frames, this.rows);
    small.getContext("2d").putImageData(pixels, 0, 0);
    for (let i = 0; i < this.frames; i++) {
      const [left, right] = [this.edges[i], this.edges[i + 1]].map((edge) => Math.round((edge / span) * width));
      context.drawImage(small, i, 0, 1, this.rows, left, 0, right - left, height);
    }
  }

  /** Where on the grid the values, one for each cell, are at least half of 255, in words; times count from `from`. */
  sayWhere(values, from) {
    let [low, high, first, last] = [Infinity, -Infinity, Infinity, -Infinity];
    values.forEach((value, cell) => {
      if (value < 128) return;
      const [row, frame] = [Math.floor(cell / this.frames), cell % this.frames];
      [low, high] = [Math.min(low, row), Math.max(high, row)];
      [first, last] = [Math.min(first, frame), Math.max(last, frame)];
    });
    if (high < 0) return "no part stands out";
    const hertz = [low, high].map((row) => Math.round(this.frequencies[row]).toLocaleString("en"));
    const times = [first, last + 1].map((frame) => Math.max(0, Math.round(1000 * (this.edges[frame] + from))));
    return `mostly between ${hertz[0]} and ${hertz[1]} Hz, ${times[0]} to ${times[1]} ms after the hit`;
  }

  /** Height of a frequency above the bottom, from 0 to 1. */
  heightOf(hertz) {
    return this.frequencies.findIndex((frequency) => frequency >= hertz) / this.rows;
  }
}
