"""Takes client.py through all its calls against a running daemon: python3 scenario.py <base url> <image> <image that is not there>.

The image needs a shell, grep, cat and sleep. The mount zone must have a directory `data` with a file `note`, the environment zone a
directory `tools` with a file `tool`. Prints the calls it has made; whatever is wrong ends it with an exit code other than 0.
"""

import http.server
import json
import sys
import threading
import time

from client import ApiError, Client

COUNTS = {}


class Counting(Client):
    """Counts which calls were made."""

    def __getattribute__(self, name):
        value = super().__getattribute__(name)
        if not name.startswith("_") and callable(value):
            COUNTS[name] = COUNTS.get(name, 0) + 1
        return value


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps the bodies of deliveries."""

    bodies = []

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        Receiver.bodies.append(json.loads(self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def equal(expected, actual):
    assert expected == actual, "%r expected, %r came" % (expected, actual)


def refused(status, code, call, *arguments, **fields):
    """The call must be refused in this way; gives the error's body."""
    try:
        answer = call(*arguments, **fields)
    except ApiError as error:
        equal((status, code), (error.status, error.body["code"]))
        assert error.body["error"] and error.body["request_id"], error.body
        assert "failed (%d): {" % status in str(error), str(error)
        return error.body
    raise AssertionError("not refused: %r" % (answer,))


