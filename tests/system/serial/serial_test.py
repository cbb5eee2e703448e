#!/usr/bin/env python3
"""Serial ports of dragoman-system on all kinds of back ends. serial_test.py DRAGOMAN-SYSTEM ECHO

ECHO is a bare-metal program (echo.S) that says "ready", echoes, and ends with status 7 on 'q'."""

import fcntl
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM, ECHO = sys.argv[1:3]
PATIENCE = 60  # seconds that no test needs
FLOOD = bytes(ord("a") + i % 26 for i in range(100000))


def machine(*options, **streams):
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    command = [PROGRAM, "-machine", "virt", "-bios", "none", "-display", "none", "-kernel", ECHO, *options]
    return subprocess.Popen(command, **streams)


def read_until(read, text):
    """Reads until `text` is there. @returns all that was read"""
    got = b""
    while text not in got:
        more = read()
        if not more:
            raise AssertionError(f"{text!r} did not come: {got[-200:]!r}")
        got += more
    return got


class Serial(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *options, **streams):
        process = machine(*options, **streams)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def finish(self, process, status=7):
        """Waits for the end. @returns what is left of stdout and stderr"""
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, status, err)
        return out, err

    def connect(self, path):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(PATIENCE)
        while True:
            try:
                client.connect(path)
                return client
            except (FileNotFoundError, ConnectionRefusedError):
                pass

    def refuse(self, names, *options):
        process = self.start(*options)
        out, err = self.finish(process, 1)
        self.assertEqual(out, b"")
        self.assertEqual(err.count(b"\n"), 1, err)
        self.assertIn(names, err.decode())

    # What works

    def test_stdio(self):
        process = self.start("-serial", "stdio", "-monitor", "none", stdin=subprocess.PIPE)
        out, err = process.communicate(b"hello\nworld\nq", timeout=PATIENCE)
        self.assertEqual((process.returncode, out, err), (7, b"ready\nhello\nworld\n", b""))

    def test_input_longer_than_every_buffer(self):
        text = b"0123456789abcde\n" * 2000
        process = self.start("-serial", "stdio", "-monitor", "none", stdin=subprocess.PIPE)
        out, _ = process.communicate(text.replace(b"b", b"B") + b"q", timeout=PATIENCE)
        self.assertEqual(out, b"ready\n" + text.replace(b"b", b"B"))

    def test_input_from_a_file(self):
        with open(self.path("input"), "wb") as file:
            file.write(b"1 2 3\nq")
        with open(self.path("input"), "rb") as file:
            process = self.start("-serial", "stdio", "-monitor", "none", stdin=file)
            self.assertEqual(self.finish(process)[0], b"ready\n1 2 3\n")

    def test_unix_server(self):
        path = self.path("s")
        process = self.start("-serial", f"unix:{path},server=on,wait=off")
        first = self.connect(path)
        first.sendall(b"one")
        read_until(lambda: first.recv(100), b"one")
        first.close()
        second = self.connect(path)
        second.sendall(b"two")
        read_until(lambda: second.recv(100), b"two")
        second.sendall(b"q")
        self.finish(process)
        self.assertFalse(os.path.exists(path))

    def test_server_that_waits_loses_nothing(self):
        path = self.path("s")
        process = self.start("-serial", f"unix:{path},server=on")
        self.assertIn(path.encode(), process.stderr.readline())
        client = self.connect(path)
        read_until(lambda: client.recv(100), b"ready\n")
        client.sendall(b"q")
        self.finish(process)

    def test_tcp_client(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE)
            process = self.start("-chardev", f"socket,id=c,host=127.0.0.1,port={server.getsockname()[1]}", "-serial", "chardev:c")
            peer, _ = server.accept()
            with peer:
                peer.settimeout(PATIENCE)
                read_until(lambda: peer.recv(100), b"ready\n")
                peer.sendall(b"q")
                self.finish(process)

    def test_client_comes_back(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(PATIENCE)
            process = self.start("-serial", f"tcp:127.0.0.1:{server.getsockname()[1]},reconnect-ms=10")
            for text in (b"one", b"two"):
                peer, _ = server.accept()
                with peer:
                    peer.settimeout(PATIENCE)
                    peer.sendall(text)
                    read_until(lambda: peer.recv(100), text)
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"q")
                self.finish(process)

    def test_telnet(self):
        path = self.path("s")
        process = self.start("-chardev", f"socket,id=c,path={path},server=on,wait=on,telnet=on", "-serial", "chardev:c")
        client = self.connect(path)
        self.assertTrue(read_until(lambda: client.recv(100), b"ready\n").startswith(b"\xff\xfb"))
        client.sendall(b"\xff\xfd\x01x\xff\xf3")  # DO ECHO, 'x', BREAK
        read_until(lambda: client.recv(100), b"break\n")
        client.sendall(b"q")
        self.finish(process)

    def test_pipe(self):
        path = self.path("p")
        os.mkfifo(path + ".in")
        os.mkfifo(path + ".out")
        process = self.start("-serial", f"pipe:{path}")
        with open(path + ".out", "rb", buffering=0) as output, open(path + ".in", "wb", buffering=0) as to_guest:
            read_until(lambda: output.read(100), b"ready\n")
            to_guest.write(b"q")
            self.finish(process)

    def test_pty(self):
        process = self.start("-serial", "pty", "-monitor", "none")
        line = process.stdout.readline().decode()
        path = re.fullmatch(r"char device redirected to (\S+) \(label serial0\)\n", line).group(1)
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        os.write(fd, b"hi\r")
        self.assertIn(b"hi\r", read_until(lambda: os.read(fd, 100), b"\r"))
        os.write(fd, b"q")
        self.finish(process)
        os.close(fd)

    def test_two_users_of_one_terminal(self):
        process = self.start("-nographic", stdin=subprocess.PIPE)
        for keys, answer in ((b"", b"ready\n"), (b"x", b"x"), (b"\x01cinfo status\n", b"VM status: running"),
                             (b"\x01c\x01\x01", b"\x01"), (b"\x01b", b"break\n"), (b"\x01h", b"C-a x")):
            process.stdin.write(keys)
            process.stdin.flush()
            read_until(lambda: os.read(process.stdout.fileno(), 1000), answer)
        self.assertIn(b"terminated", process.communicate(b"\x01x", timeout=PATIENCE)[0])
        self.assertEqual(process.returncode, 0)

    def test_slow_reader_loses_nothing(self):
        path = self.path("s")
        process = self.start("-serial", f"unix:{path},server=on")
        client = self.connect(path)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"f.")
        got = read_until(lambda: client.recv(100), b".")
        self.assertEqual(got, b"ready\n" + FLOOD + b".")
        client.sendall(b"q")
        self.finish(process)

    # Terminals

    def on_terminal(self, end):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        before = termios.tcgetattr(slave)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = self.start("-nographic", stdin=slave, stdout=slave, preexec_fn=own_terminal)
        read_until(lambda: os.read(master, 100), b"ready")
        self.assertEqual(termios.tcgetattr(slave)[3] & (termios.ECHO | termios.ICANON | termios.ISIG), 0)
        end(process, master)
        process.wait(timeout=PATIENCE)
        self.assertEqual(termios.tcgetattr(slave), before)

    def test_terminal_is_given_back(self):
        self.on_terminal(lambda process, master: os.write(master, b"q"))
        self.on_terminal(lambda process, master: os.write(master, b"\x01x"))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT):
            self.on_terminal(lambda process, master: process.send_signal(number))

        def crash(process, _):
            while process.poll() is None:  # the first one only takes the engine's handler away
                process.send_signal(signal.SIGSEGV)
                time.sleep(0.01)

        self.on_terminal(crash)

    def test_terminal_is_given_back_while_stopped(self):
        shell, terminal = pty.fork()
        if shell == 0:
            os.execvp("sh", ["sh", "-i"])
        self.addCleanup(os.waitpid, shell, 0)
        self.addCleanup(os.close, terminal)

        def expect_raw(raw):
            deadline = time.monotonic() + PATIENCE
            while (termios.tcgetattr(terminal)[3] & termios.ECHO == 0) != raw:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)

        def say(text, answer):
            os.write(terminal, text)
            read_until(lambda: os.read(terminal, 1000), answer)

        command = f"{PROGRAM} -machine virt -bios none -display none -kernel {ECHO} -serial stdio -monitor none\n"
        say(b"PS1='pro''mpt '\n", b"prompt ")
        say(command.encode(), b"ready")
        expect_raw(True)
        say(b"\x1a", b"prompt ")
        expect_raw(False)
        os.write(terminal, b"fg\n")
        expect_raw(True)
        say(b"xyz", b"xyz")
        say(b"q", b"prompt ")
        expect_raw(False)
        os.write(terminal, b"exit\n")

    # What goes wrong on the host

    def test_sigterm_keeps_what_was_written(self):
        path = self.path("out")
        process = self.start("-serial", f"file:{path}")
        while not (os.path.exists(path) and os.path.getsize(path) == len("ready\n")):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.finish(process, 0)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"ready\n")

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            process = self.start("-serial", "stdio", "-monitor", "none", stdin=subprocess.PIPE, stdout=full)
            _, err = process.communicate(b"fq", timeout=PATIENCE)
        self.assertEqual(process.returncode, 7)
        self.assertIn(b"No space left", err)

    def test_broken_pipe(self):
        process = self.start("-serial", "stdio", "-monitor", "none", stdin=subprocess.PIPE)
        process.stdout.close()
        process.stdin.write(b"ffq")
        process.stdin.close()
        self.assertEqual(process.wait(timeout=PATIENCE), 7)

    def test_closed_standard_streams(self):
        path = self.path("s")
        process = self.start("-serial", f"unix:{path},server=on,wait=off", "-monitor", "stdio",
                             preexec_fn=lambda: (os.close(0), os.close(1), os.close(2)))
        client = self.connect(path)
        client.sendall(b"q")
        self.assertEqual(process.wait(timeout=PATIENCE), 7)

    # What is refused

    def test_bad_options(self):
        self.refuse("bogus", "-serial", "bogus")
        self.refuse("'none-such'", "-serial", "chardev:none-such")
        self.refuse("display", "-serial", "vc")
        self.refuse("/no/such", "-serial", "file:/no/such/directory/file")
        self.refuse("/no/such", "-serial", "pipe:/no/such/pipe")
        self.refuse("/no/such", "-serial", "unix:/no/such/socket")
        self.refuse("too long", "-serial", "unix:/" + "x" * 200 + ",server=on")
        self.refuse("colour", "-chardev", "null,id=a,colour=red")
        self.refuse("'a'", "-chardev", "null,id=a", "-chardev", "null,id=a")
        self.refuse("'id'", "-chardev", "null")
        self.refuse("in use", "-serial", "stdio", "-monitor", "stdio")
        self.refuse("in use", "-chardev", "null,id=a", "-serial", "chardev:a", "-monitor", "chardev:a")
        self.refuse("HOST:PORT", "-serial", "tcp:nowhere")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
