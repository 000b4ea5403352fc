// Where the points of the map are on the screen, which is pointed at, and what the visitor moves.

const CLOSEST = 100; // times as close as all of it; places are known to a pixel then
const REACH = 5; // pixels beside a point at which it still counts as pointed at
const STILL = 4; // pixels that a press may move and still be a click

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

function offerGestures(field, canvas, state, redraw, refresh, choose) {
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
    if (state.pointed === k) return;
    state.pointed = k;
    refresh();
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
  const leave = (event) => event.pointerType === "mouse" && point(-1);
  Object.assign(canvas, { onpointerup: release, onpointercancel: release, onpointerleave: leave });
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
    field.parentElement.querySelectorAll(".zoom button")[i].onclick = () => zoomAt(centre(), factor);
  });
}
