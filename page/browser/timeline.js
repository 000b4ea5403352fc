const APART = 24; // least pixels between neighbours in a row, so that each can be pressed
const FASTEST = 240; // most pixels per second for that: hits less than a tenth of a second apart stay closer
const DOUBT = 20; // pixels from the start of a mark to the end of its "?"
const MARGIN = 48; // pixels from the edge of the frame to what is scrolled into view

/** A recording: its waveform above its hits, in a row for each class, on one time axis with a playhead. */
export default function timeline({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".timeline");
  if (root.sound === data.id) return root.end; // the page ran again with the same recording, which plays on
  root.end?.();
  root.sound = data.id;
  const buttons = offerHits(root, data, setStateValue);
  const stopFitting = fitAxis(root, data, buttons);
  const wave = unpackWave(data.wave);
  const canvas = root.querySelector(".wave canvas");
  const drawAll = (context, width, height) => drawWave(context, width, height, wave);
  const paintings = [canvas, root.querySelector(".whole canvas")].map((each) => paint(each, drawAll));
  canvas.setAttribute("aria-label", `Waveform of ${data.duration.toFixed(1)} seconds with ${data.hits.length} hits.`);
  const player = offerPlayer(root, data, buttons);
  root.end = () => {
    stopFitting();
    paintings.forEach((painting) => painting.stop());
    player.end();
  };
  return root.end;
}

const percent = (part, whole) => `${(100 * part) / whole}%`;

/** A button for each hit, in the row of its class. */
function offerHits(root, { hits, rows, duration, selected }, setStateValue) {
  const select = (index) => {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", i === index);
      button.tabIndex = i === index ? 0 : -1;
    });
  };
  const choose = (index) => {
    select(index);
    buttons[index].focus(); // which scrolls it into view
    setStateValue("hit", index);
  };
  const buttons = hits.map(({ time, what, isSure }, i) => {
    const button = makeButton(isSure ? "hit" : "hit unsure", [], () => choose(i));
    button.style.left = percent(time, duration);
    button.title = what;
    button.setAttribute("aria-label", `Hit ${i + 1} of ${hits.length} at ${time.toFixed(2)} seconds: ${what}`);
    button.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault(); // neither the frame nor the page scrolls
      if (hits[i + step]) choose(i + step);
    };
    return button;
  });
  const lines = rows.map(({ name }) => make("div", buttons.filter((_, i) => hits[i].label === name)));
  for (const line of lines) line.className = "row";
  root.querySelector(".hits").replaceChildren(...lines);
  root.querySelector(".names").replaceChildren(...rows.map(({ title }) => make("span", [title]))); // hidden from screen readers: each hit says its own
  select(selected);
  return buttons;
}

/** Make the axis as wide as the frame, or wider if the hits need it, with the selected hit in view. */
function fitAxis(root, data, buttons) {
  const [frame, plot] = [".frame", ".plot"].map((selector) => root.querySelector(selector));
  frame.style.setProperty("--least", `${Math.ceil(leastScale(data.hits) * data.duration)}px`);
  const showPart = offerWhole(root.querySelector(".whole"), frame);
  const fit = () => {
    root.classList.toggle("is-wider", frame.scrollWidth > frame.clientWidth);
    showPart();
    drawTicks(root, data.duration, Math.min(1, frame.clientWidth / plot.clientWidth));
    placeDoubts(data, buttons, plot.clientWidth / data.duration);
  };
  fit();
  bringIntoView(frame, plot.offsetLeft + (data.hits[data.selected].time / data.duration) * plot.clientWidth);
  const observer = new ResizeObserver(fit);
  observer.observe(frame);
  return () => observer.disconnect();
}

/** A small waveform of the whole, if the frame shows only a part: marks that part; a press or a drag moves it. */
function offerWhole(whole, frame) {
  const mark = whole.querySelector("i");
  const showPart = () => {
    mark.style.left = percent(frame.scrollLeft, frame.scrollWidth);
    mark.style.width = percent(frame.clientWidth, frame.scrollWidth);
    frame.style.setProperty("--gone", `${Math.min(frame.scrollLeft, 8)}px`); // what is scrolled out of view fades
  };
  const go = ({ clientX, buttons }) => {
    const { left, width } = whole.getBoundingClientRect();
    if (buttons) frame.scrollLeft = ((clientX - left) / width) * frame.scrollWidth - frame.clientWidth / 2;
  };
  Object.assign(whole, { onpointerdown: go, onpointermove: go });
  frame.onscroll = showPart;
  return showPart;
}

