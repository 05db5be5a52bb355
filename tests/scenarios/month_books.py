"""Open amounts by age, computed from what a test put in and from nothing that the product says."""
import collections
import dataclasses
import datetime
from decimal import Decimal

EDGES = [0, 30, 60, 90, 120]
NEVER = datetime.date.max


@dataclasses.dataclass
class Invoice:
    customer: str
    issued: datetime.date
    due: datetime.date
    amount: Decimal


@dataclasses.dataclass
class Payment:
    customer: str
    paid: datetime.date
    amount: Decimal
    until: datetime.date = NEVER  # The day it came back.


@dataclasses.dataclass
class Claim:
    invoice: str
    kind: str
    since: datetime.date
    until: datetime.date = NEVER  # The first day without it.


class Books:
    def __init__(self):
        self.invoices, self.payments, self.claims = {}, {}, []
        self.settled = []  # (payment, invoice, amount, since)

    def invoice(self, number, customer, issued, due, amount):
        self.invoices[number] = Invoice(customer, issued, due, Decimal(amount))

    def payment(self, number, customer, paid, amount):
        self.payments[number] = Payment(customer, paid, Decimal(amount))

    def settle(self, payment, invoice, amount, since):
        self.settled.append((payment, invoice, Decimal(amount), since))

    def bounce(self, payment, on):
        self.payments[payment].until = on

    def claim(self, invoice, kind, since):
        self.claims.append(Claim(invoice, kind, since))
        return self.claims[-1]

    def live(self, day):
        return [(p, i, amount) for p, i, amount, since in self.settled
                if since <= day < self.payments[p].until]

    def of_day(self, day):
        """{customer: what its row of the ageing says, amounts as numbers}"""
        paid_of, used_of = collections.Counter(), collections.Counter()
        for payment, invoice, amount in self.live(day):
            used_of[payment] += amount
            paid_of[invoice] += amount
        out = collections.defaultdict(lambda: {"buckets": [Decimal(0)] * (len(EDGES) + 1), "unapplied": Decimal(0),
                                               "disputed": Decimal(0), "claimed": Decimal(0)})
        for number, invoice in self.invoices.items():
            left = invoice.amount - paid_of[number]
            if invoice.issued > day or left == 0:
                continue
            days = (day - invoice.due).days
            row = out[invoice.customer]
            row["buckets"][next((i for i, edge in enumerate(EDGES) if days <= edge), len(EDGES))] += left
            kinds = {one.kind for one in self.claims if one.invoice == number and one.since <= day < one.until}
            row["claimed"] += left if kinds else 0
            row["disputed"] += left if "dispute" in kinds else 0
        for number, payment in self.payments.items():
            if payment.paid <= day < payment.until and payment.amount != used_of[number]:
                out[payment.customer]["unapplied"] -= payment.amount - used_of[number]
        for row in out.values():
            row["open"] = sum(row["buckets"])
            row["overdue"] = row["open"] - row["buckets"][0]
            row["balance"] = row["open"] + row["unapplied"]
            row["collectable"] = row["open"] - row["claimed"]
        return dict(out)

    def compare(self, day, found):
        """`found`: rows of receivables.aging by customer's number."""
        ours = self.of_day(day)
        theirs = {}
        for name, row in found.items():
            one = {key: Decimal(row[key])
                   for key in ("open", "overdue", "balance", "disputed", "claimed", "collectable")}
            one["unapplied"] = sum(map(Decimal, row["unapplied"].values()))
            one["buckets"] = [Decimal(bucket["amount"]) for bucket in row["buckets"]]
            theirs[name] = one
        assert ours == theirs, "\n".join([f"ageing of {day}"] + [
            f"{name}: ours {ours.get(name)}\n   theirs {theirs.get(name)}" for name in sorted({*ours, *theirs})
            if ours.get(name) != theirs.get(name)])
