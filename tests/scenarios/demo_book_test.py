"""The generated portfolio on both stores: books that verify, nothing to reconcile, a second sync without changes,
past dates that stay as they were, and a backup that answers alike."""
import decimal
import shutil
import subprocess

import instance as it

DAY = "2026-11-20"
SEEDED = '[testing]\nclock = "2026-11-20T08:00:00Z"\nids_seed = 5000\n'


def make(store):
    made = it.Instance(store, SEEDED + it.csv_source("drop"))
    subprocess.run([it.ROOT / "scripts/generate-portfolio", "--seed", "7", "--customers", "200", "--as-of", DAY,
                    "--out", made.folder / "drop"], check=True, stdout=subprocess.DEVNULL)
    made.run("sync", "erp")
    return made


def check(store):
    made = make(store)
    assert made.quarantine() == [], made.quarantine()[:3]
    verify = made.call("receivables.verify")
    assert verify["ok"] is True, verify
    reconcile = made.call("receivables.reconcile")
    assert reconcile["agrees"] is True and reconcile["totals"], reconcile
    for as_of in ("2026-03-31", "2026-08-15", DAY):
        aging = made.call("receivables.aging", f"as_of={as_of}", "by=customer")
        for row in aging["rows"]:
            assert sum(map(decimal.Decimal, it.bucket_amounts(row))) == decimal.Decimal(row["open"]), row
    worklist = made.call("receivables.worklist", f"as_of={DAY}", "limit=20")
    assert len(worklist["rows"]) == 20
    scores = [row["points"] for row in worklist["rows"]]
    assert scores == sorted(scores, reverse=True), scores
    for row in worklist["rows"]:
        assert row["points"] == sum(rule["points"] for rule in row["rules"]), row
    past = made.run("call", "receivables.aging", "as_of=2026-08-15", "by=customer", "--format", "json").stdout
    made.run("sync", "erp")
    for entity in made.last_report()["entities"]:
        assert entity["inserted"] == entity["updated"] == entity["deleted"] == 0, entity
    assert past == made.run("call", "receivables.aging", "as_of=2026-08-15", "by=customer", "--format", "json").stdout
    made.run("backup", str(made.folder.parent / "backup"))
    return made, past


def main():
    answers = {}
    for store in ("sqlite", "postgresql"):
        made, answers[store] = check(store)
        print(f"{store}: books verify, nothing to reconcile, nothing changes")
        if store == "sqlite":  # The copy answers as the original does.
            shutil.copy(made.folder.parent / "backup/dunlin.db", made.folder / "data/copy.db")
            config = made.folder / "dunlin.toml"
            config.write_text(config.read_text().replace("data/dunlin.db", "data/copy.db"))
            copy = made.run("call", "receivables.aging", "as_of=2026-08-15", "by=customer", "--format", "json").stdout
            assert copy == answers[store]
    assert answers["sqlite"] == answers["postgresql"], "the stores answer differently"


if __name__ == "__main__":
    main()
