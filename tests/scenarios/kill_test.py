"""kill -9 during sync at random moments, resumed until it ends: the tables equal those of an undisturbed run.
Ids differ from run to run, so rows are compared under their external ids. 30 kills, or as many as the second
argument says."""
import os
import random
import shutil
import subprocess
import sys
import time

import instance as it
import kills as kill
from tables import digest

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 30


def make(store, drop):
    made = it.Instance(store, it.csv_source("drop", batch_rows=500))
    shutil.copytree(drop, made.folder / "drop", dirs_exist_ok=True)
    return made


def main():
    store = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    seed = int(os.environ.get("DUNLIN_TEST_SEED", time.time()))
    print(f"{store}: {KILLS} kills, seed {seed}")
    chance = random.Random(seed)
    drop = it.pathlib.Path(it.tempfile.mkdtemp(prefix="dunlin-drop-"))
    it.atexit.register(lambda: shutil.rmtree(drop, ignore_errors=True))
    subprocess.run([it.ROOT / "scripts/generate-portfolio", "--seed", "11", "--customers", "300", "--as-of",
                    "2026-11-20", "--out", drop], check=True, stdout=subprocess.DEVNULL)

    undisturbed = make(store, drop)
    began = time.monotonic()
    undisturbed.run("sync", "erp")
    full = time.monotonic() - began
    expected = digest(undisturbed)
    assert sum(rows for rows, _ in expected.values()) > 1000, expected

    kills = runs = 0
    while kills < KILLS:
        killed = make(store, drop)
        runs += 1
        kills += kill.sync_under_kills(killed, chance, KILLS - kills, full * 1.05)
        found = digest(killed)
        assert found == expected, {t: (found.get(t), expected.get(t)) for t in expected if found.get(t) != expected[t]}
        verify = killed.call("receivables.verify")
        assert verify["ok"] is True, verify
        shutil.rmtree(killed.folder.parent, ignore_errors=True)
    print(f"{kills} kills in {runs} runs ({full:.2f} s undisturbed): the tables are equal")


if __name__ == "__main__":
    main()
