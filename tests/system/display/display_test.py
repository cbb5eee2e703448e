#!/usr/bin/env python3
"""display_test.py DRAGOMAN_SYSTEM pci|device [PICTURE]: boots Debian's kernel with virtio-gpu, keyboard, mouse and tablet. The
kernel's console is on the screen, where what the keyboard types appears; a program's pixels are those of screendump and of VNC; events
of keyboard and pointers, from the monitor, QMP and VNC, arrive at evdev. PICTURE: keeps the console's picture there, as PNG.
Exit status 77: there is no kernel, or it has no modules of these devices."""

import os
import re
import socket
import struct
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), ".."))
from debian_guest import Guest, has_module, is_there  # noqa: E402
from qmp import Qmp  # noqa: E402

PROGRAM, BUS = sys.argv[1:3]
WIDTH, HEIGHT = 800, 600
BARS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0x12, 0x34, 0x56)]
EVENT = struct.Struct("<qqHHi")  # of riscv64


def read_ppm(path):
    data = open(path, "rb").read()
    match = re.match(rb"P6\n(\d+) (\d+)\n255\n", data)
    return int(match[1]), int(match[2]), data[match.end():]


def read_png(path):
    data, at, pixels = open(path, "rb").read(), 8, b""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2)
        elif kind == b"IDAT":
            pixels += body
        at += 12 + length
    rows, out = zlib.decompress(pixels), bytearray()
    for y in range(height):
        row = bytearray(rows[y * (3 * width + 1):(y + 1) * (3 * width + 1)])
        assert row[0] == 1
        for i in range(4, len(row)):
            row[i] = (row[i] + row[i - 3]) & 255
        out += row[1:]
    return width, height, bytes(out)


