"""A client of the base API, written from the table of section 1.2 of the contract alone: what an existing client sends, and how long it
waits. It shares no code with the server or its tests, knows no field but by name, and uses the standard library only.

It is ours: the clients that are really out there are not within reach of these tests.
"""

import json
import urllib.error
import urllib.parse
import urllib.request


class ApiError(Exception):
    """The server refused. The text is all that an agent sees."""

    def __init__(self, method, path, status, body):
        super().__init__("%s %s failed (%d): %s" % (method, path, status, json.dumps(body)))
        self.status = status
        self.body = body


class Client:
    """The thirty calls of the base API."""

    def __init__(self, base_url, session_token=None):
        self.base_url = base_url.rstrip("/")
        self.session_token = session_token

    # Transport.

    def _call(self, method, path, body=None, query=None, timeout=30.0):
        url = self.base_url + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, method=method)
        if body is not None:
            request.data = json.dumps(body).encode("utf-8")
            request.add_header("Content-Type", "application/json")
        elif method == "POST":
            # No body, no type, but a length.
            request.add_header("Content-Length", "0")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                text = response.read()
                if response.status == 204 or not text:
                    return {"ok": True}
                return json.loads(text)
        except urllib.error.HTTPError as refused:
            text = refused.read()
            try:
                answer = json.loads(text)
            except ValueError:
                raise AssertionError("%s %s: the error is no JSON: %r" % (method, path, text))
            raise ApiError(method, path, refused.code, answer) from None

    def _get(self, path, timeout=30.0, **query):
        return self._call("GET", path, query=dict(session_token=self.session_token, **query), timeout=timeout)

    def _delete(self, path):
        return self._call("DELETE", path, query={"session_token": self.session_token})

    def _post(self, path, timeout=30.0, **fields):
        """A field that is None is not sent."""
        body = {"session_token": self.session_token}
        body.update((name, value) for name, value in fields.items() if value is not None)
        return self._call("POST", path, body=body, timeout=timeout)

    # The host.

    def health(self):
        return self._call("GET", "/healthz")

    def issue_token(self):
        answer = self._call("POST", "/sessions/token")
        self.session_token = answer["session_token"]
        return answer

    def resources(self):
        return self._call("GET", "/resources")

    def diagnose_oom(self):
        return self._call("GET", "/diagnostics/oom")

    def cleanup_exec_tasks(self):
        return self._call("POST", "/maintenance/exec-tasks/cleanup")

    def warm_pool(self):
        return self._call("GET", "/warm-pool")

    def refill_warm_pool(self):
        return self._call("POST", "/warm-pool/refill")

    # Sandboxes.

    def create_sandbox(self, image="python:3.11-slim", image_pull_policy="notify", **rest):
        return self._post("/sandboxes", timeout=180.0, image=image, image_pull_policy=image_pull_policy, **rest)

    def list_sandboxes(self):
        return self._get("/sandboxes")

    def get_sandbox(self, sandbox_id):
        return self._get("/sandboxes/" + sandbox_id)

    def delete_sandbox(self, sandbox_id):
        return self._delete("/sandboxes/" + sandbox_id)

    def create_snapshot(self, sandbox_id):
        return self._post("/sandboxes/%s/snapshots" % sandbox_id)

    def list_snapshots(self, sandbox_id):
        return self._get("/sandboxes/%s/snapshots" % sandbox_id)

    def rollback(self, sandbox_id, snapshot_id, auto_expand=None):
        return self._post("/sandboxes/%s/rollback" % sandbox_id, snapshot_id=snapshot_id, auto_expand=auto_expand)

    # Commands.

    def exec_command(self, sandbox_id, command, wait=None, wait_timeout_seconds=None, webhook_url=None, request_timeout=30.0):
        return self._post("/sandboxes/%s/exec" % sandbox_id, timeout=request_timeout, command=command, wait=wait,
                          wait_timeout_seconds=wait_timeout_seconds, webhook_url=webhook_url)

    def get_exec(self, sandbox_id, exec_id):
        return self._get("/sandboxes/%s/exec/%s" % (sandbox_id, exec_id))

    def cancel_exec(self, sandbox_id, exec_id):
        return self._call("POST", "/sandboxes/%s/exec/%s/cancel" % (sandbox_id, exec_id), query={"session_token": self.session_token})

    def list_exec_tasks(self, limit=20, cursor=None):
        query = {"limit": limit}
        if cursor is not None:
            query["cursor"] = cursor
        return self._get("/sessions/%s/exec-tasks" % self.session_token, **query)

    def subscribe_exec_webhook(self, sandbox_id, exec_id, webhook_url):
        return self._post("/webhooks/exec/subscribe", sandbox_id=sandbox_id, exec_id=exec_id, webhook_url=webhook_url)

    # Memory.

    def memory_pressure(self, sandbox_id):
        return self._get("/sandboxes/%s/memory/pressure" % sandbox_id)

    def expand_memory(self, sandbox_id, target_mb=None, auto_expand=None):
        return self._post("/sandboxes/%s/memory/expand" % sandbox_id, target_mb=target_mb, auto_expand=auto_expand)

    # Directories of the host.

    def list_mounts(self, sandbox_id):
        return self._get("/sandboxes/%s/mounts" % sandbox_id)

    def mount_path(self, sandbox_id, workspace_path, container_path):
        return self._post("/sandboxes/%s/mounts" % sandbox_id, workspace_path=workspace_path, container_path=container_path)

    def unmount_path(self, sandbox_id, mount_id):
        return self._delete("/sandboxes/%s/mounts/%s" % (sandbox_id, mount_id))

    def list_mount_workspaces(self):
        return self._get("/mounts/workspaces")

    def list_environment_workspaces(self):
        return self._get("/environments/workspaces")

    def copy_environment(self, sandbox_id, environment_path, sandbox_path):
        return self._post("/sandboxes/%s/environment/copy" % sandbox_id, environment_path=environment_path, sandbox_path=sandbox_path)

    # Reading, writing, workflows.

    def read(self, sandbox_id, command, args=(), timeout_seconds=None, **rest):
        return self._post("/sandboxes/%s/ops/read" % sandbox_id, timeout=max(30.0, (timeout_seconds or 10) + 5.0), command=command,
                          args=list(args), timeout_seconds=timeout_seconds, **rest)

    def write_code(self, sandbox_id, sandbox_path, timeout_seconds=None, **rest):
        return self._post("/sandboxes/%s/ops/code/write" % sandbox_id, timeout=max(30.0, (timeout_seconds or 120) + 5.0),
                          sandbox_path=sandbox_path, timeout_seconds=timeout_seconds, **rest)

    def run_workflow(self, steps):
        """Every step carries a sandbox_id, create steps too."""
        steps = [dict({"sandbox_id": ""}, **step) for step in steps]
        waits = sum(step.get("wait_timeout_seconds") or 10 for step in steps)
        return self._post("/workflow/run", timeout=max(30.0, waits + 15.0), steps=steps)
