#!/usr/bin/env python3
"""network_test.py DRAGOMAN_SYSTEM: two machines with Debian's kernel on one network (stream socket, then datagrams), a dump of what
passes, and ports that are forwarded into and out of the user network.
Exit status 77: there is no kernel."""

import os
import socket
import struct
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from debian_guest import PATIENCE, Guest, expect, is_there

PROGRAM = sys.argv[1]


def set_up(guest, address):
    guest.run(f"ip link set lo up; ip link set eth0 up; ip addr add {address}/24 dev eth0")


def check_pair(options_a, options_b):
    """Both hear each other, and a large stream arrives as it was."""
    with Guest(PROGRAM, options_a) as first, Guest(PROGRAM, options_b) as second:
        set_up(first, "10.1.0.1")
        set_up(second, "10.1.0.2")
        expect(second.run("ping -c 3 10.1.0.1"), "3 packets received")
        first.run("nc -l -p 99 >/got & sleep 1")
        digest = second.run("head -c 20000000 /dev/urandom >/data; sha256sum </data; nc 10.1.0.1 99 </data").split()[0]
        expect(first.run("wait; sha256sum </got"), digest)


def frames(path):
    """The frames of a pcap file."""
    data = open(path, "rb").read()
    assert struct.unpack("<IHH", data[:8]) == (0xa1b2c3d4, 2, 4)
    at, found = 24, []
    while at < len(data):
        captured = struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at + 16:at + 16 + captured])
        at += 16 + captured
    return found


def check_forwards(folder):
    """The guest reaches a command and a server of the host; the monitor opens a way into it."""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    monitor = folder + "/monitor"

    def answer():
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"host heard " + connection.recv(100))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with Guest(PROGRAM, ["-nic", f"user,guestfwd=tcp:10.0.2.100:7-tcp:127.0.0.1:{port},guestfwd=tcp:10.0.2.101:8-cmd:rev",
                            "-monitor", f"unix:{monitor},server,nowait"]) as guest:
        set_up(guest, "10.0.2.15")
        expect(guest.run("(echo hello; sleep 2) | timeout 3 nc 10.0.2.100 7 || true"), "host heard hello")
        expect(guest.run("(echo drawkcab; sleep 2) | nc 10.0.2.101 8"), "backward")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            outer = probe.getsockname()[1]
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(monitor)
            control.sendall(f"hostfwd_add tcp:127.0.0.1:{outer}-:22\ninfo usernet\n".encode())
            said = ""
            while "HOST_FORWARD" not in said:
                said += control.recv(4096).decode()
        guest.run("(echo from inside; sleep 2) | nc -l -p 22 >/got & sleep 1")
        with socket.create_connection(("127.0.0.1", outer), PATIENCE) as connection:
            connection.sendall(b"from outside")
            expect(connection.recv(100).decode(), "from inside")
        expect(guest.run("wait; cat /got"), "from outside")


def main():
    if not is_there():
        print("skipped: there is no kernel (tests/system/boot/fetch.sh)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        dump = folder + "/dump"
        mac = "52:54:00:00:00:01"
        check_pair(["-netdev", f"stream,id=n,server=on,addr.type=unix,addr.path={folder}/s", "-device", "virtio-net-pci,netdev=n",
                    "-object", f"filter-dump,id=d,netdev=n,file={dump}"],
                   ["-nic", f"stream,addr.type=unix,addr.path={folder}/s,mac={mac}"])
        seen = frames(dump)
        assert sum(len(frame) for frame in seen) > 20_000_000, len(seen)
        assert any(frame[6:12] == bytes.fromhex(mac.replace(":", "")) for frame in seen)
        check_pair(["-nic", f"dgram,local.type=unix,local.path={folder}/a,remote.type=unix,remote.path={folder}/b"],
                   ["-nic", f"dgram,local.type=unix,local.path={folder}/b,remote.type=unix,remote.path={folder}/a,mac={mac}"])
        check_forwards(folder)


main()
