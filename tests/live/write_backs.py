"""What the tests of write-backs share: hosts that write, and a way to the server that breaks off behind its back."""
import contextlib
import http.server
import json
import subprocess
import threading
import urllib.error
import urllib.request


class Pusher:
    """A connector in a process of its own, as a host would use it; it can be one of several at the same time."""

    def __init__(self, program, settings, secret, **options):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.send({"settings": settings, "secret": secret, **options})

    def send(self, asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the connector ended"
        return json.loads(line)

    def ask(self, **asked):
        self.send(asked)
        return self.answer()

    def push(self, write):
        return self.ask(push=write)

    def find(self, write):
        return self.ask(find=write)

    def row(self, touched):
        """The row of a receipt's first touched record, as the stream reads it now."""
        row, = self.ask(rows={"entity": touched[0]["entity"], "ids": [touched[0]["external_id"]]})
        return row

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Way(http.server.ThreadingHTTPServer):
    """A proxy on loopback. After `cut(part)` the next request with that part in its body reaches the server, which
    answers, and the answer is lost: the connection closes without a byte of it. `before(part, what)` does something
    just before such a request goes on; `refuse(part, status)` answers it in the server's place."""

    def __init__(self, url):
        self.url_behind = url
        self.rules, self.lost = [], 0
        super().__init__(("127.0.0.1", 0), Passage)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def cut(self, part):
        self.rules.append((part, "cut", None))

    def before(self, part, what):
        self.rules.append((part, "before", what))

    def refuse(self, part, status):
        self.rules.append((part, "refuse", status))

    def rule_for(self, body):
        for rule in self.rules:
            if rule[0] in body:
                self.rules.remove(rule)
                return rule
        return "", "", None

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Passage(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        _, verb, what = self.server.rule_for(body.decode())
        if verb == "refuse":
            return self.reply(what, {}, b"not now")
        if verb == "before":
            what()
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
        request = urllib.request.Request(self.server.url_behind + self.path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                status, head, content = reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as e:
            status, head, content = e.code, e.headers, e.read()
        if verb == "cut":
            self.server.lost += 1
            self.close_connection = True
            return None
        return self.reply(status, head, content)

    def reply(self, status, head, content):
        self.send_response_only(status)
        for name in ("Content-Type", "Date"):
            if name in head:
                self.send_header(name, head[name])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def write(kind, target, body, key, base=None):
    entity, external_id = target
    return {"key": key, "kind": kind, "target": {"entity": entity, "external_id": str(external_id)}, "body": body,
            "base": base}


def once_in_spite_of_a_cut(pusher, way, wanted, call):
    """The server commits, its answer is lost: nobody knows, find() knows, and a second push changes nothing."""
    absent = pusher.find(wanted)
    assert absent["state"] == "absent", absent
    lost = way.lost
    way.cut(call)
    unknown = pusher.push(wanted)
    assert way.lost == lost + 1, f"the request {call} was not sent: {unknown}"
    assert unknown.get("error") == "timeout", unknown
    found = pusher.find(wanted)
    assert found["state"] == "confirmed" and found["remote_id"], found
    again = pusher.push(wanted)
    assert again == found, (again, found)
    return found


def eight_at_once(make_pusher, wanted):
    """Eight hosts push the same write in the same moment: all end confirmed, after what they may ask again."""
    with contextlib.ExitStack() as stack:
        pushers = [stack.enter_context(make_pusher()) for _ in range(8)]
        for pusher in pushers:
            pusher.ask(check=True)  # Logged in.
        for pusher in pushers:
            pusher.send({"push": wanted})
        answers = [pusher.answer() for pusher in pushers]
        for i, answer in enumerate(answers):
            for _ in range(10):
                if answers[i].get("error") != "unavailable":
                    break
                answers[i] = pushers[i].push(wanted)
            assert answers[i].get("state") == "confirmed", (answer, answers[i])
        return pushers[0].find(wanted)
