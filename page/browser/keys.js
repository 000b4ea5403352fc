const ROW = 35; // pixels, of a row of Streamlit's table; its head is as high
const PATIENCE = 60; // frames that a new table may take to be drawn

let shown = null; // the component's element while the keys are on

/** What Streamlit does not do for a page that is used by keys: it gives them back, and the table follows them. */
export default function keys({ data, parentElement }) {
  const seen = parentElement.querySelector("i");
  if (data.row !== null && seen.row !== `${data.table} ${data.row}`) showRow(data.row);
  seen.row = `${data.table} ${data.row}`;
  shown = data.areOn ? seen : null;
}

// Once and for all: Streamlit ends a component before each time that it begins again, and a key in between would be lost.
for (const [name, does] of Object.entries({ keydown: onKey, click: leavePage })) {
  document.addEventListener(name, (event) => shown?.isConnected && does(event), true);
}

function onKey(event) {
  leaveList(event);
  leaveWords(event);
}

/** A choice from a list leaves the cursor in it, where letters search the list: here they are keys of the page. */
function leaveList(event) {
  const list = document.activeElement;
  const isPlain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isPlain || list?.role !== "combobox" || list.getAttribute("aria-expanded") === "true") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  list.blur();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, code: event.code, bubbles: true }));
}

/** Enter ends the typing of words, unless it only chooses among letters, as in Japanese. */
function leaveWords({ key, target, isComposing }) {
  if (key === "Enter" && !isComposing && target.closest?.(".st-key-words")) requestAnimationFrame(() => target.blur());
}

/** A click beside everything puts the cursor on the page itself, and the next key would draw a frame around it. */
function leavePage() {
  if (document.activeElement?.matches("main")) document.activeElement.blur();
}

function showRow(row, left = PATIENCE) {
  const table = document.querySelector(".st-key-listed .dvn-scroller");
  if (!table?.clientHeight || table.scrollHeight < ROW * (row + 1)) {
    if (left) requestAnimationFrame(() => showRow(row, left - 1));
    return;
  }
  const room = table.clientHeight - ROW;
  const above = ROW * row;
  if (above < table.scrollTop || above + ROW > table.scrollTop + room) table.scrollTop = above - room / 2;
}
