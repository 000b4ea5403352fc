const EDGE = 0.03; // around the points, as a share of the map
const CLOSEST = 400; // times as close as all of it
const REACH = 5; // pixels beside a point at which it still counts as pointed at
const STILL = 4; // pixels that a press may move and still be a click

/** Sounds as points that the GPU draws: far away their density shows, near by each is a disc of its own. */
export default function map({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  root.map ??= openMap(root, (index) => root.choose(index));
  root.choose = (index) => setTriggerValue("clicked", index);
  root.map.show(data); // the page ran again: the view stays where it is
  return root.map.end;
}

function openMap(root, choose) {
  const field = root.querySelector(".field");
  const canvas = field.querySelector("canvas");
  const state = { data: null, view: { x: 0.5, y: 0.5, zoom: 1 }, pointed: -1, current: -1, words: [] };
  const gpu = openGpu(canvas);
  field.querySelector(".missing").hidden = Boolean(gpu);
  let asked = 0;
  const redraw = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      drawAll(field, canvas, gpu, state);
    });
  };
  canvas.addEventListener("webglcontextrestored", () => {
    gpu.start();
    gpu.load(state.data);
    redraw();
  });
  offerGestures(field, canvas, state, redraw, (k) => {
    state.current = k; // at once; the page follows
    choose(state.data.indices[k]);
    redraw();
  });
  const observer = new ResizeObserver(redraw);
  observer.observe(canvas);
  const show = ({ id, current, ...packed }) => {
    if (state.data?.id !== id) {
      state.data = unpackPoints(id, packed);
      state.pointed = -1;
      gpu?.load(state.data);
      state.words = showWords(field, packed.words);
      showClasses(root, packed);
      canvas.setAttribute("aria-label", packed.alt);
    }
    state.current = current === null ? -1 : state.data.indices.indexOf(current);
    redraw();
  };
  return { show, end: () => observer.disconnect() };
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

// Drawing

const CORNERS = `#version 300 es
in vec2 place; in float colour; uniform vec2 middle, scale; uniform float size; uniform vec3 palette[16]; flat out vec3 fill;
void main() {
  vec2 at = (place - middle) * scale;
  gl_Position = vec4(at.x, -at.y, 0, 1);
  gl_PointSize = size + 1.0;
  fill = palette[int(colour)];
}`;
// A disc with a smooth edge; a large one has an outline in the colour of the page.
const PIXELS = `#version 300 es
precision highp float; flat in vec3 fill; uniform float size, alpha, outline; uniform vec3 paper; out vec4 result;
void main() {
  float inside = size / 2.0 - length(gl_PointCoord - 0.5) * (size + 1.0);
  float cover = clamp(inside + 0.5, 0.0, 1.0);
  if (cover == 0.0) discard;
  vec3 ink = outline > 0.0 ? mix(paper, fill, clamp(inside - outline + 0.5, 0.0, 1.0)) : fill;
  result = vec4(ink, 1) * alpha * cover;
}`;

/** The points on the GPU; null without WebGL 2. */
function openGpu(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false });
  if (!gl) return null;
  let program, count;
  const start = () => {
    program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, CORNERS], [gl.FRAGMENT_SHADER, PIXELS]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  };
  const where = (name) => gl.getUniformLocation(program, name);
  const buffers = {};
  const give = (name, values, size, kind, isShare) => {
    gl.deleteBuffer(buffers[name] ?? null);
    buffers[name] = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const slot = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(slot);
    gl.vertexAttribPointer(slot, size, kind, isShare, 0, 0);
  };
  const load = ({ places, colours, palette }) => {
    count = colours.length;
    give("place", places, 2, gl.UNSIGNED_SHORT, true);
    give("colour", colours, 1, gl.UNSIGNED_BYTE, false);
    gl.uniform3fv(where("palette"), palette.flat());
  };
  const draw = ({ view, radius, density, paper }) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(where("middle"), view.x, view.y);
    const scale = 2 * view.zoom * (1 - 2 * EDGE);
    gl.uniform2f(where("scale"), scale, scale);
    gl.uniform1f(where("size"), 2 * radius * density);
    gl.uniform1f(where("alpha"), Math.min(0.9, 0.3 + 0.11 * radius));
    gl.uniform1f(where("outline"), radius > 3 ? density : 0);
    gl.uniform3fv(where("paper"), paper);
    gl.drawArrays(gl.POINTS, 0, count);
  };
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault()); // so that it can be restored
  start();
  return { start, load, draw };
}

/** Radius of a point in pixels: the fewer there are and the closer one is, the larger. */
function radiusOf({ data, view }, width, height) {
  const far = Math.min(5.5, Math.max(0.9, 0.3 * Math.sqrt((width * height) / data.indices.length)));
  return Math.min(Math.max(far, 7), far * view.zoom ** 0.55);
}

