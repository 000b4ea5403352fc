/** A choice from a list leaves the cursor in it, where letters search the list: here they are keys of the page. */
export default function keys({ data }) {
  const onKey = (event) => {
    const list = document.activeElement;
    const isPlain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isPlain || list?.role !== "combobox" || list.getAttribute("aria-expanded") === "true") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    list.blur();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, code: event.code, bubbles: true }));
  };
  if (data.areOn) document.addEventListener("keydown", onKey, true);
  return () => document.removeEventListener("keydown", onKey, true);
}