const nextInRow = (hits, i) => hits.slice(i + 1).find(({ label }) => label === hits[i].label);

/** Least pixels per second. */
function leastScale(hits) {
  const gaps = hits.map((hit, i) => (nextInRow(hits, i)?.time ?? Infinity) - hit.time);
  return Math.min(APART / Math.min(...gaps), FASTEST);
}

function drawTicks(root, duration, share) {
  const inView = duration * share;
  const step = inView <= 3 ? 0.5 : inView <= 8 ? 1 : 5;
  const ticks = Array.from({ length: Math.floor(duration / step) + 1 }, (_, k) => {
    const tick = make("span", [k ? `${k * step}` : "0 s"]);
    tick.style.left = percent(k * step, duration);
    return tick;
  });
  root.querySelector(".times").replaceChildren(...ticks);
}

/** A "?" beside each unsure hit, unless it would touch another mark or the end; the mark is hollow anyway. */
function placeDoubts({ hits, duration }, buttons, scale) {
  hits.forEach(({ time, label, isSure }, i) => {
    const next = nextInRow(hits, i);
    const last = hits.findLast((hit, k) => k < i && hit.label === label)?.time ?? 0;
    const fitsAfter = ((next?.time ?? duration) - time) * scale >= DOUBT;
    const fitsBefore = !next && (time - last) * scale >= 2 * DOUBT;
    delete buttons[i].dataset.doubt;
    if (!isSure && (fitsAfter || fitsBefore)) buttons[i].dataset.doubt = fitsAfter ? "after" : "before";
  });
}

/** Button and waveform play; a line shows the position, and the frame follows it until somebody scrolls. */
function offerPlayer(root, { audio, offset, duration, hits, autoplay }, buttons) {
  const $ = (selector) => root.querySelector(selector);
  const [play, wave, plot, frame, head] = [".play", ".wave", ".plot", ".frame", ".head"].map($);
  let isFollowed = true;
  const player = new Player(audio, offset, offset + duration, (time, isPlaying) => {
    const now = Math.max(time - offset, 0);
    head.hidden = !isPlaying;
    head.style.left = percent(now, duration);
    if (isPlaying && isFollowed) follow(frame, plot.offsetLeft + (now / duration) * plot.clientWidth);
    $(".moment").textContent = isPlaying ? `${now.toFixed(1)} s` : "";
    hits.forEach(({ time: start }, i) => {
      buttons[i].classList.toggle("now", isPlaying && now >= start && now < start + 0.12);
    });
    showPlaying(play, isPlaying, "the recording");
  });
  const start = (from) => {
    isFollowed = true;
    player.play(from);
  };
  showPlaying(play, false, "the recording");
  play.onclick = () => (player.isPlaying ? player.pause() : start());
  wave.onclick = (event) => {
    const { left, width } = wave.getBoundingClientRect();
    start(offset + (duration * (event.clientX - left)) / width);
  };
  for (const part of [$(".whole"), frame]) part.addEventListener("pointerdown", () => (isFollowed = false));
  frame.onwheel = ({ deltaX, shiftKey }) => (isFollowed &&= !deltaX && !shiftKey);
  if (autoplay) start();
  return player;
}

const isInView = ({ scrollLeft, clientWidth }, place) =>
  place >= scrollLeft && place <= scrollLeft + clientWidth - MARGIN;

function bringIntoView(frame, place) {
  if (!isInView(frame, place)) frame.scrollLeft = place - MARGIN;
}

/** Keep a moving place in the middle or, with reduced motion, jump when it comes to the edge. */
function follow(frame, place) {
  bringIntoView(frame, place);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const ahead = place - frame.clientWidth / 2 - frame.scrollLeft;
  if (ahead > 0) frame.scrollLeft += Math.ceil(0.1 * ahead);
}
