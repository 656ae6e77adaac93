"""Chromium without a window, driven over a pipe by the DevTools protocol.

JSON messages that end with NUL, on file descriptors 3 and 4: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_S = 60.0
# Without those that keep it from the network, it asks for Google's hosts all the time.
FLAGS = (
    "--headless",
    "--no-sandbox",  # which is not to be had as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


def find() -> str | None:
    """The program; ``None`` where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Request:
    """What a page asked for, and what it got."""

    url: str
    status: int = 0  # 0 for nothing yet
    type: str = ""  # Document, Stylesheet, Script, Image, Font, Other …
    mime: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # of the response, names in lower case
    is_cached: bool = False  # came out of the browser's cache, without asking anybody
    failure: str = ""


class Chromium:
    """A browser of its own, with an empty cache, until the end of the block."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()

        def place() -> None:  # in the child: the pipes may have any numbers, and perhaps 3 and 4
            high = [os.dup(commands), os.dup(events)]
            for number, pipe in enumerate(high, 3):
                os.dup2(pipe, number)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self._profile.name}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=place,
        )
        os.close(commands)
        os.close(events)
        self._id = 0
        self._received: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._kept: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        self.call("Browser.close")
        self._process.wait(TIMEOUT_S)
        os.close(self._commands)
        self._reader.join()
        self._profile.cleanup()

    def _read(self) -> None:
        with os.fdopen(self._events, "rb") as events:
            rest = b""
            while chunk := events.read1(1 << 16):
                *messages, rest = (rest + chunk).split(b"\0")
                for message in messages:
                    self._received.put(json.loads(message))
        self._received.put(None)

    def next(self) -> dict[str, Any]:
        """The next message. Raises `EOFError` if the browser has ended, `queue.Empty` if it is silent."""
        message = self._received.get(timeout=TIMEOUT_S)
        if message is None:
            raise EOFError("the browser has ended")
        return message

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The result of *method*. Events that come before it are kept for `events`."""
        self._id += 1
        message = {"id": self._id, "method": method, "params": parameters}
        os.write(
            self._commands, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        )
        while True:
            answer = self.next()
            if answer.get("id") == self._id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._kept.append(answer)

    def event(self) -> dict[str, Any]:
        """The next message that is no answer."""
        return self._kept.pop(0) if self._kept else self.next()

    @contextmanager
    def open(self, width: int = 1280, height: int = 900) -> Iterator[Page]:
        """A page of that size in pixels, in a tab of its own, which shares the cache with the others."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for method in ("Page.enable", "Network.enable", "Runtime.enable", "Log.enable"):
            page.call(method)
        page.call("Page.setLifecycleEventsEnabled", enabled=True)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        page.call("Emulation.setDeviceMetricsOverride", **size)
        yield page
        self.call("Target.closeTarget", targetId=target)


class Page:
    """What happens in one tab."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        self._workers = {session}
        self._quiet: set[str] = set()  # loaders whose network has been idle
        self.requests: dict[str, Request] = {}
        self.errors: list[str] = []
        browser.call(
            "Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True
        )

    def goto(self, url: str) -> list[Request]:
        """Every request for *url*, once the network is idle."""
        self.requests.clear()
        loader = self._browser.call("Page.navigate", self._session, url=url)["loaderId"]
        self.until(lambda: loader in self._quiet)
        return list(self.requests.values())

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for what events bring about."""
        while not is_so():
            self._take(self._browser.event())

    def run(self, script: str) -> Any:
        """What *script* is, or comes to if it is a promise. Raises `RuntimeError` if it fails."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"].get("description", script))
        return result["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Of the tab; see `Chromium.call`."""
        return self._browser.call(method, self._session, **parameters)

    def _take(self, event: dict[str, Any]) -> None:
        if event.get("sessionId") in self._workers:
            handle = getattr(self, "_" + event["method"].replace(".", "_"), None)
            if handle is not None:
                handle(event["params"])

    def _Page_lifecycleEvent(self, event: dict[str, Any]) -> None:
        if event["name"] == "networkIdle":
            self._quiet.add(event["loaderId"])

    def _Target_attachedToTarget(self, event: dict[str, Any]) -> None:
        """A worker, whose own requests count too."""
        session = event["sessionId"]
        self._workers.add(session)
        self._browser.call("Network.enable", session)
        self._browser.call("Runtime.enable", session)
        self._browser.call("Runtime.runIfWaitingForDebugger", session)

    def _Network_requestWillBeSent(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if not url.startswith("data:"):  # which nobody is asked for
            self.requests[event["requestId"]] = Request(url, type=event.get("type", ""))

    def _Network_requestServedFromCache(self, event: dict[str, Any]) -> None:
        self._request(event).is_cached = True

    def _Network_responseReceived(self, event: dict[str, Any]) -> None:
        request, response = self._request(event), event["response"]
        request.status, request.mime, request.type = response["status"], response["mimeType"], event["type"]
        request.headers = {name.lower(): value for name, value in response["headers"].items()}
        request.is_cached = request.is_cached or response["fromDiskCache"]

    def _Network_loadingFailed(self, event: dict[str, Any]) -> None:
        self._request(event).failure = event["errorText"]

    def _request(self, event: dict[str, Any]) -> Request:
        """One of the page before, which is still going on, is nobody's."""
        return self.requests.get(event["requestId"], Request(""))

    def _Runtime_exceptionThrown(self, event: dict[str, Any]) -> None:
        details = event["exceptionDetails"]
        self.errors.append(details.get("exception", {}).get("description", details["text"]))

    def _Runtime_consoleAPICalled(self, event: dict[str, Any]) -> None:
        if event["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(each.get("value")) for each in event["args"]))

    def _Log_entryAdded(self, event: dict[str, Any]) -> None:
        """What the browser itself says, such as that an integrity or a request failed."""
        if event["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")
