/** Sounds as points that the GPU draws: far away their density shows, near by each is a disc of its own. */
export default function map({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  root.map ??= openMap(root, (index) => root.choose(index));
  root.choose = (index) => setTriggerValue("clicked", index);
  root.map.show(data);
  return root.map.end;
}

function openMap(root, choose) {
  const field = root.querySelector(".field");
  const canvas = field.querySelector("canvas");
  const state = { data: null, view: { x: 0.5, y: 0.5, zoom: 1 }, pointed: -1, current: -1, words: [] };
  const gpu = openGpu(canvas);
  field.querySelector(".missing").hidden = Boolean(gpu);
  const redraw = onceAFrame((share) => drawAll(field, canvas, gpu, state, share));
  const refresh = () => drawOver(field, canvas, state);
  const mark = () => {
    if (!state.data) return;
    state.current = state.data.indices.indexOf(document.currentSound ?? -1); // told by mark.js
    refresh();
  };
  document.addEventListener("currentsound", mark);
  canvas.addEventListener("webglcontextrestored", () => {
    gpu.start();
    gpu.load(state.data);
    redraw();
  });
  offerGestures(field, canvas, state, redraw, refresh, (k) => {
    state.current = k; // at once; the page follows
    refresh();
    choose(state.data.indices[k]);
  });
  const observer = new ResizeObserver(redraw);
  observer.observe(canvas);
  const show = ({ id, ...packed }) => {
    if (state.data?.id === id) return; // the page ran again: the view stays where it is
    state.data = unpackPoints(id, packed);
    state.pointed = -1;
    gpu?.load(state.data);
    state.words = showWords(field, packed.words);
    showClasses(root, packed);
    canvas.setAttribute("aria-label", packed.alt);
    mark();
    redraw();
  };
  const end = () => {
    observer.disconnect();
    document.removeEventListener("currentsound", mark);
  };
  return { show, end };
}

function unpackPoints(id, { places, indices, colours, percents, titles, folders, names, titleList, folderList, palette }) {
  const numbers = (Kind, text) => new Kind(unpack(text).buffer);
  return {
    id,
    places: numbers(Uint16Array, places), // x and y of each, y downwards
    indices: numbers(Int32Array, indices),
    colours: unpack(colours),
    percents: unpack(percents),
    titles: numbers(Uint16Array, titles),
    folders: numbers(Uint32Array, folders),
    names: names.split("\n"),
    titleList,
    folderList: folderList.split("\n"),
    palette: palette.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)),
  };
}

function showWords(field, words) {
  const spans = words.map(({ text }) => make("span", [text]));
  field.querySelector(".words").replaceChildren(...spans);
  return words.map(({ x, y, half }, i) => ({ x, y: 1 - y, half, span: spans[i] }));
}

function showClasses(root, { classes, palette }) {
  const items = classes.map(({ title, count, colour }) => {
    const dot = make("i");
    dot.style.background = palette[colour];
    return make("li", [dot, title, make("small", [count])]);
  });
  root.querySelector(".classes").replaceChildren(...items);
}

function drawAll(field, canvas, gpu, state, share) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!state.data || !width) return;
  const density = window.devicePixelRatio || 1;
  const [wide, high] = [width, height].map((length) => Math.round(length * density));
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const paper = channels(getComputedStyle(field).backgroundColor);
  gpu?.draw({ view: state.view, radius: radiusOf(state, width, height), density, paper, share });
  drawOver(field, canvas, state);
}

/** What lies over the points: words, rings, and what is known of the sound that is pointed at. */
function drawOver(field, canvas, state) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const put = (element, x, y) => {
    element.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  };
  for (const { x, y, half, span } of state.words) {
    let [left, top] = toScreen(state.view, width, height, x, y);
    if (left >= 0 && left <= width) left = Math.min(Math.max(left, half + 4), width - half - 4);
    put(span, left, top);
  }
  const radius = Math.max(radiusOf(state, width, height), 3);
  for (const [name, k, more] of [["current", state.current, 6], ["pointed", state.pointed, 3]]) {
    const ring = field.querySelector(`.ring.${name}`);
    ring.hidden = k < 0;
    if (k < 0) continue;
    ring.style.width = ring.style.height = `${2 * (radius + more)}px`;
    put(ring, ...placeOf(state, width, height, k));
  }
  showTip(field, state, width, height);
}

const channels = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);

function showTip(field, { data, view, pointed }, width, height) {
  const tip = field.querySelector(".tip");
  tip.hidden = pointed < 0;
  field.classList.toggle("is-pointing", pointed >= 0);
  if (pointed < 0) return;
  const [name, what, folder] = tip.children;
  const percent = data.percents[pointed];
  name.textContent = data.names[pointed];
  what.textContent = `${data.titleList[data.titles[pointed]]} · ${percent < 1 ? "<1" : percent > 99 ? ">99" : percent}%`;
  folder.textContent = data.folderList[data.folders[pointed]];
  const [x, y] = placeOf({ data, view }, width, height, pointed);
  const { offsetWidth, offsetHeight } = tip;
  const left = Math.min(Math.max(x - offsetWidth / 2, 6), width - offsetWidth - 6);
  const top = y - offsetHeight - 16 > 6 ? y - offsetHeight - 16 : y + 16;
  tip.style.transform = `translate(${left}px, ${top}px)`;
}
