"""Two hosts as two processes on one PostgreSQL run jobs, events and syncs at once: nothing runs twice. Then one is
killed, and the other does what is left."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import instance as it

JOBS, KEYS, EVENTS_PER_KEY, PAGES, ROWS_PER_PAGE = 120, 10, 20, 40, 25
FLOW = pathlib.Path(os.environ.get("DUNLIN_TEST_PLUGINS", str(it.ROOT / "build/dev/test_plugins"))) / "flow"
CONFIG = """
[sources.one]
connector = "flow"
every = "10s"
[sources.one.settings]
pages_path = "one.json"
full = true
[sources.two]
connector = "flow"
[sources.two.settings]
pages_path = "two.json"
"""


class Host:
    """A `dunlin serve` of its own folder."""

    def __init__(self, folder):
        self.folder = folder
        self.log = open(folder / "serve.log", "wb")
        self.process = subprocess.Popen([it.DUNLIN, "--instance", str(folder), "serve"], stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        it.atexit.register(self.stop)
        line = self.process.stdout.readline()
        self.url = re.search(r"http://\S+", line).group()
        self.token = (folder / "tokens/administrator").read_text().strip()

    def post(self, command, request):
        asked = urllib.request.Request(f"{self.url}/api/v1/{command}", json.dumps(request).encode(), method="POST",
                                       headers={"Authorization": f"Bearer {self.token}",
                                                "Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as reply:
            return json.load(reply)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0, self.process.returncode


def pages(name):
    return {"parent": [{"rows": [[f"{name}-{page}-{row}", page * row, ""] for row in range(ROWS_PER_PAGE)]}
                       for page in range(PAGES)]}


def make():
    made = it.Instance("postgresql")
    config = made.folder / "dunlin.toml"
    config.write_text(config.read_text() + '\n[plugins]\nfolders = ["plugins"]\ndisabled = ["receivables", "csv"]\n'
                             '[http]\nport = 0\n' + CONFIG)
    shutil.copytree(FLOW, made.folder / "plugins/flow")
    for name in ("one", "two"):
        (made.folder / f"{name}.json").write_text(json.dumps(pages(name)))
    made.run("migrate", "apply")
    other = made.folder.parent / "second"
    shutil.copytree(made.folder, other)
    return made, other


def wait_for(made, sql, wanted, seconds=90):
    end = time.monotonic() + seconds
    while True:
        found = made.rows(sql)
        if found == wanted:
            return
        assert time.monotonic() < end, f"{sql}\nis {found}, not {wanted}"
        time.sleep(0.3)


def ask_both(hosts):
    for n in range(JOBS):
        hosts[n % 2].post("flow.work", {"dedup_key": f"job-{n}", "args": {"name": f"job-{n}"}})
    for n in range(EVENTS_PER_KEY):
        for host in hosts:
            host.post("flow.emit", {"events": [{"key": f"{host.folder.name}-{key}", "payload": {"seq": n}}
                                               for key in range(KEYS)]})


def sync_at_once(made):
    """Four at once: one runs, the others are refused or run after it and find nothing new."""
    running = [subprocess.Popen(made.command("sync", "two", "--format", "json"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True) for _ in range(4)]
    codes = []
    for process in running:
        out, err = process.communicate(timeout=120)
        codes.append(process.returncode)
        assert process.returncode in (0, 5), err
        assert process.returncode == 0 or "under way" in err, err
    assert 0 in codes, codes


def check_runs(made):
    """No two runs of one source overlap, and the reports account for each row once."""
    for source in ("one", "two"):
        runs = made.rows("SELECT started_us, ended_us, state, report_json FROM dunlin_sync_run "
                         f"WHERE source = '{source}' ORDER BY started_us")
        assert all(state == "ok" for _, _, state, _ in runs), [(r[2], r[3][:300]) for r in runs]
        for (_, ended, _, _), (started, _, _, _) in zip(runs, runs[1:]):
            assert int(ended) <= int(started), runs
        inserted = sum(e["inserted"] for r in runs for e in json.loads(r[3])["entities"])
        assert inserted == PAGES * ROWS_PER_PAGE, (source, inserted)
    started = [int(r[0]) for r in made.rows("SELECT started_us FROM dunlin_sync_run WHERE source = 'one' "
                                            "ORDER BY started_us")]
    assert len(started) >= 2, started
    assert all(b - a > 5_000_000 for a, b in zip(started, started[1:])), started
    return len(started)


def main():
    if not FLOW.exists():
        print(f"{FLOW} is missing; build the tests first")
        sys.exit(77)
    made, other = make()
    hosts = [Host(made.folder), Host(other)]
    ask_both(hosts)
    sync_at_once(made)
    wait_for(made, "SELECT count(*) FROM dunlin_job WHERE kind = 'flow.job' AND state <> 'done'", [["0"]])
    events = 2 * KEYS * EVENTS_PER_KEY
    wait_for(made, "SELECT count(*) FROM flow_seen", [[str(events)]])
    wait_for(made, "SELECT count(*) >= 2 FROM dunlin_sync_run WHERE source = 'one' AND state = 'ok'", [["t"]])

    assert made.rows("SELECT count(*), count(DISTINCT name), max(attempt) FROM flow_ran WHERE kind = 'flow.job'") == [
        [str(JOBS), str(JOBS), "1"]]
    assert made.rows("SELECT count(*), count(DISTINCT event_id), max(attempt) FROM flow_seen") == [
        [str(events), str(events), "1"]]
    seen = made.rows("SELECT key, seq FROM flow_seen ORDER BY n")
    for key in {k for k, _ in seen}:
        order = [int(s) for k, s in seen if k == key]
        assert order == sorted(order), (key, order)
    runs = check_runs(made)
    by = made.rows("SELECT holder, count(*) FROM dunlin_job WHERE kind = 'flow.job' GROUP BY 1")
    print(f"{JOBS} jobs ({', '.join(n for _, n in by)} by host), {events} events, {runs} scheduled syncs: each once")

    gate = made.folder / "gate"
    hosts[0].post("flow.work", {"dedup_key": "held", "args": {"name": "held", "gate": str(gate)}})
    wait_for(made, "SELECT state FROM dunlin_job WHERE dedup_key = 'held'", [["running"]])
    held = made.rows("SELECT holder FROM dunlin_job WHERE dedup_key = 'held'")[0][0]
    victim = next(h for h in hosts if f":{h.process.pid}:" in held)
    victim.process.kill()
    victim.process.wait()
    gate.touch()
    survivor = next(h for h in hosts if h is not victim)
    for n in range(20):
        survivor.post("flow.work", {"dedup_key": f"late-{n}", "args": {"name": f"late-{n}"}})
    wait_for(made, "SELECT count(*) FROM dunlin_job WHERE kind = 'flow.job' AND state <> 'done'", [["0"]])
    assert made.rows("SELECT count(*), count(DISTINCT name) FROM flow_ran WHERE kind = 'flow.job'") == [
        [str(JOBS + 21), str(JOBS + 21)]]
    print("one host killed with a job in hand: the other ran it and all that followed, each once")


if __name__ == "__main__":
    main()