function drawAll(field, canvas, gpu, state) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!state.data || !width) return;
  const density = window.devicePixelRatio || 1;
  const [wide, high] = [width, height].map((length) => Math.round(length * density));
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const radius = radiusOf(state, width, height);
  const paper = channels(getComputedStyle(field).backgroundColor);
  gpu?.draw({ view: state.view, radius, density, paper });
  const put = (element, x, y) => {
    element.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  };
  for (const { x, y, half, span } of state.words) {
    let [left, top] = toScreen(state.view, width, height, x, y);
    if (left >= 0 && left <= width) left = Math.min(Math.max(left, half + 4), width - half - 4);
    put(span, left, top);
  }
  for (const [name, k, more] of [["current", state.current, 6], ["pointed", state.pointed, 3]]) {
    const ring = field.querySelector(`.ring.${name}`);
    ring.hidden = k < 0;
    if (k < 0) continue;
    ring.style.width = ring.style.height = `${2 * (Math.max(radius, 3) + more)}px`;
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

// Where things are

const SHARE = 1 - 2 * EDGE;

function toScreen(view, width, height, x, y) {
  const scale = view.zoom * SHARE;
  return [((x - view.x) * scale + 0.5) * width, ((y - view.y) * scale + 0.5) * height];
}

function fromScreen(view, width, height, left, top) {
  const scale = view.zoom * SHARE;
  return [(left / width - 0.5) / scale + view.x, (top / height - 0.5) / scale + view.y];
}

function placeOf({ data, view }, width, height, k) {
  return toScreen(view, width, height, data.places[2 * k] / 65535, data.places[2 * k + 1] / 65535);
}

/** Position in the data of the point nearest to a place on the screen, -1 if none is near. */
function nearest(state, canvas, left, top) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const { places, indices } = state.data;
  const [x, y] = fromScreen(state.view, width, height, left, top).map((share) => 65535 * share);
  const [across, down] = [width, height].map((length) => (length * state.view.zoom * SHARE) / 65535);
  let [best, least] = [-1, (radiusOf(state, width, height) + REACH) ** 2];
  for (let k = 0; k < indices.length; k++) {
    const distance = ((places[2 * k] - x) * across) ** 2 + ((places[2 * k + 1] - y) * down) ** 2;
    if (distance < least) [best, least] = [k, distance];
  }
  return best;
}

// What the visitor does

function offerGestures(field, canvas, state, redraw, choose) {
  const pressed = new Map(); // pointers that are down: where they are now
  let isClick = false;
  let start = null;
  const spot = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const move = (change) => {
    const { view } = state;
    change(view);
    const rest = 0.5 / view.zoom; // all that is shown has points in it
    view.x = Math.min(Math.max(view.x, rest), 1 - rest);
    view.y = Math.min(Math.max(view.y, rest), 1 - rest);
    redraw();
  };
  const pan = (dx, dy) =>
    move((view) => {
      view.x -= dx / (canvas.clientWidth * view.zoom * SHARE);
      view.y -= dy / (canvas.clientHeight * view.zoom * SHARE);
    });
  const zoomAt = ({ x, y }, factor) => {
    const before = state.view.zoom;
    const after = Math.min(Math.max(before * factor, 1), CLOSEST);
    const fixed = fromScreen(state.view, canvas.clientWidth, canvas.clientHeight, x, y);
    move((view) => {
      view.zoom = after;
      view.x = fixed[0] + ((view.x - fixed[0]) * before) / after;
      view.y = fixed[1] + ((view.y - fixed[1]) * before) / after;
    });
    return after !== before;
  };
  const point = (k) => {
    if (state.pointed !== k) redraw();
    state.pointed = k;
  };
  const middle = () => {
    const [one, other = one] = [...pressed.values()];
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, apart: Math.hypot(one.x - other.x, one.y - other.y) };
  };
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, spot(event));
    isClick = pressed.size === 1;
    start = spot(event);
  };
  canvas.onpointermove = (event) => {
    const to = spot(event);
    if (!pressed.has(event.pointerId)) {
      if (state.data) point(nearest(state, canvas, to.x, to.y));
      return;
    }
    isClick &&= Math.hypot(to.x - start.x, to.y - start.y) <= STILL;
    if (isClick) return;
    point(-1);
    field.classList.add("is-dragged");
    const before = middle();
    pressed.set(event.pointerId, to);
    const after = middle();
    pan(after.x - before.x, after.y - before.y);
    if (pressed.size === 2 && before.apart > 0) zoomAt(after, after.apart / before.apart);
  };
  const release = (event) => {
    if (!pressed.delete(event.pointerId)) return;
    field.classList.remove("is-dragged");
    const k = isClick && event.type === "pointerup" && state.data ? nearest(state, canvas, start.x, start.y) : -1;
    isClick = false;
    if (k >= 0) choose(k);
    if (event.pointerType !== "mouse") point(k); // a finger does not hover
  };
  Object.assign(canvas, { onpointerup: release, onpointercancel: release, onpointerleave: () => point(-1) });
  canvas.addEventListener(
    "wheel",
    (event) => {
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const hasZoomed = zoomAt(spot(event), 2 ** ((-event.deltaY * lines) / (event.ctrlKey ? 40 : 240)));
      if (hasZoomed || event.ctrlKey) event.preventDefault(); // otherwise the page scrolls
    },
    { passive: false },
  );
  const centre = () => ({ x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 });
  [2, 1 / 2, 0].forEach((factor, i) => {
    field.querySelectorAll(".zoom button")[i].onclick = () => zoomAt(centre(), factor);
  });
}
