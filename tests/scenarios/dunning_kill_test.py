"""kill -9 during a dunning run and its release, resumed until both end: no letter is doubled or missing.
Ids differ from run to run, so letters are compared by what they are about. 10 kills, or as many as the second
argument says."""
import os
import random
import shutil
import subprocess
import sys
import time

import instance as it

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
TODAY = "2026-11-20"
LETTERS = """SELECT c.external_id, d.level, d.state, d.currency, d.total, count(*), count(DISTINCT i.external_id), min(i.external_id),
 max(i.external_id) FROM receivables_dunning_letter d
 JOIN receivables_customer c ON c.customer_id = d.customer_id
 JOIN receivables_dunning_letter_line l ON l.customer_id = d.customer_id AND l.letter_id = d.letter_id
 JOIN receivables_item i ON i.customer_id = l.customer_id AND i.item_id = l.item_id
 GROUP BY c.external_id, d.letter_id, d.level, d.state, d.currency, d.total"""
EVENTS = "SELECT count(*) FROM dunlin_event WHERE topic = 'receivables.dunning_letter_released'"


def make(store, drop):
    made = it.Instance(store, it.csv_source("drop", batch_rows=500))
    shutil.copytree(drop, made.folder / "drop", dirs_exist_ok=True)
    made.run("sync", "erp")
    made.call("receivables.set_dunning_procedure", "name=standard", "valid_from=2020-01-01",
              'procedure={"unmatched_payments": "net", "stale_after_days": null, "levels": '
              '[{"level": 1, "days": 5, "channel": "email", "template": "reminder"}]}')
    return made


def dun(made):
    return made.command("--today", TODAY, "call", "receivables.dun", "customers_at_once=20", "--format", "json")


def is_killed(line, chance, seconds):
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(chance.uniform(0.02, seconds))
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def draft(made, customers):
    """Batch by batch, whether or not the job of a killed run still holds its lease."""
    for _ in range(1000):
        run = made.call("receivables.dun", f"customers_at_once={customers}", today=TODAY)
        if run["state"] == "done":
            return "run=" + run["run_id"]
    raise AssertionError(run)


def release(made, run):
    for _ in range(2):  # The second time there is nothing left.
        made.call("receivables.release_dunning", run, today=TODAY)


def outcome(made):
    letters = sorted(made.rows(LETTERS))
    assert all(row[2] == "released" for row in letters), letters
    assert int(made.rows(EVENTS)[0][0]) == len(letters)
    return letters


def main():
    store = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    seed = int(os.environ.get("DUNLIN_TEST_SEED", time.time()))
    print(f"{store}: {KILLS} kills, seed {seed}")
    chance = random.Random(seed)
    drop = it.pathlib.Path(it.tempfile.mkdtemp(prefix="dunlin-drop-"))
    it.atexit.register(lambda: shutil.rmtree(drop, ignore_errors=True))
    subprocess.run([it.ROOT / "scripts/generate-portfolio", "--seed", "11", "--customers", "200", "--as-of", TODAY,
                    "--out", drop], check=True, stdout=subprocess.DEVNULL)
    undisturbed = make(store, drop)
    release(undisturbed, draft(undisturbed, 1000))
    expected = outcome(undisturbed)
    assert len(expected) > 50, len(expected)

    killed = make(store, drop)
    began = time.monotonic()
    subprocess.run(dun(killed), check=True, stdout=subprocess.DEVNULL)
    one = time.monotonic() - began
    kills = 0
    while kills < KILLS:
        by_job = chance.random() < 0.5
        line = killed.command("--today", TODAY, "run-jobs") if by_job else dun(killed)
        kills += is_killed(line, chance, 1.2 * one)
    run = draft(killed, 20)
    is_killed(killed.command("--today", TODAY, "call", "receivables.release_dunning", run), chance, one)
    release(killed, run)
    found = outcome(killed)
    assert found == expected, [row for row in found + expected if (row in found) != (row in expected)]
    print(f"{kills} kills: the same {len(found)} letters")


if __name__ == "__main__":
    main()
