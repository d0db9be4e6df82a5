# SPDX-License-Identifier: MIT
"""A headless Chromium that a test drives by its debugging protocol, over two pipes.

with Browser(folder) as browser:
    browser.open(path, width=360)
    browser.evaluate("document.title")
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT = 30  # seconds that an answer may take


def browser_path():
    """Of the first that is installed; None: none is."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One process with one page. What the page logs, throws or asks for is in .problems and .requests."""

    def __init__(self, folder):
        self.folder, self.count, self.session = folder, 0, None
        self.problems, self.requests = [], []
        self.buffer = b""

    def __enter__(self):
        theirs_in, self.output = os.pipe()
        self.input, theirs_out = os.pipe()

        def place():
            # The protocol's descriptors are 3 and 4; what is there may be one of ours.
            low_in, low_out = os.dup(theirs_in), os.dup(theirs_out)
            high_in, high_out = os.dup2(low_in, 60), os.dup2(low_out, 61)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        args = [browser_path(), "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                "--disable-background-networking", "--disable-dev-shm-usage", f"--user-data-dir={self.folder}/profile", "about:blank"]
        if os.geteuid() == 0:
            args.insert(1, "--no-sandbox")
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=place, close_fds=False, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        os.close(self.output)
        os.close(self.input)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    # ---- the protocol ----

    def receive(self, until):
        """The next message, or None when the time is over."""
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0:
                return None
            if select.select([self.input], [], [], left)[0]:
                got = os.read(self.input, 1 << 20)
                if not got:
                    raise RuntimeError("the browser is gone")
                self.buffer += got
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.problems.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def send(self, method, params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.output, data):]
        return self.count

    def call(self, method, **params):
        number, until = self.send(method, params), time.monotonic() + TIMEOUT
        while True:
            message = self.receive(until)
            if message is None:
                raise RuntimeError(f"no answer to {method}")
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def wait_for(self, method):
        until = time.monotonic() + TIMEOUT
        while True:
            message = self.receive(until)
            if message is None:
                raise RuntimeError(f"no {method}")
            self.note(message)
            if message.get("method") == method:
                return

    # ---- what a test does ----

    def open(self, path, width=1280, height=900, dark=False, script=True, fragment="", mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url="about:blank")
        self.wait_for("Page.loadEventFired")
        self.problems.clear()
        self.requests.clear()
        self.call("Page.navigate", url=f"file://{path}{fragment}")
        self.wait_for("Page.loadEventFired")

    def evaluate(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def key(self, name, text=None):
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Tab": 9}
        params = {"key": name, "windowsVirtualKeyCode": codes.get(name, ord(name[0].upper()))}
        if text or len(name) == 1 or name == "Enter":
            params["text"] = text or ("\r" if name == "Enter" else name)
        self.call("Input.dispatchKeyEvent", type="keyDown", **params)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def drag(self, x, y, to_x, to_y, steps=8):
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        for i in range(1, steps + 1):
            self.mouse("mouseMoved", x + (to_x - x) * i / steps, y + (to_y - y) * i / steps, button="left", buttons=1)
        self.mouse("mouseReleased", to_x, to_y, button="left", clickCount=1)

    def click(self, x, y):
        self.drag(x, y, x, y, steps=1)

    def screenshot(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))
