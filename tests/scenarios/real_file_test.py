"""The real late-payment file: every row arrives, ageing equals an independent computation per customer and to the
cent, the books verify, and a second sync changes nothing. On both stores, whose answers are the same bytes."""
import collections
import csv
import datetime
import decimal
import shutil
import sys

import instance as it

FILE = it.DATA / "receivables/ibm-late-payment-histories.csv"
EDGES = [0, 30, 60, 90, 120]
SEEDED = '[testing]\nclock = "2013-12-31T12:00:00Z"\nids_seed = 1000\n'


def us_date(text):
    return datetime.datetime.strptime(text, "%m/%d/%Y").date()


def bucket(days):
    return next((i for i, edge in enumerate(EDGES) if days <= edge), len(EDGES))


def independent_ageing(as_of):
    """{customer number: [amount per bucket]} straight from the file."""
    open_by_customer = collections.defaultdict(lambda: [decimal.Decimal(0)] * (len(EDGES) + 1))
    with open(FILE, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            issued, due, settled = (us_date(row[c]) for c in ("InvoiceDate", "DueDate", "SettledDate"))
            # A payment counts from the later of the two documents' dates.
            if issued <= as_of < max(settled, issued):
                open_by_customer[row["customerID"]][bucket((as_of - due).days)] += decimal.Decimal(
                    row["InvoiceAmount"])
    return dict(open_by_customer)


def ageing_of(instance, as_of):
    answer = instance.call("receivables.aging", f"as_of={as_of}", "by=customer",
                           "edges=" + ",".join(map(str, EDGES)))
    found = {}
    for row in answer["rows"]:
        amounts = [decimal.Decimal(amount) for amount in it.bucket_amounts(row)]
        if any(amounts):
            found[row["number"]] = amounts
    return found


def make(store):
    made = it.Instance(store, SEEDED + it.csv_source("drop", it.ROOT / "connectors/csv/mappings/ibm-late-payment.json"))
    (made.folder / "drop").mkdir(exist_ok=True)
    shutil.copy(FILE, made.folder / "drop/ibm-late-payment-histories.csv")
    made.run("sync", "erp")
    return made


def check(store):
    made = make(store)
    invoices = made.rows("SELECT count(*) FROM receivables_binding WHERE entity = 'invoice'")
    assert invoices == [["2466"]], invoices
    for as_of in (datetime.date(2012, 12, 31), datetime.date(2013, 6, 30)):
        expected, found = independent_ageing(as_of), ageing_of(made, as_of)
        assert expected, as_of
        assert found == expected, (as_of, {k: (found.get(k), expected.get(k)) for k in set(found) | set(expected)
                                           if found.get(k) != expected.get(k)})
        print(f"{store} {as_of}: {len(found)} customers, {sum(map(sum, found.values()))} open")
    verify = made.call("receivables.verify")
    assert verify["ok"] is True, verify
    before = made.rows("SELECT count(*), sum(amount) FROM receivables_item")
    made.run("sync", "erp")
    shutil.copy(FILE, made.folder / "drop/again.csv")  # The same rows under another name ...
    with open(made.folder / "drop/again.csv", "a", encoding="utf-8") as file:
        file.write("\n")  # ... and another hash.
    made.run("sync", "erp")
    for entity in made.last_report()["entities"]:
        assert entity["inserted"] == entity["updated"] == entity["deleted"] == 0, entity
    assert made.rows("SELECT count(*), sum(amount) FROM receivables_item") == before
    return made


def main():
    if not FILE.exists():
        print(f"SKIPPED: the real file is not there ({FILE})")
        sys.exit(77)
    answers = {}
    for store in ("sqlite", "postgresql"):
        made = check(store)
        answers[store] = [made.run("call", command, *arguments, "--format", "json").stdout for command, *arguments in (
            ("receivables.aging", "as_of=2013-06-30", "by=customer"),
            ("receivables.worklist", "as_of=2013-06-30", "limit=50"),
            ("receivables.verify",),
            ("receivables.reconcile",))]
    for one, other in zip(answers["sqlite"], answers["postgresql"]):
        assert one == other, f"the stores answer differently:\n{one[:2000]}\n{other[:2000]}"
    print("both stores give the same bytes")


if __name__ == "__main__":
    main()
