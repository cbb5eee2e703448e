"""A machine's serial console, for tests that type at it."""
import os
import re
import select
import subprocess
import sys
import time

SYSTEM = os.environ.get("DRAGOMAN_TEST_SYSTEM") or os.path.expanduser("~/.cache/dragoman-tests/system")


class Console:
    """The serial console of a machine whose standard streams are pipes."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = ""

    def expect(self, pattern, seconds=240):
        """Waits for a match in what has come since the last one."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.output)
            if match:
                self.output = self.output[match.end():]
                return match
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.fail(f"no {pattern!r} within {seconds} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                self.fail(f"the machine ended before {pattern!r}")
            self.output += data.decode(errors="replace")

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def run(self, command, pattern):
        """Runs a shell command whose output is to match; the marker tells output from the echo of the command."""
        self.send(f"{command}; echo st''atus=$?")
        output, status = self.expect(r"([\s\S]*?)status=(\d+)").groups()
        found = re.search(pattern, output)
        if status != "0" or not found:
            self.fail(f"{command!r}: exit status {status}, output {output!r}")
        self.expect(r"# ")
        return found

    def fail(self, message):
        self.process.kill()
        print(self.output[-3000:])
        print(f"{os.path.basename(sys.argv[0])}: {message}")
        sys.exit(1)
