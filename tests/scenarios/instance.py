"""A Dunlin instance driven through its command line, on SQLite or on a PostgreSQL database of its own."""
import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DUNLIN = os.environ.get("DUNLIN", str(ROOT / "build/dev/dunlin"))
DATA = ROOT.parent / "shared/data"


class Postgres:
    """A private cluster on loopback, gone at exit."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-pg-"))
        binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        else:
            self.as_user = []
        self.folder.chmod(0o755)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        data = self.folder / "data"
        subprocess.run([*self.as_user, binaries / "initdb", "-D", data, "-U", "dunlin", "-A", "trust", "-E", "UTF8",
                        "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [*self.as_user, binaries / "postgres", "-D", data, "-p", str(self.port), "-k", self.folder,
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.stop)
        for _ in range(200):
            ready = subprocess.run([binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)])
            if ready.returncode == 0:
                break
            subprocess.run(["sleep", "0.1"])
        self.count = 0

    def fresh_url(self):
        self.count += 1
        name = f"instance_{self.count}"
        self.sql("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return f"postgresql:host=127.0.0.1 port={self.port} dbname={name} user=dunlin"

    def sql(self, database, text):
        done = subprocess.run(["psql", "-qtA", "-h", "127.0.0.1", "-p", str(self.port), "-U", "dunlin", "-d", database,
                               "-F", "\x1f", "-c", text], check=True, capture_output=True, text=True)
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


_postgres = None


def postgres():
    global _postgres
    _postgres = _postgres or Postgres()
    return _postgres


class Instance:
    def __init__(self, store="sqlite", extra="", keep=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-test-")) / "instance"
        if not keep:
            atexit.register(lambda: shutil.rmtree(self.folder.parent, ignore_errors=True))
        self.url = "sqlite:data/dunlin.db" if store == "sqlite" else postgres().fresh_url()
        self.run("init", str(self.folder), "--store", self.url, instance=False)
        with open(self.folder / "dunlin.toml", "a") as config:
            config.write("\n" + extra)

    def command(self, *arguments):
        return [DUNLIN, "--instance", str(self.folder), *arguments]

    def run(self, *arguments, instance=True, check=True):
        line = self.command(*arguments) if instance else [DUNLIN, *arguments]
        done = subprocess.run(line, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, line))}\n-> {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def call(self, command, *pairs, today=None):
        when = ["--today", today] if today else []
        return json.loads(self.run(*when, "call", command, *pairs, "--format", "json").stdout)

    def quarantine(self):
        """[entity, position, code, reason] of what waits."""
        return self.rows("SELECT entity, position, code, reason FROM dunlin_quarantine WHERE state = 'open'")

    def last_report(self):
        return json.loads(self.rows("SELECT report_json FROM dunlin_sync_run ORDER BY id DESC LIMIT 1")[0][0])

    def rows(self, sql):
        """Rows of a table, as lists of text, whatever the store."""
        if self.url.startswith("sqlite:"):
            done = subprocess.run(["sqlite3", "-separator", "\x1f", str(self.folder / "data/dunlin.db"), sql],
                                  check=True, capture_output=True, text=True)
            return [line.split("\x1f") for line in done.stdout.splitlines()]
        database = self.url.split("dbname=")[1].split()[0]
        return postgres().sql(database, sql)


def bucket_amounts(row):
    """The buckets of an ageing row, from not due to the oldest."""
    return [b["amount"] for b in row["buckets"]]


def csv_source(folder, mapping=None, **settings):
    lines = ["[sources.erp]", 'connector = "csv"', "[sources.erp.settings]", f'folder = "{folder}"',
             "settle_seconds = 0"]
    if mapping:
        lines.append(f'mapping = "{mapping}"')
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"