class Vnc:
    """A client as RFC 6143 has it, with the encoding Raw."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        assert self.read(12) == b"RFB 003.008\n"
        self.socket.sendall(b"RFB 003.008\n")
        assert self.read(2) == b"\1\1"
        self.socket.sendall(b"\1\1")
        assert self.read(4) == bytes(4)
        self.width, self.height = struct.unpack(">HH", self.read(4))
        name = self.read(struct.unpack(">16xI", self.read(20))[0])
        assert b"Dragoman" in name, name

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the server has closed"
            data += part
        return data

    def picture(self):
        """Rows of RGB."""
        self.socket.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        pixels = bytearray(3 * self.width * self.height)
        kind, count = struct.unpack(">BxH", self.read(4))
        assert kind == 0
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", self.read(12))
            assert encoding == 0
            for row in range(y, y + height):
                data = self.read(4 * width)
                rgb = bytearray(3 * width)
                rgb[0::3], rgb[1::3], rgb[2::3] = data[2::4], data[1::4], data[0::4]
                at = 3 * (row * self.width + x)
                pixels[at:at + 3 * width] = rgb
        return bytes(pixels)

    def key(self, keysym):
        for down in 1, 0:
            self.socket.sendall(struct.pack(">BBxxI", 4, down, keysym))

    def pointer(self, x, y, buttons):
        self.socket.sendall(struct.pack(">BBHH", 5, buttons, x, y))


def wait_for(what, condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen")


class Events:
    """What a program reads from an evdev device."""

    def __init__(self, guest, name):
        self.guest = guest
        text = guest.run("cat /proc/bus/input/devices")
        match = re.search(rf'Name="{name}"[\s\S]*?Handlers=[^\n]*?(event\d+)', text)
        assert match, text
        self.file = "/tmp/" + match[1]
        guest.run(f"cat /dev/input/{match[1]} >{self.file} & sleep 1")

    def expect(self, *expected):
        """The events, without reports, from the beginning on."""
        def read():
            data = bytes.fromhex("".join(self.guest.run(f"hexdump -ve '1/1 \"%02x\"' {self.file}").split()))
            events = [EVENT.unpack(data[i:i + EVENT.size])[2:] for i in range(0, len(data) // EVENT.size * EVENT.size, EVENT.size)]
            self.seen = [event for event in events if event[0] != 0]
            return len(self.seen) >= len(expected)
        try:
            wait_for("the events", read)
        except AssertionError:
            raise AssertionError(f"{self.file}: {self.seen}, not {expected}") from None
        assert self.seen[:len(expected)] == list(expected), (self.seen, expected)


def check_screen(guest, qmp, folder):
    """A program's pixels on the screen."""
    size = guest.run("cat /sys/class/graphics/fb0/virtual_size /sys/class/graphics/fb0/stride /sys/class/graphics/fb0/name")
    assert re.search(rf"{WIDTH},{HEIGHT}\s+{4 * WIDTH}\s+virtio_gpu", size), size
    guest.run("echo 0 >/sys/class/vtconsole/vtcon1/bind")
    row = " ".join(f"printf '{''.join(chr(92) + f'{c:03o}' for c in (b, g, r, 0))}';" for r, g, b in BARS)
    guest.run(f"for i in 1 2 3 4; do {row} done >/tmp/row; while [ $(wc -c </tmp/row) -lt {4 * WIDTH * HEIGHT} ]; do "
              f"cat /tmp/row /tmp/row >/tmp/more; mv /tmp/more /tmp/row; done; head -c {4 * WIDTH * HEIGHT} /tmp/row >/tmp/picture")
    guest.run("cat /tmp/picture >/dev/fb0")
    expected = (bytes(sum(BARS, ())) * (WIDTH * HEIGHT // len(BARS)))[:3 * WIDTH * HEIGHT]
    path = f"{folder}/shot"

    def shown():
        qmp.run("screendump", filename=path)
        return read_ppm(path) == (WIDTH, HEIGHT, expected)
    wait_for("the picture", shown)
    assert qmp.monitor(f"screendump {path}.png -f png") == ""
    assert read_png(path + ".png") == (WIDTH, HEIGHT, expected)
    qmp.run("screendump", filename=path, device="gpu", head=0, format="png")
    assert read_png(path) == (WIDTH, HEIGHT, expected)
    answer = qmp.ask("screendump", filename=path, device="nothing")
    assert "error" in answer, answer
    assert "Error" in qmp.monitor("screendump /nowhere/at/all")
    guest.run("echo 1 >/sys/class/vtconsole/vtcon1/bind")
    return expected


def check_input(guest, qmp):
    keyboard, mouse, tablet = (Events(guest, f"QEMU Virtio {name}") for name in ("Keyboard", "Mouse", "Tablet"))
    qmp.monitor("sendkey ctrl-c")
    expected = [(1, 29, 1), (1, 46, 1), (1, 46, 0), (1, 29, 0)]
    keyboard.expect(*expected)
    qmp.run("input-send-event", events=[{"type": "key", "data": {"down": True, "key": {"type": "number", "data": 0x1e}}},
                                        {"type": "key", "data": {"down": False, "key": {"type": "qcode", "data": "a"}}}])
    qmp.run("send-key", keys=[{"type": "qcode", "data": "f12"}], **{"hold-time": 10})
    expected += [(1, 30, 1), (1, 30, 0), (1, 88, 1), (1, 88, 0)]
    keyboard.expect(*expected)
    qmp.monitor("mouse_move 10 -20")
    mouse.expect((2, 0, 10), (2, 1, -20))
    qmp.run("input-send-event", events=[{"type": "abs", "data": {"axis": "x", "value": 1000}},
                                        {"type": "abs", "data": {"axis": "y", "value": 32767}},
                                        {"type": "btn", "data": {"button": "left", "down": True}}])
    tablet.expect((3, 0, 1000), (3, 1, 32767), (1, 0x110, 1))
    assert "QEMU Virtio Tablet (absolute)" in qmp.monitor("info mice")
    assert any(one["current"] and one["absolute"] for one in qmp.run("query-mice"))
    for line, wrong in ("sendkey nokey", "invalid parameter: nokey"), ("mouse_move x 1", "'x' is no number"), ("sendkey", "needs keys"):
        assert wrong in qmp.monitor(line), line
    answer = qmp.ask("send-key", keys=[{"type": "qcode", "data": "nokey"}])
    assert "does not accept value" in answer["error"]["desc"], answer
    return tablet


def check_typing(guest, qmp, folder, keep):
    """A shell on the screen gets what is typed, and its answer is to be seen."""
    guest.run("(setsid sh -c 'exec sh </dev/tty1 >/dev/tty1 2>&1') & sleep 1")
    blank = f"{folder}/blank"
    qmp.run("screendump", filename=blank)
    for key in "e", "c", "h", "o", "spc", "t", "y", "p", "e", "d", "shift-dot", "slash", "t", "m", "p", "slash", "o", "u", "t", "ret":
        qmp.monitor(f"sendkey {key} 20")
    wait_for("the command", lambda: "typed" in guest.run("cat /tmp/out 2>/dev/null; true"))
    for key in "u", "n", "a", "m", "e", "spc", "minus", "a", "ret":
        qmp.monitor(f"sendkey {key} 20")
    path = f"{folder}/console"

    def changed():
        qmp.run("screendump", filename=path)
        width, height, pixels = read_ppm(path)
        return (width, height) == (WIDTH, HEIGHT) and sum(a != b for a, b in zip(pixels[::3], read_ppm(blank)[2][::3])) > 1500
    wait_for("the answer on the screen", changed)
    time.sleep(0.5)
    if keep:
        qmp.run("screendump", filename=keep, format="png")


def check_vnc(guest, qmp, port, folder, tablet):
    client = Vnc(port)
    assert (client.width, client.height) == (WIDTH, HEIGHT)
    qmp.run("stop")  # so that nothing blinks
    picture = client.picture()
    qmp.run("screendump", filename=f"{folder}/now")
    assert read_ppm(f"{folder}/now")[2] == picture
    qmp.run("cont")
    before = len(tablet.seen)
    client.pointer(WIDTH - 1, 0, 4)
    wait_for("the pointer", lambda: tablet.expect(*tablet.seen) or len(tablet.seen) >= before + 3)
    assert tablet.seen[before:before + 2] == [(3, 0, 32767), (3, 1, 0)], tablet.seen
    client.key(0xff0d)  # what has been typed so far is a line of its own
    for character in "echo by vnc >/tmp/vnc":
        client.key(ord(character)) if character != ">" else [
            client.socket.sendall(struct.pack(">BBxxI", 4, down, keysym)) for down, keysym in ((1, 0xffe1), (1, ord(">")), (0, ord(">")), (0, 0xffe1))]
    client.key(0xff0d)
    wait_for("the command", lambda: "by vnc" in guest.run("cat /tmp/vnc 2>/dev/null; true"))
    assert qmp.run("query-vnc")["service"] == str(port)
    # Somebody who speaks otherwise does no harm.
    with socket.create_connection(("127.0.0.1", port), 60) as other:
        other.recv(12)
        other.sendall(os.urandom(4096))
    assert client.picture()


def main():
    if not is_there() or not has_module("virtio-gpu"):
        print("skipped: there is no kernel with modules of screens (tests/system/boot/fetch.sh)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        options = ["-append", "console=tty0 console=ttyS0 quiet vt.global_cursor_default=0",
                   "-vnc", f"127.0.0.1:{port - 5900}", "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
                   "-global", "virtio-mmio.force-legacy=off", "-device", f"virtio-gpu-{BUS},id=gpu,xres={WIDTH},yres={HEIGHT}"]
        for name in "keyboard", "mouse", "tablet":
            options += ["-device", f"virtio-{name}-{BUS}"]
        guest = Guest(PROGRAM, options)
        try:
            qmp = Qmp(folder + "/qmp")
            check_screen(guest, qmp, folder)
            check_typing(guest, qmp, folder, sys.argv[3] if len(sys.argv) > 3 else None)
            tablet = check_input(guest, qmp)
            check_vnc(guest, qmp, port, folder, tablet)
        finally:
            guest.process.kill()
            guest.process.wait()


main()
