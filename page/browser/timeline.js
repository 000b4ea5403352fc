const APART = 24; // pixels between neighbours of a row, for each to be pressed
const FASTEST = 240; // pixels a second takes at most for that: hits less than a tenth of a second apart stay closer
const DOUBT = 20; // pixels from where a mark begins to where its "?" ends
const MARGIN = 48; // pixels from the edge of the frame at which what comes into sight is put

/** A recording: its waveform, and its hits in a row for each class, on one time axis with a playhead. */
export default function timeline({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".timeline");
  if (root.sound === data.id) return root.end; // the page ran again; this recording plays on
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
    buttons[index].focus(); // which brings it into sight
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
  root.querySelector(".names").replaceChildren(...rows.map(({ title }) => make("span", [title]))); // each hit says it
  select(selected);
  return buttons;
}

/** As wide as the frame, or as the hits need it; the selected one in sight. */
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
  bringIntoSight(frame, plot.offsetLeft + (data.hits[data.selected].time / data.duration) * plot.clientWidth);
  const observer = new ResizeObserver(fit);
  observer.observe(frame);
  return () => observer.disconnect();
}

/** All of it, small, where the frame holds a part: that part is marked, and a press or a drag goes elsewhere. */
function offerWhole(whole, frame) {
  const mark = whole.querySelector("i");
  const showPart = () => {
    mark.style.left = percent(frame.scrollLeft, frame.scrollWidth);
    mark.style.width = percent(frame.clientWidth, frame.scrollWidth);
    frame.style.setProperty("--gone", `${Math.min(frame.scrollLeft, 8)}px`); // what went out of sight fades
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

/** Pixels that a second takes at least. */
function leastScale(hits) {
  const gaps = hits.map((hit, i) => (nextInRow(hits, i)?.time ?? Infinity) - hit.time);
  return Math.min(APART / Math.min(...gaps), FASTEST);
}

function drawTicks(root, duration, share) {
  const inSight = duration * share;
  const step = inSight <= 3 ? 0.5 : inSight <= 8 ? 1 : 5;
  const ticks = Array.from({ length: Math.floor(duration / step) + 1 }, (_, k) => {
    const tick = make("span", [k ? `${k * step}` : "0 s"]);
    tick.style.left = percent(k * step, duration);
    return tick;
  });
  root.querySelector(".times").replaceChildren(...ticks);
}

/** A "?" beside each unsure hit, where it meets neither the next mark nor the end of the axis; the hollow mark says it too. */
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

/** Button and waveform play; a line goes along, and the frame with it until somebody scrolls. */
function offerPlayer(root, { audio, offset, duration, hits, autoplay }, buttons) {
  const $ = (selector) => root.querySelector(selector);
  const [play, wave, plot, frame, head] = [".play", ".wave", ".plot", ".frame", ".head"].map($);
  let isFollowed = true;
  const player = new Player(audio, offset, offset + duration, (time, isPlaying) => {
    const now = Math.max(time - offset, 0);
    head.hidden = !isPlaying;
    head.style.left = percent(now, duration);
    if (isPlaying && isFollowed) goAlong(frame, plot.offsetLeft + (now / duration) * plot.clientWidth);
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

const isInSight = ({ scrollLeft, clientWidth }, place) =>
  place >= scrollLeft && place <= scrollLeft + clientWidth - MARGIN;

function bringIntoSight(frame, place) {
  if (!isInSight(frame, place)) frame.scrollLeft = place - MARGIN;
}

/** Keeps a moving place in the middle, or, where motion is unwelcome, turns the page when it comes to the edge. */
function goAlong(frame, place) {
  bringIntoSight(frame, place);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const ahead = place - frame.clientWidth / 2 - frame.scrollLeft;
  if (ahead > 0) frame.scrollLeft += Math.ceil(0.1 * ahead);
}
