"""A proxy between a connector and the system it reads, which plays the faults of the world on the way: the connector
is given the proxy's address and nothing else changes. It keeps a log of what was asked and what was answered.

    with Proxy("http://127.0.0.1:8069") as proxy:
        proxy.arm(Fault("status", on=3, status=500))       # The third request from now on.
        proxy.arm(Fault("drop_after", method="POST"))      # Carried out, but nobody is told.
"""
import http.client
import http.server
import re
import socket
import struct
import threading
import time
import urllib.parse

# What a fault can be. "Before": the request never reaches the system. "After": it was carried out there.
KINDS = {
    "pass": "forwarded and answered as it is, for the sake of `before` and `after`",
    "status": "before: answered with `status` and, when given, Retry-After: `retry_after`",
    "drop": "before: the connection is closed without an answer",
    "hang": "before: nothing for `seconds`, then closed",
    "status_after": "after: answered with `status`",
    "drop_after": "after: the connection is closed without an answer",
    "reset_after": "after: the connection is reset",
    "late": "after: the answer comes `seconds` late",
    "cut": "after: half of the body, then closed, although the length promised all of it",
    "half": "after: half of the body under a length that fits it",
    "too_long": "after: a length longer than the body, and the connection stays open for `seconds`",
    "drip": "after: the whole body in small pieces over `seconds`",
    "garbage": "after: 200 with a page for people instead of data",
    "empty": "after: 200 with nothing",
    "repeat": "after: what the same path was answered the last time, whatever its parameters were",
}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade", "host"}


class Fault:
    """One fault: of the `on`-th request from now on whose path and body match, and of the `times` - 1 after it."""

    def __init__(self, kind, on=1, times=1, path="", method="", body="", status=500, retry_after=None, seconds=0.0,
                 before=None, after=None):
        assert kind in KINDS, f"{kind} is none of {', '.join(KINDS)}"
        self.kind, self.on, self.times, self.status, self.retry_after = kind, on, times, status, retry_after
        self.path, self.method, self.body, self.seconds = re.compile(path), method, re.compile(body), seconds
        self.before = before or (lambda: None)  # Called before the request is forwarded,
        self.after = after or (lambda: None)    # and when it was carried out, before it is answered.
        self.seen = self.played = 0

    def wants(self, method, path, body):
        if self.method and method != self.method or not self.path.search(path):
            return False
        if not self.body.search(body.decode("utf-8", "replace")):
            return False
        self.seen += 1
        is_due = self.on <= self.seen < self.on + self.times
        self.played += is_due
        return is_due


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Proxy:
    def __init__(self, upstream):
        self.upstream = urllib.parse.urlsplit(upstream)
        self.lock = threading.Lock()
        self.faults, self.log, self.last = [], [], {}
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.url = f"http://127.0.0.1:{self.server.server_port}{self.upstream.path}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def arm(self, *faults):
        """Adds faults. The first that wants a request has it."""
        with self.lock:
            self.faults += faults

    def disarm(self):
        """Ends all faults and forgets the log; what it held."""
        with self.lock:
            held, self.faults, self.log, self.last = self.log, [], [], {}
        return held

    def asked(self, path="", method=""):
        """What was asked so far, as (method, path with parameters, status, kind of the fault or "")."""
        with self.lock:
            return [one for one in self.log if re.search(path, one[1]) and (not method or one[0] == method)]

    def fault_for(self, method, path, body):
        with self.lock:
            due = [fault for fault in self.faults if fault.wants(method, path, body)]
        return due[0] if due else Fault("pass")

    def note(self, method, path, reply, fault):
        bare = path.split("?")[0]
        with self.lock:
            self.log.append((method, path, reply.status if reply else 0, "" if fault.kind == "pass" else fault.kind))
            before, self.last[bare] = self.last.get(bare), reply
        return before

    def forward(self, method, path, headers, body):
        up = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port or 80, timeout=120)
        try:
            up.request(method, path, body, {**headers, "Connection": "close"})
            got = up.getresponse()
            kept = [(name, value) for name, value in got.getheaders() if name.lower() not in HOP_BY_HOP]
            return Reply(got.status, kept, got.read())
        finally:
            up.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # Whoever asked is gone: killed, or tired of waiting.


class Quiet(http.server.BaseHTTPRequestHandler):
    """Requests of any method go to answer(body); headers and body leave in one piece."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, reply, length=None):
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if length is None else length))
        self.end_headers()  # http.server collects them; this writes them.
        self.wfile.write(reply.body)
        self.wfile.flush()

    def any_method(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any_method


class Handler(Quiet):
    def answer(self, body):
        proxy = self.server.proxy
        fault = proxy.fault_for(self.command, self.path, body)
        fault.before()
        if fault.kind in ("status", "drop", "hang"):
            return self.refuse(fault)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        reply = proxy.forward(self.command, self.path, headers, body)
        earlier = proxy.note(self.command, self.path, reply, fault)
        fault.after()
        spoil = getattr(self, "play_" + fault.kind, None)
        if fault.kind == "repeat":
            self.send(earlier or reply)
        elif spoil:
            spoil(fault, reply)
        else:
            self.send(reply)

    def refuse(self, fault):
        said = None
        if fault.kind == "status":
            said = Reply(fault.status, [("Content-Type", "text/plain")], b"not now")
            if fault.retry_after is not None:
                said.headers.append(("Retry-After", str(fault.retry_after)))
        self.server.proxy.note(self.command, self.path, said, fault)
        if said:
            return self.send(said)
        time.sleep(fault.seconds)
        self.close()

    def close(self, resets=False):
        if resets:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        self.close_connection = True

    def play_status_after(self, fault, _):
        self.send(Reply(fault.status, [("Content-Type", "text/plain")], b"something broke"))

    def play_drop_after(self, *_):
        self.close()

    def play_reset_after(self, *_):
        self.close(resets=True)

    def play_late(self, fault, reply):
        time.sleep(fault.seconds)
        self.send(reply)

    def play_cut(self, _, reply):
        self.send(Reply(reply.status, reply.headers, reply.body[:len(reply.body) // 2]), length=len(reply.body))
        self.close()

    def play_half(self, _, reply):
        self.send(Reply(reply.status, reply.headers, reply.body[:len(reply.body) // 2]))

    def play_too_long(self, fault, reply):
        self.send(reply, length=len(reply.body) + 1000)
        time.sleep(fault.seconds)
        self.close()

    def play_drip(self, fault, reply):
        size = max(1, len(reply.body) // 10)
        self.send(Reply(reply.status, reply.headers, reply.body[:size]), length=len(reply.body))
        for at in range(size, len(reply.body), size):
            time.sleep(fault.seconds / 10)
            self.wfile.write(reply.body[at:at + size])

    def play_garbage(self, *_):
        self.send(Reply(200, [("Content-Type", "text/html")], b"<html><body>We will be back soon.</body></html>"))

    def play_empty(self, _, reply):
        self.send(Reply(200, reply.headers, b""))
