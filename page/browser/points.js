// Thousands of points on the GPU, for the map.

const SHARE = 0.94; // of the map that the points take up when all of it is seen
const SLOW = 40; // milliseconds from one frame to the next
const PAUSE = 200; // milliseconds without a new frame after which all points are drawn
const LEAST = 0.05; // share of the points that are drawn while the map moves on a slow machine

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

/** Calls `draw` in the next frame, with the share of the points that can be drawn fluidly; soon after, with all. */
function onceAFrame(draw) {
  let asked = 0;
  let last = 0;
  let share = 1;
  let rest = 0;
  const frame = (isAll) => (now) => {
    asked = 0;
    const took = now - last;
    if (isAll) draw(1);
    else {
      if (took < PAUSE) share = Math.min(1, Math.max(LEAST, share * (took > SLOW ? 0.7 : took < SLOW / 2 ? 1.1 : 1)));
      draw(share);
      clearTimeout(rest);
      if (share < 1) rest = setTimeout(() => (asked ||= requestAnimationFrame(frame(true))), PAUSE);
    }
    last = now;
  };
  return () => {
    asked ||= requestAnimationFrame(frame(false));
  };
}

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
  const draw = ({ view, radius, density, paper, share }) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(where("middle"), view.x, view.y);
    const scale = 2 * view.zoom * SHARE;
    gl.uniform2f(where("scale"), scale, scale);
    gl.uniform1f(where("size"), 2 * radius * density);
    gl.uniform1f(where("alpha"), Math.min(0.9, 0.3 + 0.11 * radius));
    gl.uniform1f(where("outline"), radius > 3 ? density : 0);
    gl.uniform3fv(where("paper"), paper);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(count * share)); // they are in no order
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
