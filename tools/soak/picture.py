"""From ForwardMsg messages to what is on the page, as a browser would show it."""

import json
from collections.abc import Iterator

from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

Path = tuple[int, ...]


class Picture:
    """The elements of one page, in their order on it.

    Attributes
    ----------
    n_started, n_finished : int
        Script runs that began, and those that finished: not those cut short by another.
    is_running : bool
        State of the page's "running" sign.
    """

    def __init__(self):
        self.n_started = self.n_finished = 0
        self.is_running = False
        self._elements: dict[Path, tuple[int, Element | None]] = {}
        self._passing: dict[Path, list[Element]] = {}
        self._compile_errors: list[str] = []

    def take_in(self, message: ForwardMsg) -> None:
        """Apply a message."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.n_started += 1
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "session_status_changed":
            self.is_running = message.session_status_changed.script_is_running
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            self._compile_errors.append(message.session_event.script_compilation_exception.message)
        elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.n_finished += 1
            self._elements = {path: drawn for path, drawn in self._elements.items() if drawn[0] == self.n_started}
            self._passing = {}

    def all(self, kind: str) -> Iterator:
        """Elements of one kind, by the name of their field in Element.proto."""
        standing = [element for _, (_, element) in sorted(self._elements.items(), key=lambda item: item[0])]
        for element in [*standing, *(element for elements in self._passing.values() for element in elements)]:
            if element is not None and element.WhichOneof("type") == kind:
                yield getattr(element, kind)

    def widget(self, kind: str, label: str):
        """The widget of a kind whose label begins like this; raises LookupError."""
        for widget in self.all(kind):
            if widget.label.startswith(label):
                return widget
        raise LookupError(f"There is no {kind} {label!r} on the page.")

    def widget_ids(self) -> set[str]:
        """Ids of all widgets."""
        elements = [element for _, element in self._elements.values() if element is not None]
        widgets = [getattr(element, element.WhichOneof("type")) for element in elements if element.WhichOneof("type")]
        return {widget.id for widget in widgets if getattr(widget, "id", "")}

    @property
    def titles(self) -> list[str]:
        """The largest headings: the verdict."""
        return [heading.body for heading in self.all("heading") if heading.tag == "h1"]

    @property
    def headings(self) -> list[str]:
        """All headings."""
        return [heading.body for heading in self.all("heading")]

    @property
    def texts(self) -> list[str]:
        """Text shown as is: names of files."""
        return [text.body for text in self.all("text")]

    @property
    def alerts(self) -> list[str]:
        """Sentences saying why there is no answer."""
        return [alert.body for alert in self.all("alert")]

    @property
    def exceptions(self) -> list[str]:
        """What nobody should see."""
        return self._compile_errors + [f"{error.type}: {error.message}" for error in self.all("exception")]

    def drawn(self, name: str) -> list[dict]:
        """Data the browser gets to draw, for each component of this name; see page/browser."""
        return [json.loads(part.json) for part in self.all("bidi_component") if part.component_name == name]

    @property
    def images(self) -> list[str]:
        """URL of each image."""
        return [image.url for images in self.all("imgs") for image in images.imgs]

    @property
    def waiting(self) -> list[str]:
        """Texts beside spinners and progress bars."""
        return [spinner.text for spinner in self.all("spinner")] + [bar.text for bar in self.all("progress")]

    def words(self) -> str:
        """Everything that can be read, to search for what must not be there."""
        elements = [element for _, element in self._elements.values() if element is not None]
        return "\n".join(str(element) for element in elements)

    def _draw(self, path: Path, delta) -> None:
        kind = delta.WhichOneof("type")
        if kind == "new_transient":
            self._passing[path] = list(delta.new_transient.elements)
            return
        element = delta.new_element if kind == "new_element" else None  # None: a block, that holds others
        if element is not None:
            below = [other for other in self._elements if other[: len(path)] == path]
            for other in below:
                del self._elements[other]
        self._elements[path] = (self.n_started, element)
