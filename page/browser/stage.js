const PLANES = { red: 0, green: 1, blue: 2 };
const WORDS = { red: "Pitch", green: "Body", blue: "Attack" };

/** One sound: waveform, spectrogram and what speaks for a class above one time axis, with a playhead. */
export default function stage({ data, parentElement }) {
  const root = parentElement.querySelector(".stage");
  if (root.id === data.id) return root.end; // the page ran again; this sound plays on
  root.end?.();
  root.id = data.id;
  const $ = (selector) => root.querySelector(selector);
  const { from, shown, offset } = data; // seconds: the axis goes from `from` to `shown`, 0 is the hit at `offset`
  const span = shown - from;
  const frames = data.edges.length - 1;
  const rows = data.image.length ? unpack(data.image).length / 3 / frames : 0;
  const image = unpack(data.image);
  const wave = unpackWave(data.wave);
  const evidence = Object.fromEntries(data.classes.map(({ name, evidence }) => [name, unpack(evidence)]));
  let lit = data.label;
  let alone = null;

  const percent = (seconds) => `${(100 * (seconds - from)) / span}%`;

  /** Cells of the grid, each as long as its frame lasts. */
  const drawCells = (context, width, height, brightness) => {
    const cells = new ImageData(frames, rows);
    for (let i = 0; i < frames * rows; i++) {
      const row = rows - 1 - Math.floor(i / frames); // low frequencies at the bottom
      const cell = row * frames + (i % frames);
      for (const [color, plane] of Object.entries(PLANES)) {
        const hidden = alone && alone !== color;
        cells.data[4 * i + plane] = hidden ? 0 : image[3 * cell + plane] * brightness(cell);
      }
      cells.data[4 * i + 3] = 255;
    }
    const small = new OffscreenCanvas(frames, rows);
    small.getContext("2d").putImageData(cells, 0, 0);
    for (let i = 0; i < frames; i++) {
      const [left, right] = [data.edges[i], data.edges[i + 1]].map((edge) => Math.round((edge / span) * width));
      context.drawImage(small, i, 0, 1, rows, left, 0, right - left, height);
    }
  };

  const paintings = [
    paint($(".wave canvas"), (context, width, height) => drawWave(context, width, height, wave)),
    paint($(".seen canvas"), (context, width, height) => drawCells(context, width, height, () => 1)),
    paint($(".why canvas"), (context, width, height) =>
      drawCells(context, width, height, (cell) => Math.min(2 * (evidence[lit][cell] / 255), 1)),
    ),
  ];
  const repaint = () => paintings.forEach((painting) => painting.repaint());

  /** Where most of what speaks for a class is, in words. */
  const sayEvidence = (name) => {
    let [low, high, first, last] = [Infinity, -Infinity, Infinity, -Infinity];
    evidence[name].forEach((value, cell) => {
      if (value < 128) return;
      const row = Math.floor(cell / frames);
      [low, high] = [Math.min(low, row), Math.max(high, row)];
      [first, last] = [Math.min(first, cell % frames), Math.max(last, cell % frames)];
    });
    if (high < 0) return "nothing in it";
    const hertz = [low, high].map((row) => Math.round(data.frequencies[row]).toLocaleString("en"));
    const times = [first, last + 1].map((frame) => Math.round(1000 * (data.edges[frame] + from)));
    return `most between ${hertz[0]} and ${hertz[1]} Hz, ${Math.max(times[0], 0)} to ${times[1]} ms after the hit`;
  };

  // Words beside the pictures.
  const titles = Object.fromEntries(data.classes.map(({ name, title }) => [name, title]));
  const button = (className, inner, press) => {
    const element = document.createElement("button");
    element.type = "button";
    element.className = className;
    element.append(...inner);
    element.onclick = press;
    return element;
  };
  const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });
  const byClass = data.classes.map(({ name, title, percent: chance, probability }) => {
    const bar = make("i");
    const filled = bar.appendChild(make("b"));
    filled.style.width = `${100 * probability}%`;
    const element = button(`class${name === data.label ? " is-label" : ""}`, [make("span", title), bar, make("span", chance)], () => {
      lit = name;
      show();
    });
    return [name, element];
  });
  $(".classes").replaceChildren(...byClass.map(([, element]) => element));
  const byColor = Object.keys(PLANES).map((color) => {
    const inner = [make("i"), make("b", WORDS[color]), make("span", data.colors[color])];
    const element = button(`color ${color}`, inner, () => {
      alone = alone === color ? null : color;
      show();
    });
    return [color, element];
  });
  $(".legend").replaceChildren(...byColor.map(([, element]) => element));

  const show = () => {
    for (const [name, element] of byClass) element.setAttribute("aria-pressed", name === lit);
    for (const [color, element] of byColor) element.setAttribute("aria-pressed", color === alone);
    const only = alone ? `, ${alone} alone: ${WORDS[alone].toLowerCase()}` : "";
    $(".wave canvas").setAttribute("aria-label", `Waveform: ${data.colors.green}, ${data.colors.blue}.`);
    $(".seen canvas").setAttribute(
      "aria-label",
      `RGB spectrogram${only}. Red, pitch: ${data.colors.red}. Green, body: ${data.colors.green}. Blue, attack: ${data.colors.blue}.`,
    );
    $(".why canvas").setAttribute("aria-label", `What speaks for ${titles[lit]}: ${sayEvidence(lit)}.`);
    $(".note").textContent = `speaks for ${titles[lit]}`;
    repaint();
  };
  show();

  // Axes.
  const label = (text, style) => Object.assign(make("span", text), { style });
  const row = (hertz) => data.frequencies.findIndex((frequency) => frequency >= hertz);
  const hertz = { 100: "100", 500: "500", 2000: "2k", 5000: "5k", 10000: "10k" };
  $(".hertz").replaceChildren(
    ...Object.entries(hertz).map(([value, text]) => label(text, `bottom: ${(100 * row(+value)) / rows}%`)),
  );
  const step = shown <= 0.11 ? 25 : shown <= 0.31 ? 50 : shown <= 0.5 ? 100 : 200;
  const ticks = Array.from({ length: Math.floor((1000 * shown) / step + 1e-6) + 1 }, (_, k) => k * step);
  $(".times").replaceChildren(
    ...ticks.map((tick, k) => label(k === ticks.length - 1 ? `${tick} ms` : `${tick}`, `left: ${percent(tick / 1000)}`)),
  );

  // Player.
  const [play, position, head] = [$(".play"), $(".position"), $(".head")];
  Object.assign(position, { min: 1000 * from, max: 1000 * shown, step: 5, value: 0 });
  const onMove = (time, isPlaying) => {
    const now = time - offset;
    head.hidden = !isPlaying || now > shown;
    head.style.left = percent(Math.max(now, from));
    position.value = isPlaying ? 1000 * Math.min(now, shown) : 0;
    $(".moment").textContent = isPlaying ? `${Math.max(0, Math.round(1000 * now))} ms` : "";
    showPlaying(play, isPlaying, "the sound");
  };
  const player = new Player(data.audio, offset + from, data.stop, onMove);
  showPlaying(play, false, "the sound");
  play.onclick = () => (player.isPlaying ? player.pause() : player.play());
  position.onchange = () => player.play(offset + position.value / 1000);
  $(".plot").onclick = (event) => {
    const { left, width } = $(".plot").getBoundingClientRect();
    player.play(offset + from + (span * (event.clientX - left)) / width);
  };
  const slow = $(".slow input");
  slow.onchange = () => player.setRate(slow.checked ? 0.25 : 1);
  slow.onchange();
  if (data.autoplay) player.play();
  root.end = () => paintings.forEach((painting) => painting.stop());
  return root.end;
}
