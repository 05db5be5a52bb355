"""A way to a server that breaks off behind its back, or that nobody trusts."""
import http.server
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request


class Way(http.server.ThreadingHTTPServer):
    """A proxy on loopback. After `cut(part)` the next request with that part in its body reaches the server, which
    answers, and the answer is lost: the connection closes without a byte of it. `before(part, what)` does something
    just before such a request goes on; `refuse(part, status)` answers it in the server's place. With `is_secret` it
    speaks TLS, with a certificate that nobody but the holder of the file `certificate` trusts."""

    def __init__(self, url, is_secret=False):
        self.url_behind = url
        self.rules, self.lost = [], 0
        self.requests = []  # (path, headers, body) of what came.
        super().__init__(("127.0.0.1", 0), Passage)
        self.url = f"http{'s' if is_secret else ''}://127.0.0.1:{self.server_port}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-way-"))
        self.certificate = self.folder / "certificate.pem"
        if is_secret:
            self.speak_tls()
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def speak_tls(self):
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                        self.certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

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
        shutil.rmtree(self.folder)


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
        self.server.requests.append((self.path, headers, body))
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
