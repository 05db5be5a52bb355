"""A real Odoo 14 with filled books on loopback: its own Debian 11 and PostgreSQL in a chroot, both kept between runs.

By hand: /usr/bin/python3 odoo_server.py    starts one, says where it is, and stops it on Enter.
A test: with OdooServer() as odoo: odoo.call("res.partner", "search_count", [[]])
"""
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SUITE = "bullseye"
PACKAGES = "odoo-14,postgresql"
MODULES = "base,account,l10n_generic_coa"
SKIP = 77  # ctest's code for a test that was skipped.

# Runs inside the chroot, first process of its own namespace, and ends everything in it when its input
# ends: also when the test that holds the other end was killed.
SCRIPT = r"""
set -e
cd "$RUN"
as_odoo="setpriv --reuid=odoo --regid=odoo --clear-groups --"
bin=$(echo /usr/lib/postgresql/*/bin)
[ -d pg ] || $as_odoo $bin/initdb -D pg -U odoo -A trust -E UTF8 --locale=C.UTF-8 >init.log
$as_odoo $bin/postgres -D pg -p $DB_PORT -k "$RUN" -c listen_addresses=127.0.0.1 -c fsync=off -c jit=off \
    -c dynamic_shared_memory_type=mmap >pg.log 2>&1 </dev/null & pg=$!
until $as_odoo $bin/pg_isready -q -h 127.0.0.1 -p $DB_PORT -d postgres; do sleep 0.1; done
odoo="odoo -c /dev/null -d books --db_host=127.0.0.1 --db_port=$DB_PORT --db_user=odoo --data-dir=$RUN/files \
    --http-interface=127.0.0.1 --http-port=$PORT --max-cron-threads=0 --workers=0 --limit-time-real=600 \
    --limit-time-cpu=600"
[ -d files ] || $as_odoo $odoo -i $MODULES --without-demo=all --stop-after-init >init.log 2>&1 </dev/null
$as_odoo $odoo >odoo.log 2>&1 </dev/null & server=$!
read -r _ || true
kill $server; wait $server || true
kill -INT $pg; wait $pg || true
[ -e keep ] || rm -rf "$RUN"
"""


