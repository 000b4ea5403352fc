/** A recording: its waveform, and its hits in a row for each class, on one time axis with a playhead. */
export default function timeline({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".timeline");
  const $ = (selector) => root.querySelector(selector);
  const select = (index, { focus = false } = {}) => {
    root.buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", i === index);
      button.tabIndex = i === index ? 0 : -1;
    });
    if (focus) root.buttons[index].focus();
  };
  if (root.sound === data.id) return root.end; // the page ran again; this recording plays on
  root.end?.();
  root.sound = data.id;

  const wave = unpackWave(data.wave);
  const painting = paint($(".wave canvas"), (context, width, height) => drawWave(context, width, height, wave));
  $(".wave canvas").setAttribute("aria-label", `Waveform of ${data.duration.toFixed(1)} seconds with ${data.hits.length} hits.`);
  const percent = (seconds) => `${(100 * seconds) / data.duration}%`;

  const player = new Player(data.audio, data.offset, data.offset + data.duration, (time, isPlaying) => {
    const now = time - data.offset;
    $(".head").hidden = !isPlaying;
    $(".head").style.left = percent(Math.max(now, 0));
    $(".moment").textContent = isPlaying ? `${Math.max(now, 0).toFixed(1)} s` : "";
    data.hits.forEach(({ time: start }, i) => {
      root.buttons[i].classList.toggle("now", isPlaying && now >= start && now < start + 0.12);
    });
    showPlaying($(".play"), isPlaying, "the recording");
  });
  showPlaying($(".play"), false, "the recording");
  $(".play").onclick = () => (player.isPlaying ? player.pause() : player.play());
  $(".wave").onclick = (event) => {
    const { left, width } = $(".wave").getBoundingClientRect();
    player.play(data.offset + (data.duration * (event.clientX - left)) / width);
  };

  const choose = (index) => {
    select(index, { focus: true });
    setStateValue("hit", index);
  };
  root.buttons = data.hits.map(({ time, what, isSure }, i) => {
    const button = makeButton(isSure ? "hit" : "hit unsure", [], () => choose(i));
    button.style.left = percent(time);
    button.title = what;
    button.setAttribute("aria-label", `Hit ${i + 1} of ${data.hits.length} at ${time.toFixed(2)} seconds: ${what}`);
    button.onkeydown = ({ key }) => {
      const next = i + ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key] ?? 0);
      if (next !== i && data.hits[next]) choose(next);
    };
    return button;
  });
  $(".hits").replaceChildren(
    ...data.rows.map(({ name, title }) => {
      const label = make("span", [title]);
      label.setAttribute("aria-hidden", "true"); // each hit says it
      const row = make("div", [label, ...root.buttons.filter((_, i) => data.hits[i].label === name)]);
      row.className = "row";
      return row;
    }),
  );
  select(data.selected);

  const step = data.duration <= 3 ? 0.5 : data.duration <= 8 ? 1 : 5;
  $(".times").replaceChildren(
    ...Array.from({ length: Math.floor(data.duration / step) + 1 }, (_, k) => {
      const tick = make("span", [k ? `${k * step}` : "0 s"]);
      tick.style.left = percent(k * step);
      return tick;
    }),
  );
  if (data.autoplay) player.play();
  root.end = () => {
    painting.stop();
    player.end();
  };
  return root.end;
}
