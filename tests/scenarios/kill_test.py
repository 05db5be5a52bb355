"""kill -9 during sync at random moments, resumed until it ends: the tables equal those of an undisturbed run.
Ids differ from run to run, so rows are compared under their external ids. 30 kills, or as many as the second
argument says."""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time

import instance as it

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 30

# Tables whose rows must not depend on how often the sync was killed, with the columns that may.
VOLATILE = {"known_at", "void_known_at", "reversal_known_at", "at_us", "first_seen_us", "last_seen_us", "attempts"}


def columns_of(made, table):
    if made.url.startswith("sqlite:"):
        return [row[1] for row in made.rows(f"PRAGMA table_info({table})")]
    return [row[0] for row in made.rows(
        f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position")]


def tables_of(made):
    if made.url.startswith("sqlite:"):
        found = made.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        found = made.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sorted(r[0] for r in found if r[0].startswith("receivables_")) + ["dunlin_quarantine",
                                                                             "dunlin_sync_cursor"]


def digest(made):
    """{table: (rows, hash)}, ids replaced by the external ids they are bound to."""
    name = {}
    for entity, external, customer, row_id in made.rows(
            "SELECT entity, external_id, customer_id, id FROM receivables_binding"):
        name[row_id] = f"{entity}:{external}"
    result = {}
    for table in tables_of(made):
        columns = columns_of(made, table)
        lines = []
        for row in made.rows(f"SELECT * FROM {table}"):
            lines.append("|".join(name.get(value, value) for column, value in zip(columns, row)
                                  if column not in VOLATILE and column != "allocation_id"))
        lines.sort()
        result[table] = (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest())
    return result


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
        while kills < KILLS:
            process = subprocess.Popen(killed.command("sync", "erp"), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                process.wait(chance.uniform(0.05, full * 1.05))
                break  # It ended by itself.
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
        # The lease of a killed run has to run out before the next one; it is short for a dead process on this host.
        finish = killed.run("sync", "erp", check=False)
        while finish.returncode == 5:
            time.sleep(0.5)
            finish = killed.run("sync", "erp", check=False)
        assert finish.returncode == 0, finish.stderr
        found = digest(killed)
        assert found == expected, {t: (found.get(t), expected.get(t)) for t in expected if found.get(t) != expected[t]}
        verify = killed.call("receivables.verify")
        assert verify["ok"] is True, verify
        shutil.rmtree(killed.folder.parent, ignore_errors=True)
    print(f"{kills} kills in {runs} runs ({full:.2f} s undisturbed): the tables are equal")


if __name__ == "__main__":
    main()
