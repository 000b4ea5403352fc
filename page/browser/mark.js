/** Tells the map which sound is the current one, in a message of its own: the map's is megabytes, and stays the same. */
export default function mark({ data }) {
  document.currentSound = data.current;
  document.dispatchEvent(new Event("currentsound"));
}