def until(condition, seconds=20.0):
    """Asks until it is so."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "not within %s s" % seconds
        time.sleep(0.05)


def host(client):
    equal("ok", client.health()["status"])
    assert client.issue_token()["session_token"].startswith("sess_")
    assert client.resources()["memory"]["total_bytes"] > 0
    assert client.diagnose_oom()["risk_level"] in ("low", "medium", "high", "critical")
    assert client.warm_pool()["memory_mb"] > 0
    assert client.refill_warm_pool()["refill_total"] >= 0
    assert client.cleanup_exec_tasks()["deleted_rows"] >= 0


def sandboxes(client, image, missing):
    needed = refused(409, "image_pull_needed", client.create_sandbox, image=missing)
    equal((True, missing), (needed["image_pull_needed"], needed["resolved_image"]))
    made = client.create_sandbox(image=image, labels={"task": "42"}, memory_limit_mb=128)
    equal(("running", image, 128, "42"), (made["status"], made["image"], made["memory_limit_mb"], made["labels"]["task"]))
    box = made["sandbox_id"]
    equal([box], [item["sandbox_id"] for item in client.list_sandboxes()["items"]])
    equal(box, client.get_sandbox(box)["sandbox_id"])
    refused(404, "not_found", client.get_sandbox, "sbx_000000000000")
    return box


def commands(client, box, url):
    waited = client.exec_command(box, "echo out; echo err >&2; exit 3", wait=True)
    equal(("failed", 3, "out\n", "err\n", "command exited with status 3"),
          (waited["status"], waited["exit_code"], waited["stdout"], waited["stderr"], waited["error"]))
    begun = client.exec_command(box, "echo begun; sleep 600")
    equal("running", begun["status"])
    until(lambda: client.get_exec(box, begun["id"])["stdout"] == "begun\n")
    late = client.exec_command(box, "sleep 2; echo late", wait=True, wait_timeout_seconds=1)
    equal(("running", "still running after wait timeout (1s); call get_exec with exec_id=%s to continue polling" % late["id"]),
          (late["status"], late["error"]))
    equal("cancelling", client.cancel_exec(box, begun["id"])["status"])
    until(lambda: client.get_exec(box, begun["id"])["status"] == "cancelled")
    told = client.exec_command(box, "exit 5", webhook_url=url)
    equal(True, told["webhook_subscription"]["created"])
    again = client.subscribe_exec_webhook(box, told["id"], url)
    equal(("ok", False, True), (again["status"], again["created"], again["duplicate_ignored"]))
    until(lambda: [b for b in Receiver.bodies if b["payload"]["exec_id"] == told["id"]])
    equal([("err", 5)], [(b["status"], b["payload"]["exit_code"]) for b in Receiver.bodies])
    page = client.list_exec_tasks(limit=2)
    equal(2, len(page["items"]))
    rest = client.list_exec_tasks(limit=2, cursor=page["next_cursor"])
    equal(4, len({item["id"] for item in page["items"] + rest["items"]}))


def snapshots(client, box):
    client.exec_command(box, "echo before > /file", wait=True)
    snapshot = client.create_snapshot(box)
    equal([snapshot["id"]], [item["id"] for item in client.list_snapshots(box)["items"]])
    client.exec_command(box, "echo after > /file", wait=True)
    unknown = refused(404, "snapshot_not_found", client.rollback, box, "snap_000000000000")
    equal("snapshot not found: snap_000000000000; available snapshot ids: " + snapshot["id"], unknown["error"])
    equal(("running", box), (lambda back: (back["status"], back["sandbox_id"]))(client.rollback(box, snapshot["id"])))
    equal("before\n", client.exec_command(box, "cat /file", wait=True)["stdout"])


def memory(client, box):
    equal(128, client.memory_pressure(box)["current_limit_mb"])
    grown = client.expand_memory(box, target_mb=256)
    equal((True, 128, 256), (grown["triggered"], grown["from_mb"], grown["to_mb"]))
    refused(400, "target_not_above_current", client.expand_memory, box, target_mb=200)


def zones(client, box):
    assert "/data" in client.list_mount_workspaces()["items"]
    mount = client.mount_path(box, "/data", "/mnt/data")
    equal([mount["id"]], [item["id"] for item in client.list_mounts(box)["items"]])
    equal("of the host\n", client.exec_command(box, "cat /mnt/data/note", wait=True)["stdout"])
    equal({"ok": True}, client.unmount_path(box, mount["id"]))
    equal([], client.list_mounts(box)["items"])
    refused(400, "path_not_allowed", client.mount_path, box, "/../etc", "/mnt/etc")
    assert "/tools" in client.list_environment_workspaces()["items"]
    equal("ok", client.copy_environment(box, "/tools", "/opt/tools")["status"])
    equal("a tool\n", client.exec_command(box, "cat /opt/tools/tool", wait=True)["stdout"])


def code(client, box):
    written = client.write_code(box, "/src/a.txt", write_mode="replace_file", content="one\ntwo\n")
    equal(("ok", ["a.txt"]), (written["status"], written["applied_files"]))
    edited = client.write_code(box, "/src/a.txt", old_text="two", new_text="three")
    equal("ok", edited["status"])
    equal("error", client.write_code(box, "/src/a.txt", old_text="nowhere", new_text="x")["status"])
    equal(("ok", "2:three\n"), (lambda found: (found["status"], found["stdout"]))(client.read(box, "grep", ["-n", "three", "/src/a.txt"])))
    refused(400, "read_only_violation", client.read, box, "sed", ["-i", "s/a/b/", "/src/a.txt"])


def workflow(client, image):
    run = client.run_workflow([
        {"action": "create_sandbox", "sandbox_id": "anything", "image": image, "image_pull_policy": "notify"},
        {"action": "exec_command", "command": "echo 42"},
        {"action": "create_snapshot"},
        {"action": "delete_sandbox"},
        {"action": "exec_command", "command": "true"},
    ])
    equal(["succeeded", "succeeded", "succeeded", "succeeded", "failed"], [step["status"] for step in run["steps"]])
    equal("42\n", run["steps"][1]["result"]["stdout"])
    equal((client.session_token, True), (run["session_token"], run["stopped_early"]))


def main(base_url, image, missing):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Counting(base_url)
    host(client)
    box = sandboxes(client, image, missing)
    commands(client, box, "http://127.0.0.1:%d/hook" % server.server_port)
    snapshots(client, box)
    memory(client, box)
    zones(client, box)
    code(client, box)
    workflow(client, image)
    equal({"ok": True}, client.delete_sandbox(box))
    refused(404, "not_found", client.delete_sandbox, box)
    client.session_token = "sess_00000000000000000000000000000000"
    refused(401, "unauthenticated", client.list_sandboxes)
    calls = {name for name in vars(Client) if not name.startswith("_")}
    equal(set(), calls - set(COUNTS))
    print("%d calls, %d kinds of %d" % (sum(COUNTS.values()), len(COUNTS), len(calls)))


if __name__ == "__main__":
    main(*sys.argv[1:])
