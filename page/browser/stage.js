const WORDS = { red: "Pitch", green: "Body", blue: "Attack" };
const DIMMEST = 0.4; // least brightness of the picture of a class; that of the label is 1
const HERTZ = { 100: "100", 500: "500", 2000: "2k", 5000: "5k", 10000: "10k" };

/** One sound: waveform, spectrogram and evidence for a class above one time axis, with a playhead. */
export default function stage({ data, parentElement }) {
  const root = parentElement.querySelector(".stage");
  if (root.sound === data.id) return root.end; // the page ran again with the same sound, which plays on
  root.end?.();
  root.sound = data.id;
  const shown = { lit: data.label, alone: null }; // the class whose evidence is shown, the colour shown alone
  const pictures = drawPictures(root, data, shown);
  const buttons = [...offerClasses(root, data, shown), ...offerColors(root, data, shown)];
  const show = () => {
    for (const [button, isPressed] of buttons) button.setAttribute("aria-pressed", isPressed());
    sayPictures(root, data, shown, pictures);
    pictures.repaint();
  };
  for (const [button] of buttons) button.addEventListener("click", show);
  show();
  drawAxes(root, data, pictures.cells);
  const player = offerPlayer(root, data);
  root.end = () => {
    pictures.stop();
    player.end();
  };
  return root.end;
}

function drawPictures(root, data, shown) {
  const cells = new Cells(unpack(data.image), data.edges, data.frequencies);
  const wave = unpackWave(data.wave);
  const evidence = Object.fromEntries(data.classes.map(({ name, evidence }) => [name, unpack(evidence)]));
  const span = data.shown - data.from;
  const drawCells = (brightness) => (context, width, height) =>
    cells.draw(context, width, height, span, brightness, shown.alone);
  const paintings = [
    paint(root.querySelector(".wave canvas"), (context, width, height) => drawWave(context, width, height, wave)),
    paint(root.querySelector(".seen canvas"), drawCells(() => 1)),
    paint(
      root.querySelector(".why canvas"),
      drawCells((cell) => brightnessOf(data, shown.lit) * Math.min(2 * (evidence[shown.lit][cell] / 255), 1)),
    ),
  ];
  const all = (what) => () => paintings.forEach((painting) => painting[what]());
  return { cells, evidence, repaint: all("repaint"), stop: all("stop") };
}

const classOf = (data, name) => data.classes.find((one) => one.name === name);

/** Darker for less likely classes: the evidence for each is scaled to its own maximum. */
function brightnessOf(data, name) {
  const share = classOf(data, name).probability / classOf(data, data.label).probability;
  return DIMMEST + (1 - DIMMEST) * Math.min(share, 1);
}

/** Describe the pictures for screen readers. */
function sayPictures(root, data, { lit, alone }, { cells, evidence }) {
  const { red, green, blue } = data.colors;
  const { title, percent } = classOf(data, lit);
  const isLabel = lit === data.label;
  const only = alone ? `, ${alone} alone: ${WORDS[alone].toLowerCase()}` : "";
  const say = (lane, words) => root.querySelector(`.${lane} canvas`).setAttribute("aria-label", words);
  say("wave", `Waveform: ${green}, ${blue}.`);
  say("seen", `RGB spectrogram${only}. Red, pitch: ${red}. Green, body: ${green}. Blue, attack: ${blue}.`);
  const where = cells.sayWhere(evidence[lit], data.from);
  say("why", isLabel ? `Why ${title}: ${where}.` : `Most like ${title} (${percent}): ${where}.`);
  root.querySelector(".note").textContent = isLabel ? `why ${title}` : `most like ${title} (${percent})`;
}

/** A button for each class with its probability as a bar; with each, a function: is it pressed? */
function offerClasses(root, data, shown) {
  const buttons = data.classes.map(({ name, title, percent, probability }) => {
    const bar = make("i", [make("b")]);
    bar.firstChild.style.width = `${100 * probability}%`;
    const button = makeButton("class", [make("span", [title]), bar, make("span", [percent])], () => (shown.lit = name));
    button.classList.toggle("is-label", name === data.label);
    return [button, () => shown.lit === name];
  });
  root.querySelector(".classes").replaceChildren(...buttons.map(([button]) => button));
  return buttons;
}

/** A button for each colour with what it shows of this sound; with each, a function: is it pressed? */
function offerColors(root, data, shown) {
  const buttons = Object.entries(WORDS).map(([color, word]) => {
    const inner = [make("i"), make("b", [word]), make("span", [data.colors[color]])];
    const press = () => (shown.alone = shown.alone === color ? null : color);
    return [makeButton(`color ${color}`, inner, press), () => shown.alone === color];
  });
  root.querySelector(".legend").replaceChildren(...buttons.map(([button]) => button));
  return buttons;
}

function drawAxes(root, { from, shown }, cells) {
  const put = (text, side, share) => {
    const label = make("span", [text]);
    label.style[side] = `${100 * share}%`;
    return label;
  };
  const hertz = Object.entries(HERTZ).map(([value, text]) => put(text, "bottom", cells.heightOf(+value)));
  root.querySelector(".hertz").replaceChildren(...hertz);
  const step = shown <= 0.11 ? 25 : shown <= 0.31 ? 50 : shown <= 0.5 ? 100 : 200;
  const ticks = Array.from({ length: Math.floor((1000 * shown) / step + 1e-6) + 1 }, (_, k) => k * step);
  const times = ticks.map((tick) => put(tick ? `${tick}` : "0 ms", "left", (tick / 1000 - from) / (shown - from)));
  times.at(-1).classList.toggle("at-end", ticks.at(-1) >= 1000 * shown - 1);
  root.querySelector(".times").replaceChildren(...times);
}

/** Button, slider and a click in the pictures play; a line shows the position. */
function offerPlayer(root, { audio, from, shown, offset, stop, autoplay }) {
  const $ = (selector) => root.querySelector(selector);
  const [play, position, head, plot, slow] = [".play", ".position", ".head", ".plot", ".slow input"].map($);
  Object.assign(position, { min: 1000 * from, max: 1000 * shown, step: 5, value: 0 });
  const player = new Player(audio, offset + from, stop, (time, isPlaying) => {
    const now = time - offset;
    head.hidden = !isPlaying || now > shown;
    head.style.left = `${(100 * (Math.max(now, from) - from)) / (shown - from)}%`;
    if (!position.matches(":active")) position.value = isPlaying ? 1000 * Math.min(now, shown) : 0; // unless somebody is dragging it
    $(".moment").textContent = isPlaying ? `${Math.max(0, Math.round(1000 * now))} ms` : "";
    showPlaying(play, isPlaying, "the sound");
  });
  showPlaying(play, false, "the sound");
  play.onclick = () => (player.isPlaying ? player.pause() : player.play());
  position.onchange = () => player.play(offset + position.value / 1000);
  plot.onclick = (event) => {
    const { left, width } = plot.getBoundingClientRect();
    player.play(offset + from + ((shown - from) * (event.clientX - left)) / width);
  };
  slow.onchange = () => player.setRate(slow.checked ? 0.25 : 1);
  slow.onchange();
  if (autoplay) player.play();
  return player;
}
