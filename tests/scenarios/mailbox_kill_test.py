"""Answers of customers, read from a real POP3 server with TLS by a sync that is killed again and again: each is filed
once, makes one task, and still lies at the server."""
import os
import random
import subprocess
import time

import instance as it
import kills as kill
import pop3

MESSAGES = 400
KILLS = 8

SETTINGS = """
[secrets]
post = "file:{secret}"
[sources.ledger]
connector = "csv"
[sources.ledger.settings]
folder = "drop"
settle_seconds = 0
[sources.post]
connector = "mailbox"
[sources.post.settings]
kind = "pop3"
server = "{server}"
ca_file = "{ca_file}"
user = "letters"
password = "post"
page_messages = 20
"""


def make(server, password):
    secret = server.folder / f"{password}.secret"
    secret.write_text(password)
    secret.chmod(0o600)
    made = it.Instance("sqlite", SETTINGS.format(server=server.server, ca_file=server.ca_file, secret=secret))
    drop = made.folder / "drop"
    drop.mkdir()
    (drop / "customer.csv").write_text("external_id,number,name,kind\n" +
                                       "".join(f"C{n},C{n},Customer {n},company\n" for n in range(5)))
    (drop / "contact_point.csv").write_text("external_id,customer,kind,role,value\n" + "".join(
        f"P{n},C{n},email,billing,anna{n}@there.example\n" for n in range(5)))
    made.run("sync", "ledger")
    return made


def main():
    seed = int(os.environ.get("DUNLIN_TEST_SEED", time.time()))
    print(f"seed {seed}")
    chance = random.Random(seed)
    server = pop3.Pop3()
    for n in range(MESSAGES):
        server.put(f"{n}.there", f"From: Anna <anna{n % 5}@there.example>\nMessage-ID: <{n}@there.example>\n"
                                 f"Subject: answer {n}\n\nWe have already paid, number {n}.\n")
    refused = make(server, "wrong").run("sync", "post", check=False)
    assert refused.returncode != 0 and "correct \"user\"" in refused.stdout + refused.stderr, refused

    made = make(server, "right")
    began = time.monotonic()
    kills = 0
    for _ in range(KILLS):
        process = subprocess.Popen(made.command("sync", "post"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.2, 1.2))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    kill.finish(made, "sync", "post")
    print(f"{kills} kills, {time.monotonic() - began:.1f} s")
    subjects = [row[0] for row in made.rows("SELECT subject FROM correspondence_inbound ORDER BY subject")]
    assert sorted(subjects) == sorted(f"answer {n}" for n in range(MESSAGES)), len(subjects)
    assert made.rows("SELECT DISTINCT state, how FROM correspondence_inbound") == [["filed", "address"]]
    assert made.rows("SELECT count(*) FROM receivables_task") == [[str(MESSAGES)]]
    assert server.count() == MESSAGES, "what is read stays at the server"
    kill.finish(made, "sync", "post")
    assert made.last_report()["entities"][0]["read"] == 0, made.last_report()


if __name__ == "__main__":
    main()
