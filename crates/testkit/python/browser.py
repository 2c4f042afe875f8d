"""Chromium without a window, driven over its own pipe (Chrome DevTools Protocol): no driver, no port, no network.

Run by itself it says which Chromium the tests will use, or in one line that there is none.
"""

import base64
import fcntl
import io
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]

# The longest that a page may take for anything, in seconds, on a machine that does other things, too.
PATIENCE = 180


def find():
    """The browser: `PALISADE_TEST_CHROMIUM`, or the first of its usual names."""
    asked = os.environ.get("PALISADE_TEST_CHROMIUM")
    found = shutil.which(asked) if asked else next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        sys.exit(
            "the tests need Chromium or Chrome: install it (Debian: apt-get install chromium) or name it in "
            "PALISADE_TEST_CHROMIUM"
        )
    return found


class Browser:
    """One browser with a profile of its own that is thrown away."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_it, self.out = os.pipe()
        self.into, from_it = os.pipe()
        # Out of the way of the two numbers that they get in the browser.
        to_it, from_it = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_it, from_it))

        def pipes():
            os.dup2(to_it, 3)
            os.dup2(from_it, 4)

        arguments = [
            "--headless",
            "--remote-debugging-pipe",
            f"--user-data-dir={self.profile.name}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            # Every page is looked at: none is made to wait for other programs.
            "--disable-renderer-backgrounding",
            "--disable-background-timer-throttling",
            "--disable-backgrounding-occluded-windows",
            "--force-color-profile=srgb",
            "--hide-scrollbars",
            # No person goes to two hundred places in ten seconds; these scripts do.
            "--disable-ipc-flooding-protection",
            "--no-first-run",
        ]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [find(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            preexec_fn=pipes,
            pass_fds=(3, 4),
        )
        os.close(to_it)
        os.close(from_it)
        self.read = b""
        self.number = 0
        self.pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.profile.cleanup()

    def send(self, method, session=None, **params):
        """Asks and waits for the answer."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        number = self.number
        answer = self.until(lambda said: said if said.get("id") == number else None)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def until(self, wanted):
        """Reads what the browser says until it is what is wanted."""
        end = time.monotonic() + PATIENCE
        while True:
            while b"\0" not in self.read:
                ready, _, _ = select.select([self.into], [], [], max(0, end - time.monotonic()))
                data = os.read(self.into, 1 << 20) if ready else b""
                if not data:
                    self.log.seek(0)
                    raise RuntimeError("the browser said nothing more: " + self.log.read().decode(errors="replace"))
                self.read += data
            line, self.read = self.read.split(b"\0", 1)
            said = json.loads(line)
            if said.get("sessionId") in self.pages and "method" in said:
                self.pages[said["sessionId"]].hear(said["method"], said["params"])
            found = wanted(said)
            if found is not None:
                return found

    def open(self, url, width=1280, height=900, dark=False):
        """A new page, loaded."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        page.size(width, height)
        # It behaves as the page that somebody looks at, whatever other pages there are.
        page.send("Emulation.setFocusEmulationEnabled", enabled=True)
        page.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        page.go(url)
        return page


class Page:
    """One page and everything it complained of."""

    def __init__(self, browser, target, session):
        self.browser = browser
        self.target = target
        self.session = session
        self.loads = 0
        # What was written to the console as a warning or an error, exceptions, and dialogs that somebody opened.
        self.complaints = []
        # What was asked of anything but a file.
        self.requests = []

    def send(self, method, **params):
        return self.browser.send(method, self.session, **params)

    def hear(self, method, params):
        if method == "Page.loadEventFired":
            self.loads += 1
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            said = [str(argument.get("value", argument.get("description"))) for argument in params["args"]]
            self.complaints.append(f"{params['type']}: {' '.join(said)}")
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")
            # Nobody waits for the answer here: this is heard while another one is waited for.
            message = {"id": 0, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            os.write(self.browser.out, json.dumps({**message, "sessionId": self.session}).encode() + b"\0")
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "about:", "blob:")):
                self.requests.append(url)

    def go(self, url):
        """Loads an address and waits for its load event."""
        before = self.loads
        answer = self.send("Page.navigate", url=url)
        if "errorText" in answer:
            raise RuntimeError(f"{url}: {answer['errorText']}")
        # Without a loader it was a move within the page.
        if "loaderId" in answer and self.loads == before:
            self.browser.until(lambda _: True if self.loads > before else None)

    def size(self, width, height):
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def run(self, script):
        """The value of a script; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def call(self, function, *arguments):
        """The value of a function of ours for these arguments."""
        return self.run(f"({function})({', '.join(map(json.dumps, arguments))})")

    def shown(self, script):
        """Waits, frame by frame, until a script is true."""
        wait = """new Promise((good, bad) => {
            const end = performance.now() + %d;
            const look = () => (%s) ? good(true) : performance.now() > end ? good(false) : requestAnimationFrame(look);
            look();
        })"""
        return self.run(wait % (PATIENCE * 500, script))

    def key(self, key, code=None, text=""):
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=code or key,
                windowsVirtualKeyCode={"Tab": 9, "Enter": 13, "Escape": 27}.get(key, 0),
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def picture(self, path=None):
        """The whole page as it looks: a decoded picture."""
        from PIL import Image

        data = base64.b64decode(self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])
        if path:
            with open(path, "wb") as file:
                file.write(data)
        picture = Image.open(io.BytesIO(data))
        picture.load()
        return picture.convert("RGB")

    def twice(self):
        """Names that more than one element has, the hidden ones included."""
        return self.run("""(() => {
            const seen = new Set();
            return [...document.querySelectorAll("[id]")].map(one => one.id).filter(name => seen.size === seen.add(name).size);
        })()""")

    def accessibility(self, axe, **options):
        """What axe-core finds wrong: rule, help, and the places. It judges what is shown and yet reads what is hidden, which in
        our pages is most of it: large parts that nobody sees are out of the document while it looks."""
        if not self.run("typeof axe === 'object'"):
            with open(axe, encoding="utf-8") as file:
                self.run(file.read() + "; 0")
        look = """(() => {
            const away = [];
            const part = one => [...one.children].forEach(child => {
                if (child.checkVisibility()) return part(child);
                if (child.getElementsByTagName("*").length < 50) return;
                const place = document.createComment("");
                child.replaceWith(place);
                away.push([place, child]);
            });
            part(document.body);
            return axe.run(document, %s).then(found => found.violations.map(rule => [
                rule.id, rule.help, rule.nodes.slice(0, 5).map(node => [node.html.slice(0, 300), node.failureSummary])
            ])).finally(() => away.forEach(([place, child]) => place.replaceWith(child)));
        })()"""
        return self.run(look % json.dumps({"resultTypes": ["violations"], **options}))

    def close(self):
        """Nobody looks at it any more."""
        self.browser.send("Target.closeTarget", targetId=self.target)
        del self.browser.pages[self.session]


if __name__ == "__main__":
    print(subprocess.run([find(), "--version"], capture_output=True, text=True, check=True).stdout.strip())
