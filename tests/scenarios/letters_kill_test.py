"""A host that sends e-mails is killed again and again: each message arrives once, or is unknown; none arrives twice."""
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import instance as it

MESSAGES, KILLS = 45, 10
SINK = it.ROOT / "tests/support/smtp_sink.py"


def config(folder, port, sending):
    return f"""
[plugins.correspondence]
sending = {str(sending).lower()}
account = "post"
[plugins.correspondence.companies."Dunlin Ltd"]
from = "letters@dunlin.example"
[mail.accounts.post]
server = "127.0.0.1:{port}"
tls = "none"
sender = "bounces@dunlin.example"
""" + it.csv_source(folder)


def books(folder):
    with open(folder / "customer.csv", "w") as customers, open(folder / "contact_point.csv", "w") as contacts:
        customers.write("external_id,number,name,kind,currency,language\n")
        contacts.write("external_id,customer,role,kind,value\n")
        for i in range(MESSAGES):
            customers.write(f"C{i},C{i},Customer {i},company,EUR,en\n")
            contacts.write(f"E{i},C{i},billing,email,slow{i}@there.example\n")


def compose(made):
    """A note to each customer, through a host that holds them all."""
    with subprocess.Popen(made.command("serve"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as host:
        url = re.search(r"http://\S+", host.stdout.readline()).group()
        token = (made.folder / "tokens/administrator").read_text().strip()
        for (customer,) in made.rows("SELECT customer_id FROM receivables_customer"):
            asked = urllib.request.Request(
                f"{url}/api/v1/correspondence.compose", method="POST",
                data=json.dumps({"customer": customer, "subject": "Hello", "text": "World"}).encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
            with urllib.request.urlopen(asked, timeout=60) as reply:
                held = json.load(reply)
            assert held["state"] == "held" and "sending" in held["reason"], held
        host.terminate()


def arrived(folder):
    """How often each message came, by its id."""
    out = collections.Counter()
    lines = folder / "taken.jsonl"
    for line in lines.read_text().splitlines() if lines.exists() else []:
        mime = (folder / f"{json.loads(line)['n']}.eml").read_text()
        out[re.search(r"Message-ID: <m\d+\.(\d+)\.", mime).group(1)] += 1
    return out


def main():
    store = sys.argv[1]
    chance = random.Random(store)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        drop, sunk = folder / "drop", folder / "sink"
        drop.mkdir()
        sunk.mkdir()
        books(drop)
        sink = subprocess.Popen([SINK, sunk], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        it.atexit.register(sink.kill)
        made = it.Instance(store, config(drop, int(sink.stdout.readline()), sending=False))
        made.run("sync", "erp")
        compose(made)
        toml = made.folder / "dunlin.toml"
        toml.write_text(toml.read_text().replace("sending = false", "sending = true"))
        released = made.call("correspondence.release")["rows"]
        assert [row["state"] for row in released] == ["queued"] * MESSAGES, released

        kills = 0
        while kills < KILLS:
            before = sum(arrived(sunk).values())
            host = subprocess.Popen(made.command("run-jobs"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True)
            wanted = before + chance.randint(1, 3)
            while sum(arrived(sunk).values()) < wanted and host.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.15))
            assert host.poll() is None, host.communicate()[0]
            host.kill()
            host.wait()
            kills += 1
            made.rows("UPDATE dunlin_job SET lease_until_us = 1 WHERE state = 'running'")
        began, before = time.monotonic(), sum(arrived(sunk).values())
        made.run("run-jobs")
        taken = time.monotonic() - began
        made.run("run-jobs")

        came = arrived(sunk)
        states = dict(made.rows("SELECT message_id, state FROM correspondence_message"))
        assert len(states) == MESSAGES and set(states.values()) <= {"sent", "unknown"}, states
        unknown = [one for one, state in states.items() if state == "unknown"]
        assert max(came.values()) == 1, came
        assert all(came[one] == 1 for one, state in states.items() if state == "sent"), came
        assert len(unknown) <= KILLS, unknown
        rest = sum(came.values()) - before
        print(f"{store}: {MESSAGES} messages, {kills} kills, {len(unknown)} unknown ({sum(came[u] for u in unknown)} of"
              f" them arrived), none twice; the last {rest} in {taken:.1f} s")


main()
