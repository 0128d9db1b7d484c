#!/usr/bin/env python3
"""Talks to the guest agent of a test machine, for scripts/vm.sh. FOLDER is the machine's run folder.

vm-agent.py FOLDER wait [SECONDS]        until the machine has started
vm-agent.py FOLDER exec COMMAND...       standard input goes along when it is no terminal; ends with the command's exit code
vm-agent.py FOLDER push FILE PATH        copies a file into the machine, with its mode
vm-agent.py FOLDER pull PATH FILE        copies a file out of it
vm-agent.py FOLDER ports                 lines of: port in the machine, port here
"""
import base64
import fcntl
import json
import os
import socket
import sys
import time

folder, verb, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]


def connect(name, deadline=None):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(deadline)
    connection.connect(os.path.join(folder, name))
    return connection


class Agent:
    def __init__(self, seconds=30):
        self.socket = connect("agent.sock", seconds)
        self.lines = self.socket.makefile("rb")
        # The byte 255 ends whatever an earlier client left half-written; answers to earlier clients come before the one with this number.
        number = time.time_ns() % 10**9
        self.send({"execute": "guest-sync", "arguments": {"id": number}}, b"\xff")
        while json.loads(self.lines.readline()).get("return") != number:
            pass

    def send(self, request, before=b""):
        self.socket.sendall(before + json.dumps(request).encode() + b"\n")

    def answer(self):
        line = json.loads(self.lines.readline())
        if "error" in line:
            sys.exit("the guest agent refused: " + line["error"]["desc"])
        return line["return"]

    def call(self, name, **arguments):
        self.send({"execute": name, "arguments": arguments})
        return self.answer()

    def start(self, command, stdin=None):
        given = {"input-data": base64.b64encode(stdin).decode()} if stdin else {}
        environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        return self.call("guest-exec", path=command[0], arg=command[1:], env=environment, **{"capture-output": True}, **given)["pid"]

    def finish(self, pid):
        pause = 0.005
        while True:
            status = self.call("guest-exec-status", pid=pid)
            if status["exited"]:
                out, err = (base64.b64decode(status.get(key, "")) for key in ("out-data", "err-data"))
                return status.get("exitcode", 128 + status.get("signal", 0)), out, err
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)

    def must(self, *command):
        status, _, err = self.finish(self.start(list(command)))
        if status != 0:
            sys.exit(f"{' '.join(command)} ended with status {status}: {err.decode(errors='replace').strip()}")


def wait(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            agent = Agent(1)
            status, out, _ = agent.finish(agent.start(["systemctl", "is-system-running", "--wait"]))
            return print(out.decode().strip())
        except (ConnectionRefusedError, FileNotFoundError):
            sys.exit("the machine has ended")
        except (OSError, ValueError):
            time.sleep(0.2)
    sys.exit(f"the machine did not answer within {seconds} s; see {folder}/serial.log")


PORT = "/dev/virtio-ports/sleigh.data"


def push(source, path):
    if path.endswith("/"):
        path += os.path.basename(source)
    size, mode = os.path.getsize(source), format(os.stat(source).st_mode & 0o7777, "o")
    agent = Agent()
    # What nobody reads would be taken for the next file, so a full disk does not stop the reading.
    keep = '{ cat > "$2" || { cat > /dev/null; false; }; }'
    script = 'mkdir -p "$(dirname "$2")"; head -c "$1" < %s | %s && chmod "$3" "$2"' % (PORT, keep)
    pid = agent.start(["sh", "-c", script, "sh", str(size), path, mode])
    with connect("data.sock") as data, open(source, "rb") as content:
        while chunk := content.read(1 << 18):
            data.sendall(chunk)
        status, _, err = agent.finish(pid)
    if status != 0:
        sys.exit(f"could not write {path}: {err.decode(errors='replace').strip()}")


def pull(path, target):
    if os.path.isdir(target):
        target = os.path.join(target, os.path.basename(path))
    agent = Agent()
    status, out, err = agent.finish(agent.start(["stat", "-Lc", "%s %a", path]))
    if status != 0:
        sys.exit(err.decode(errors="replace").strip())
    left, mode = int(out.split()[0]), int(out.split()[1], 8)
    with connect("data.sock") as data, open(target, "wb") as content:
        pid = agent.start(["sh", "-c", 'head -c "$1" "$2" > %s' % PORT, "sh", str(left), path])
        while left and (chunk := data.recv(min(left, 1 << 18))):
            content.write(chunk)
            left -= len(chunk)
        agent.finish(pid)
    os.chmod(target, mode)


def execute(command):
    stdin = None if sys.stdin.isatty() else sys.stdin.buffer.read()
    agent = Agent()
    status, out, err = agent.finish(agent.start(command, stdin))
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    sys.exit(status)


def ports():
    with connect("qmp.sock", 10) as control:
        lines = control.makefile("rb")
        for command, given in (("qmp_capabilities", {}), ("human-monitor-command", {"command-line": "info usernet"})):
            control.sendall(json.dumps({"execute": command, "arguments": given}).encode() + b"\n")
        answers = [answer["return"] for answer in (json.loads(lines.readline()) for _ in range(3)) if "return" in answer]
    for words in (line.split() for line in answers[-1].splitlines()):
        # TCP[HOST_FORWARD] fd 127.0.0.1 port 10.0.2.15 port 0 0
        if words and words[0] == "TCP[HOST_FORWARD]":
            print(words[5], words[3])


# One at a time: the agent and the data port know no clients.
with open(os.path.join(folder, "agent.lock"), "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    {"wait": lambda: wait(float(arguments[0]) if arguments else 120),
     "exec": lambda: execute(arguments),
     "push": lambda: push(*arguments),
     "pull": lambda: pull(*arguments),
     "ports": ports}[verb]()
