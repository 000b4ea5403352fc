"""A visitor without a browser, who opens the page, drops files, clicks, and sees what is on the page.

It speaks the protocol of Streamlit's own front end: BackMsg and ForwardMsg (streamlit/proto) over
the websocket, uploads as multipart PUT to the URL that the server gives, sounds by GET.
The pictures of a sound come as data over the websocket.
"""

import re
import time
import uuid
from dataclasses import dataclass

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tools.soak.picture import Picture

PATIENCE = 120.0  # seconds without a message during a run, after which a request counts as unanswered
# Raised after that, if the connection breaks, or if the page lacks the thing to click.
NO_ANSWER = (OSError, LookupError, WebSocketException)


@dataclass(frozen=True)
class Upload:
    """A file as the server knows it."""

    name: str
    size: int
    urls: FileURLs


class Visitor:
    """One browser tab, for use by one thread; `close` or the end of a with block closes it.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:8501``.

    Attributes
    ----------
    picture : Picture
        What is on the page.
    session : str
        The id that the server gave.
    uploads : list of Upload
        Files in the uploader.
    """

    def __init__(self, address: str):
        self.address = address
        self.picture = Picture()
        self.session = ""
        self.uploads: list[Upload] = []
        self._answers: dict[str, object] = {}
        self._states: dict[str, WidgetState] = {}
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy for the loopback interface
        self._socket = connect(
            f"ws{address.removeprefix('http')}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=address,
            max_size=None,
            open_timeout=PATIENCE,
            proxy=None,
        )

    def __enter__(self) -> "Visitor":
        self.run()
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()
        self._http.close()

    def ask(self, trigger: WidgetState | None = None) -> None:
        """Request a run of the page's script without waiting for it."""
        here = self.picture.widget_ids()
        self._states = {key: state for key, state in self._states.items() if key in here}
        message = BackMsg()
        message.rerun_script.widget_states.widgets.extend([*self._states.values(), *([trigger] if trigger else [])])
        message.rerun_script.context_info.timezone = "Etc/UTC"
        message.rerun_script.context_info.url = self.address
        message.rerun_script.context_info.color_scheme = "light"
        self._socket.send(message.SerializeToString())

    def run(self, trigger: WidgetState | None = None) -> None:
        """Request a run and wait for its end; raises TimeoutError."""
        started, finished = self.picture.n_started, self.picture.n_finished
        self.ask(trigger)
        self.wait_until(lambda: self.picture.n_started > started and self.picture.n_finished > finished)

    def wait_until(self, is_so, patience: float = PATIENCE) -> None:
        """Take in messages until a condition holds; raises TimeoutError if none comes for too long."""
        while not is_so():
            self.take_in(patience)

    def take_in(self, patience: float) -> None:
        """Take in one message; raises TimeoutError."""
        message = ForwardMsg.FromString(self._socket.recv(timeout=patience))
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
        elif kind == "file_urls_response":
            self._answers[message.file_urls_response.response_id] = message.file_urls_response
        elif kind == "backend_operation_response":
            self._answers[message.backend_operation_response.request_id] = message.backend_operation_response
        self.picture.take_in(message)
        if kind == "delta":
            self._obey(message.delta)

    def look(self, duration: float) -> None:
        """Take in messages for some seconds."""
        end = time.monotonic() + duration
        while (left := end - time.monotonic()) > 0:
            try:
                self.take_in(left)
            except TimeoutError:
                return

    def put(self, name: str, data: bytes) -> Upload:
        """Send a file's bytes; the page does not know about it yet."""
        (urls,) = self.ask_for_urls([name])
        answer = self._http.put(
            self.address + urls.upload_url, files={name: (name, data, "application/octet-stream")}, timeout=PATIENCE
        )
        answer.raise_for_status()
        return Upload(name, len(data), urls)

    def ask_for_urls(self, names: list[str]) -> list[FileURLs]:
        """URLs to which the server wants files sent."""
        message = BackMsg()
        request = message.file_urls_request
        request.request_id, request.session_id = str(uuid.uuid4()), self.session
        request.file_names.extend(names)
        return list(self._request(message, request.request_id).file_urls)

    def show_uploads(self) -> None:
        """Set the uploader's state to its files, without requesting a run."""
        state = FileUploaderState()
        for upload in self.uploads:
            state.uploaded_file_info.add(
                name=upload.name, size=upload.size, file_id=upload.urls.file_id, file_urls=upload.urls
            )
        key = self.picture.widget("file_uploader", "").id
        self._states[key] = WidgetState(id=key, file_uploader_state_value=state)

    def upload(self, *files: tuple[str, bytes]) -> None:
        """Drop further files on the uploader, and wait for the result with its pictures."""
        self.uploads += [self.put(name, data) for name, data in files]
        self.show_uploads()
        self.run()
        self.fetch_files()

    def remove_uploads(self) -> None:
        """Remove every file from the uploader."""
        for upload in self.uploads:
            self._http.delete(self.address + upload.urls.delete_url, timeout=PATIENCE).raise_for_status()
        self.uploads = []
        self.show_uploads()
        self.run()

    def fetch_files(self) -> int:
        """Load images and sounds as a browser does; returns the number of bytes."""
        urls = self.picture.images + [audio.url for audio in self.picture.all("audio")]
        return sum(len(self.fetch(url)) for url in urls)

    def fetch(self, url: str) -> bytes:
        """One file from the server."""
        answer = self._http.get(self.address + url, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.content

    def choose(self, label: str, option: str) -> None:
        """Click an option in a group of pills or segments, given without the picture before its text."""
        self.set_choice(label, option)
        self.run()

    def set_choice(self, label: str, option: str) -> None:
        """What `choose` does, without requesting a run."""
        group = self.picture.widget("button_group", label)
        known = {re.sub(r"^!\[\]\(\S*\) ", "", written.content): written.content for written in group.options}
        if option not in known:
            raise LookupError(f"{label!r} has no option {option!r}.")
        self._states[group.id] = _choice(group.id, [known[option]])

    def tell(self, component: str, state: str) -> None:
        """Send a state of the component of this name; a browser sends JSON."""
        part = next(part for part in self.picture.all("bidi_component") if part.component_name == component)
        self._states[part.id] = WidgetState(id=part.id, json_value=state)
        self.run()

    def click(self, label: str) -> None:
        """Click a button without waiting."""
        self.ask(WidgetState(id=self.picture.widget("button", label).id, trigger_value=True))

    def download(self, label: str) -> bytes:
        """Click a download button whose file is made on the click."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = str(uuid.uuid4()), self.session
        request.deferred_file.file_id = self.picture.widget("download_button", label).deferred_file_id
        answer = self._request(message, request.request_id)
        if answer.error_msg:
            raise OSError(answer.error_msg)
        return self.fetch(answer.deferred_file.url)

    def _request(self, message: BackMsg, request_id: str):
        self._socket.send(message.SerializeToString())
        self.wait_until(lambda: request_id in self._answers)
        return self._answers.pop(request_id)

    def _obey(self, delta) -> None:
        """Adopt a value that the server sets on a widget; a new uploader is empty."""
        kind = delta.new_element.WhichOneof("type") if delta.WhichOneof("type") == "new_element" else None
        if kind == "button_group" and delta.new_element.button_group.set_value:
            group = delta.new_element.button_group
            self._states[group.id] = _choice(group.id, list(group.raw_values))
        elif kind == "file_uploader" and delta.new_element.file_uploader.id not in self._states:
            self.uploads = []


def _choice(key: str, options: list[str]) -> WidgetState:
    state = WidgetState(id=key)
    state.string_array_value.data.extend(options)
    state.string_array_value.SetInParent()
    return state
