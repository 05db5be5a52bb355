"""A real Tryton 6.0 on loopback, on a PostgreSQL of its own, filled with a book of several hundred documents.

By hand: `python3 tests/live/tryton_server.py` prints where it listens and waits for Ctrl-C. In a test:

    with tryton_server.Tryton() as erp:
        erp.call("model.party.party.search", [[], 0, 10, None])

The packages are Debian's, unpacked into a cache and not installed. They and the filled database are kept under
${DUNLIN_TEST_CACHE:-~/.cache/dunlin-tests}, so that a second start takes seconds."""
import base64
import datetime
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("DUNLIN_TEST_CACHE") or pathlib.Path.home() / ".cache/dunlin-tests")
PYTHON = "/usr/bin/python3"  # Debian's: its packages hold modules compiled for it.
MODULES = ["party", "company", "country", "currency", "product", "account", "account_invoice", "account_dunning",
           "account_credit_limit"]
PACKAGES = ["tryton-server", "python3-psycopg2", "python3-tz"] + [f"tryton-modules-{m.replace('_', '-')}" for m in MODULES]
SKIPPED = 77  # What ctest takes for "not run".


class Unreachable(Exception):
    """The archive cannot be reached; the test is skipped with this sentence."""


class RpcError(Exception):
    def __init__(self, status, error):
        super().__init__(f"{status} {error}")
        self.status, self.error = status, error


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))} -> {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def unpacked_packages():
    """Tryton's packages and what they need and this machine lacks, unpacked. Installs nothing."""
    listing = subprocess.run(["apt-get", "-s", "--no-install-recommends", "install", *PACKAGES],
                             capture_output=True, text=True)
    missing = re.findall(r"^Inst (\S+) (?:\[.*?\] )?\((\S+)", listing.stdout, re.M)
    installed = pathlib.Path("/usr/lib/python3/dist-packages/trytond/modules/account_invoice").exists()
    if listing.returncode != 0 or not (missing or installed):
        raise Unreachable("Tryton's Debian packages are not known here: " + (listing.stderr.strip() or "no answer") +
                          "; run apt-get update")
    name = hashlib.sha256(repr(sorted(missing)).encode()).hexdigest()[:16]
    root = CACHE / f"tryton-packages-{name}"
    if not root.exists():
        building = pathlib.Path(tempfile.mkdtemp(prefix="tryton-packages-", dir=CACHE))
        fetched = subprocess.run(["apt-get", "download", "-qq", *(f"{p}={v}" for p, v in missing)], cwd=building,
                                 capture_output=True, text=True)
        if fetched.returncode != 0:
            shutil.rmtree(building)
            raise Unreachable("Debian's archive cannot be reached for Tryton: " + fetched.stderr.strip().splitlines()[-1])
        for package in building.glob("*.deb"):
            run("dpkg-deb", "-x", package, building / "root")
            package.unlink()
        (building / "root").mkdir(exist_ok=True)  # Everything was installed.
        (building / "root").rename(root)
        building.rmdir()
    return root


class Cluster:
    """PostgreSQL in a temporary folder, empty or from an archive, on loopback."""

    def __init__(self, archive=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-tryton-pg-"))
        self.folder.chmod(0o755)
        self.binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.as_user = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.data, self.port, self.process = self.folder / "data", free_port(), None
        if archive:
            with open(archive, "rb") as stream:
                subprocess.run([*self.as_user, "tar", "-x", "-C", self.folder], stdin=stream, check=True)
        else:
            run(*self.as_user, self.binaries / "initdb", "-D", self.data, "-U", "tryton", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", cwd="/")
        self.start()
        if not archive:
            self.sql("postgres", "CREATE DATABASE tryton TEMPLATE template0")

    def start(self):
        dies_with_us = [*(self.as_user or ["setpriv"]), "--pdeathsig", "INT"]
        self.process = subprocess.Popen(
            [*dies_with_us, self.binaries / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder,
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "jit=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        for _ in range(300):
            ready = subprocess.run([self.binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)])
            if ready.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start")

    def sql(self, database, text):
        out = run("psql", "-qtA", "-h", "127.0.0.1", "-p", self.port, "-U", "tryton", "-d", database, "-F", "\x1f",
                  "-v", "ON_ERROR_STOP=1", "-c", text)
        return [line.split("\x1f") for line in out.splitlines()]

    def halt(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.process = None

    def stop(self):
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pack(self, archive):
        """Stops, and writes the data to a file that __init__ takes."""
        self.halt()
        with tempfile.NamedTemporaryFile(dir=archive.parent, delete=False) as out:
            subprocess.run(["tar", "-c", "-C", self.folder, "data"], stdout=out, check=True)
        os.rename(out.name, archive)
        self.start()


class Tryton:
    """url, database, user, password; and call() to look into it and to change it."""

    def __init__(self):
        self.database, self.user, self.password = "tryton", "admin", "admin-secret"
        self.reader, self.reader_password = "dunlin", "reads-only"
        self.cluster = self.server = self.session = None
        CACHE.mkdir(parents=True, exist_ok=True)
        with open(CACHE / "tryton.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.root = unpacked_packages()
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-tryton-"))
            try:
                self.open_book()
            except BaseException:
                self.stop()
                raise
        self.start_server()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def environment(self):
        packages = self.root / "usr/lib/python3/dist-packages"
        libraries = ":".join(str(p) for p in (self.root / "usr/lib").glob("*-linux-gnu"))
        return {**os.environ, "PYTHONPATH": str(packages), "LD_LIBRARY_PATH": libraries, "PYTHONDONTWRITEBYTECODE": "1",
                "TRYTONPASSFILE": str(self.folder / "password")}

    def write_config(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = self.folder / "trytond.conf"
        self.config.write_text(f"""[database]
uri = postgresql://tryton@127.0.0.1:{self.cluster.port}/
[web]
listen = 127.0.0.1:{self.port}
[session]
timeout = 86400
""")
        (self.folder / "password").write_text(self.password + "\n")

    def open_book(self):
        """The filled database: from its archive, or made from that of the empty one, or from nothing."""
        def archive(what, *recipe):
            name = hashlib.sha256(b"".join([self.root.name.encode(), repr(MODULES).encode(), *recipe])).hexdigest()[:16]
            return CACHE / f"tryton-{what}-{name}.tar"

        # The book's last day is the day it was made on.
        book = archive("book", (HERE / "tryton_book.py").read_bytes())
        empty = archive("empty")
        found = next((file for file in (book, empty) if file.exists()), None)
        self.cluster = Cluster(found)
        self.write_config()
        if not found:
            admin = [PYTHON, self.program("trytond-admin"), "-c", self.config, "-d", self.database]
            run(*admin, "--all", "--email", "", "-p", env=self.environment())
            run(*admin, "-u", *MODULES, "--activate-dependencies", env=self.environment())
            self.cluster.pack(empty)
        if found != book:
            run(PYTHON, HERE / "tryton_book.py", self.config, self.database, env=self.environment())
            for old in CACHE.glob("tryton-book-*.tar"):
                old.unlink()
            self.cluster.pack(book)

    def program(self, name):
        own = self.root / "usr/bin" / name
        return own if own.exists() else pathlib.Path("/usr/bin") / name

    def start_server(self):
        self.log = open(self.folder / "log", "w")
        self.server = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", PYTHON, self.program("trytond"), "-c", self.config, "-d", self.database],
                                       env=self.environment(), stdout=self.log, stderr=self.log)
        for _ in range(300):
            try:
                self.version = self.post("", "common.server.version", [])
                return
            except (urllib.error.URLError, ConnectionError, OSError):
                if self.server.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError("Tryton did not start:\n" + (self.folder / "log").read_text()[-3000:])

    def stop_server(self):
        if self.server:
            self.server.terminate()
            self.server.wait()
            self.server = None
        self.session = None

    def stop(self):
        self.stop_server()
        if self.cluster:
            self.cluster.stop()
            self.cluster = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def post(self, database, method, params, headers=None):
        body = json.dumps({"id": 1, "method": method, "params": params}, default=encoded).encode()
        request = urllib.request.Request(f"{self.url}/{database}{'/' if database else ''}", body,
                                         {"Content-Type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                answer = json.loads(reply.read(), object_hook=decoded)
        except urllib.error.HTTPError as e:
            raise RpcError(e.code, e.read()[:200]) from None
        if "error" in answer:
            raise RpcError(200, answer["error"])
        return answer.get("result")

    def call(self, method, params, company=1):
        """As the administrator; warnings are waved through as a person would."""
        if not self.session:
            user, key = self.post(self.database, "common.db.login", [self.user, {"password": self.password}, "en"])
            self.session = base64.b64encode(f"{self.user}:{user}:{key}".encode()).decode()
        context = {"company": company, "language": "en"}
        headers = {"Authorization": "Session " + self.session}
        while True:
            try:
                return self.post(self.database, method, [*params, context], headers)
            except RpcError as e:
                if e.status != 200 or e.error[0] != "UserWarning":
                    raise
                seen = [{"user": 1, "name": e.error[1][0], "always": False}]
                self.post(self.database, "model.res.user.warning.create", [seen, context], headers)

    def read(self, model, domain, fields, company=1):
        return self.call(f"model.{model}.search_read", [domain, 0, None, [["id", "ASC"]], fields], company)

    def wizard(self, name, model, ids, *steps, company=1):
        """Runs (state, form name, form) after form; the last answer."""
        context = {"active_model": model, "active_ids": ids, "active_id": ids[0]}
        session, start, _ = self.call(f"wizard.{name}.create", [], company)
        answer = None
        forms = {}
        for state, form, values in steps:
            forms[form] = values
            answer = self.wizard_step(name, session, forms, state, context, company)
        self.call(f"wizard.{name}.delete", [session], company)
        return answer

    def wizard_step(self, name, session, forms, state, extra, company):
        headers = {"Authorization": "Session " + self.session}
        context = {"company": company, "language": "en", **extra}
        return self.post(self.database, f"wizard.{name}.execute", [session, forms, state, context], headers)

    def sql(self, text):
        return self.cluster.sql(self.database, text)


def encoded(value):
    if isinstance(value, datetime.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    return {"__class__": "Decimal", "decimal": str(value)}


def decoded(value):
    kind = value.get("__class__")
    if kind == "Decimal":
        from decimal import Decimal
        return Decimal(value["decimal"])
    if kind == "date":
        return datetime.date(value["year"], value["month"], value["day"])
    return value


def start_or_skip():
    try:
        return Tryton()
    except Unreachable as e:
        print(f"skipped: {e}")
        sys.exit(SKIPPED)


if __name__ == "__main__":
    began = time.time()
    with start_or_skip() as tryton:
        print(f"{tryton.url} database {tryton.database}, {tryton.user}/{tryton.password}, "
              f"{tryton.reader}/{tryton.reader_password}, ready after {time.time() - began:.1f} s", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass
