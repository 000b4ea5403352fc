"""A visitor without a browser: opens the page, drops files, clicks, and sees what is on the page.

It speaks as Streamlit's own frontend does: BackMsg and ForwardMsg (streamlit/proto) over
the websocket, uploads as multipart PUT to the url that the server gives, sounds by GET.
The pictures of a sound come as data, over the websocket.
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

PATIENCE = 120.0
"""Seconds without a message while a run goes on, after which a request counts as unanswered."""
NO_ANSWER = (OSError, LookupError, WebSocketException)
"""What a visitor's call raises then, or where the connection breaks, or where the page lacks what is to be clicked."""


@dataclass(frozen=True)
class Upload:
    """A file as the server knows it."""

    name: str
    size: int
    urls: FileURLs


class Visitor:
    """One browser tab. To be used by one thread; closed by `close` or the end of a with block.

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
        What lies in the uploader.
    """

    def __init__(self, address: str):
        self.address = address
        self.picture = Picture()
        self.session = ""
        self.uploads: list[Upload] = []
        self._answers: dict[str, object] = {}
        self._states: dict[str, WidgetState] = {}
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy has no business on the loopback
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
        """Ask for a run of the page's script, and do not wait for it."""
        here = self.picture.widget_ids()
        self._states = {key: state for key, state in self._states.items() if key in here}
        message = BackMsg()
        message.rerun_script.widget_states.widgets.extend([*self._states.values(), *([trigger] if trigger else [])])
        message.rerun_script.context_info.timezone = "Etc/UTC"
        message.rerun_script.context_info.url = self.address
        message.rerun_script.context_info.color_scheme = "light"
        self._socket.send(message.SerializeToString())

    def run(self, trigger: WidgetState | None = None) -> None:
        """Ask for a run and wait for its end; raises TimeoutError."""
        started, finished = self.picture.n_started, self.picture.n_finished
        self.ask(trigger)
        self.wait_until(lambda: self.picture.n_started > started and self.picture.n_finished > finished)

    def wait_until(self, is_so, patience: float = PATIENCE) -> None:
        """Take in what comes until something is so; raises TimeoutError when nothing comes for too long."""
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
        """Take in what comes for some seconds."""
        end = time.monotonic() + duration
        while (left := end - time.monotonic()) > 0:
            try:
                self.take_in(left)
            except TimeoutError:
                return

    def put(self, name: str, data: bytes) -> Upload:
        """Send a file's bytes; the page does not yet know of it."""
        (urls,) = self.ask_for_urls([name])
        answer = self._http.put(
            self.address + urls.upload_url, files={name: (name, data, "application/octet-stream")}, timeout=PATIENCE
        )
        answer.raise_for_status()
        return Upload(name, len(data), urls)

    def ask_for_urls(self, names: list[str]) -> list[FileURLs]:
        """Where the server wants files to be sent to."""
        message = BackMsg()
        request = message.file_urls_request
        request.request_id, request.session_id = str(uuid.uuid4()), self.session
        request.file_names.extend(names)
        return list(self._request(message, request.request_id).file_urls)

    def show_uploads(self) -> None:
        """Set the uploader to what lies in it, without asking for a run."""
        state = FileUploaderState()
        for upload in self.uploads:
            state.uploaded_file_info.add(
                name=upload.name, size=upload.size, file_id=upload.urls.file_id, file_urls=upload.urls
            )
        key = self.picture.widget("file_uploader", "").id
        self._states[key] = WidgetState(id=key, file_uploader_state_value=state)

    def upload(self, *files: tuple[str, bytes]) -> None:
        """Drop files on the uploader, beside those that are there, and wait for the result with its pictures."""
        self.uploads += [self.put(name, data) for name, data in files]
        self.show_uploads()
        self.run()
        self.fetch_files()

    def remove_uploads(self) -> None:
        """Click the cross at every file in the uploader."""
        for upload in self.uploads:
            self._http.delete(self.address + upload.urls.delete_url, timeout=PATIENCE).raise_for_status()
        self.uploads = []
        self.show_uploads()
        self.run()

    def fetch_files(self) -> int:
        """Load images and sounds, as the browser does; returns their bytes."""
        urls = self.picture.images + [audio.url for audio in self.picture.all("audio")]
        return sum(len(self.fetch(url)) for url in urls)

    def fetch(self, url: str) -> bytes:
        """One file from the server."""
        answer = self._http.get(self.address + url, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.content

    def choose(self, label: str, option: str) -> None:
        """Click an option of a group of pills, or a segment; it is written so, or with a picture before it."""
        self.set_choice(label, option)
        self.run()

    def set_choice(self, label: str, option: str) -> None:
        """What `choose` does, without asking for a run."""
        group = self.picture.widget("button_group", label)
        known = {re.sub(r"^!\[\]\(\S*\) ", "", written.content): written.content for written in group.options}
        if option not in known:
            raise LookupError(f"{label!r} has no option {option!r}.")
        self._states[group.id] = _choice(group.id, [known[option]])

    def tell(self, component: str, state: str) -> None:
        """Send what a component of this name has to say, in JSON if it is a browser that says it."""
        part = next(part for part in self.picture.all("bidi_component") if part.component_name == component)
        self._states[part.id] = WidgetState(id=part.id, json_value=state)
        self.run()

    def click(self, label: str) -> None:
        """Click a button, and do not wait."""
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
        """Take over a value that the server gives a widget; an uploader that is new is empty."""
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
