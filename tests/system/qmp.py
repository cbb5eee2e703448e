"""A client of a machine's QMP socket, for tests."""

import json
import socket
import time


class Qmp:
    def __init__(self, path, patience=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        deadline = time.monotonic() + patience
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.lines = self.socket.makefile("rw")
        self.events = []
        assert "QMP" in json.loads(self.lines.readline())
        self.run("qmp_capabilities")

    def ask(self, name, **arguments):
        """The answer to a command, with its errors. Events that come before it are kept."""
        self.lines.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.lines.flush()
        while True:
            answer = json.loads(self.lines.readline())
            if "event" not in answer:
                return answer
            self.events.append(answer)

    def run(self, name, **arguments):
        answer = self.ask(name, **arguments)
        assert "return" in answer, (name, arguments, answer)
        return answer["return"]

    def error(self, name, **arguments):
        answer = self.ask(name, **arguments)
        assert "error" in answer, (name, arguments, answer)
        return answer["error"]

    def monitor(self, line):
        return self.run("human-monitor-command", **{"command-line": line})

    def wait_for(self, name):
        """The data of the next event of that name; others before it are dropped."""
        while True:
            event = self.events.pop(0) if self.events else json.loads(self.lines.readline())
            if event.get("event") == name:
                return event.get("data", {})
