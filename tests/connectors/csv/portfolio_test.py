"""The generated portfolio: the same bytes each time, and books that hold when somebody else adds them up."""
import collections
import csv
import decimal
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
DAY = "2026-11-20"


def generate(folder, *more):
    subprocess.run([ROOT / "scripts/generate-portfolio", "--seed", "7", "--customers", "120", "--as-of", DAY, "--out", folder,
                    *more], check=True, stderr=subprocess.DEVNULL)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rows(folder, entity):
    with open(folder / f"{entity}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def money(text):
    return decimal.Decimal(text)


def check_books(folder):
    """Everything that touches an invoice, replayed in the order of the days."""
    invoices = {row["external_id"]: row for row in rows(folder, "invoice")}
    payments = {row["external_id"]: row for row in rows(folder, "payment")}
    instalments = {row["external_id"]: row for row in rows(folder, "instalment")}
    moves = collections.defaultdict(list)  # Document → (day, signed use).
    for row in rows(folder, "allocation"):
        source = payments.get(row["source"]) or invoices[row["source"]]
        target = invoices[row["invoice"]]
        assert source["currency"] == target["currency"] and source["customer"] == target["customer"], row
        assert row["date"] >= target["issue_date"] and money(row["amount"]) > 0, row
        assert not target["cancelled_on"], row
        assert source.get("reversed_on", "") == row["reversed_on"], row
        ends = [row["source"], row["invoice"]] + ([row["instalment"]] if row["instalment"] else [])
        for end in ends:
            moves[end].append((row["date"], money(row["amount"])))
            if row["reversed_on"]:
                moves[end].append((row["reversed_on"], -money(row["amount"])))
    for row in rows(folder, "adjustment"):
        moves[row["invoice"]].append((row["date"], -money(row["amount"])))
    size = {key: money(row["total"]) for key, row in invoices.items()}
    size.update({key: money(row["amount"]) for key, row in payments.items()})
    size.update({key: money(row["amount"]) for key, row in instalments.items()})
    for key, list_of_moves in moves.items():
        used = decimal.Decimal(0)
        for day, amount in sorted(list_of_moves):
            assert day <= DAY, (key, day)
            used += amount
            assert 0 <= used <= size[key], (key, day, used, size[key])
    for key, row in invoices.items():
        used = sum((amount for _, amount in moves[key]), decimal.Decimal(0))
        expected = 0 if row["cancelled_on"] else money(row["total"]) - used
        assert money(row["open_amount"]) == expected, (row, expected)
    by_invoice = collections.defaultdict(decimal.Decimal)
    for row in instalments.values():
        by_invoice[row["invoice"]] += money(row["amount"])
    assert all(money(invoices[key]["total"]) == total for key, total in by_invoice.items())
    return invoices, payments, moves


def check_variety(folder, invoices, payments, moves):
    currencies = collections.Counter(row["currency"] for row in invoices.values())
    assert set(currencies) == {"EUR", "USD", "GBP", "CHF", "JPY"}, currencies
    assert all("." not in row["total"] for row in invoices.values() if row["currency"] == "JPY")
    assert all(row["total"].count(".") == 1 for row in invoices.values() if row["currency"] != "JPY")
    assert len(rows(folder, "company")) == 2 and rows(folder, "exchange_rate") and rows(folder, "instalment")
    assert {row["kind"] for row in rows(folder, "customer")} == {"company", "person"}
    assert {row["kind"] for row in rows(folder, "adjustment")} == {"discount", "write_off"}
    kinds = collections.Counter((row["kind"], row["status"]) for row in invoices.values())
    assert kinds["credit_note", "posted"] and kinds["invoice", "cancelled"], kinds
    assert any(row["reversed_on"] for row in payments.values())
    unapplied = [key for key, row in payments.items() if not row["reversed_on"]
                 and sum(amount for _, amount in moves[key]) < money(row["amount"])]
    part_paid = [key for key, row in invoices.items() if 0 < money(row["open_amount"]) < money(row["total"])]
    open_credits = [row for row in invoices.values() if row["kind"] == "credit_note" and money(row["open_amount"]) > 0]
    assert unapplied and part_paid and open_credits


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        assert generate(folder / "one") == generate(folder / "two"), "two runs differ"
        assert generate(folder / "other", "--seed", "8") != generate(folder / "two"), "the seed changes nothing"
        assert not list((folder / "one").glob("*.part"))
        check_variety(folder / "one", *check_books(folder / "one"))
        generate(folder / "many", "--invoices", "5000")
        invoices, _, _ = check_books(folder / "many")
        assert sum(row["kind"] == "invoice" for row in invoices.values()) == 5000
        bad = subprocess.run([ROOT / "scripts/generate-portfolio", "--as-of", "2023-02-30", "--out", folder / "x"],
                             capture_output=True, text=True, check=False)
        assert bad.returncode == 2 and "2023-02-30" in bad.stderr, bad
    print("the same bytes, and books that hold")


if __name__ == "__main__":
    sys.exit(main())