class Refused(Exception):
    """What Odoo answered instead of a result."""

    def __init__(self, error):
        self.kind = error.get("data", {}).get("name", "")
        super().__init__(f"{self.kind}: {error.get('data', {}).get('message', error)}")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cache_folder():
    default = pathlib.Path.home() / ".cache/dunlin-tests"
    folder = pathlib.Path(os.environ.get("DUNLIN_TEST_CACHE", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def key_of(*texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


@contextlib.contextmanager
def alone(path):
    """One process at a time builds what is kept."""
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def as_root():
    if os.getuid() == 0:
        return []
    if subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode != 0:
        skip("a chroot for Odoo needs root or sudo without a password")
    return ["sudo", "-n"]


def package_archive():
    """The archive that this machine's own apt uses."""
    release = dict(line.split("=", 1) for line in open("/etc/os-release").read().splitlines() if "=" in line)
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"],
                             check=True, capture_output=True, text=True).stdout.split("\n")
    for target in targets:
        suite, _, uri = target.partition(" ")
        if suite in (release["VERSION_CODENAME"], "stable", "oldstable"):
            return uri
    skip("apt on this machine knows no Debian archive to take Odoo 14 from")


def build_chroot(target):
    archive = package_archive()
    try:
        urllib.request.urlopen(f"{archive.rstrip('/')}/dists/{SUITE}/Release", timeout=30).close()
    except OSError as e:
        skip(f"the Debian archive of this machine cannot be reached for {SUITE}, which has Odoo 14: {e}")
    unfinished = target.with_suffix(".unfinished")
    subprocess.run([*as_root(), "rm", "-rf", unfinished], check=True)
    subprocess.run([*as_root(), "mmdebstrap", "--mode=root", "--variant=apt", "--quiet", f"--include={PACKAGES}",
                    "--aptopt=APT::Install-Recommends \"false\"", SUITE, unfinished, archive], check=True)
    subprocess.run([*as_root(), "mv", unfinished, target], check=True)


class OdooServer:
    database = "books"
    user = "admin"
    password = "admin"

    def __init__(self):
        cache = cache_folder()
        here = pathlib.Path(__file__).resolve().parent
        chroot_key = key_of(SUITE, PACKAGES)
        self.root = cache / f"odoo-{chroot_key}.root"
        recipe = "".join(p.read_text() for p in sorted(here.glob("odoo_books*.py")))
        books = cache / f"odoo-{key_of(chroot_key, MODULES, recipe)}.books"
        self.process = None
        with alone(cache / "odoo.lock"):
            if not self.root.exists():
                build_chroot(self.root)
            if not books.exists():
                self._build_books(books)
        self._start(books)

    def _start(self, books=None, is_kept=False):
        run = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-run-"))
        inside = pathlib.Path("/srv") / run.name
        run.rmdir()
        self.run = self.root / inside.relative_to("/")
        subprocess.run([*as_root(), "mkdir", self.run], check=True)
        if books:
            subprocess.run([*as_root(), "cp", "-a", "--reflink=auto", books / "pg", books / "files", self.run],
                           check=True)
        if is_kept:
            subprocess.run([*as_root(), "touch", self.run / "keep"], check=True)
        subprocess.run([*as_root(), "chroot", self.root, "chown", "odoo:odoo", inside], check=True)
        self.port, self.database_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        variables = [f"RUN={inside}", f"PORT={self.port}", f"DB_PORT={self.database_port}", f"MODULES={MODULES}",
                     "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/tmp"]
        self.process = subprocess.Popen(
            [*as_root(), "unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={self.root}/proc",
             "chroot", self.root, "env", "-i", *variables, "sh", "-c", SCRIPT], stdin=subprocess.PIPE)
        self._uid = None
        for _ in range(6000):
            if self.process.poll() is not None:
                raise RuntimeError(f"Odoo did not start; see {self.run}/*.log")
            with contextlib.suppress(OSError, Refused):
                self.login()
                return
            time.sleep(0.1)
        raise RuntimeError(f"Odoo does not answer; see {self.run}/odoo.log")

    def _build_books(self, books):
        import odoo_books
        self._start(is_kept=True)
        odoo_books.fill(self)
        self.stop()
        unfinished = books.with_suffix(".unfinished")
        subprocess.run([*as_root(), "rm", "-rf", unfinished], check=True)
        subprocess.run([*as_root(), "mv", self.run, unfinished], check=True)
        for old in books.parent.glob("odoo-*.books"):  # Of an earlier recipe.
            subprocess.run([*as_root(), "rm", "-rf", old], check=True)
        subprocess.run([*as_root(), "mv", unfinished, books], check=True)

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def rpc(self, service, method, *arguments):
        body = {"jsonrpc": "2.0", "method": "call", "id": 1,
                "params": {"service": service, "method": method, "args": list(arguments)}}
        request = urllib.request.Request(self.url + "/jsonrpc", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as reply:
            answer = json.load(reply)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("result")

    def login(self):
        self._uid = self.rpc("common", "login", self.database, self.user, self.password)
        return self._uid

    def call(self, model, method, arguments=(), **keywords):
        """A method of a model, as an administrator of all companies."""
        return self.rpc("object", "execute_kw", self.database, self._uid, self.password, model, method,
                        list(arguments), keywords)

    def search_read(self, model, domain, *fields, **keywords):
        return self.call(model, "search_read", [domain, list(fields)], **keywords)

    def sql(self, text):
        """Rows as lists of text, past Odoo: what commits late, what a test counts on its own."""
        done = subprocess.run(["psql", "-qtA", "-h", "127.0.0.1", "-p", str(self.database_port), "-U", "odoo", "-d",
                               self.database, "-F", "\x1f", "-c", text], check=True, capture_output=True, text=True)
        return [line.split("\x1f") for line in done.stdout.splitlines()]


if __name__ == "__main__":
    began = time.monotonic()
    with OdooServer() as odoo:
        print(f"{odoo.url} database {odoo.database}, {odoo.user}/{odoo.password}, PostgreSQL on port "
              f"{odoo.database_port}, after {time.monotonic() - began:.1f} s; Enter stops it", flush=True)
        sys.stdin.readline()
