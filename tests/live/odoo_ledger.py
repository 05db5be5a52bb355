"""What a real Odoo and a Dunlin instance each say about the same books, computed independently of one another."""
import decimal
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))
import instance as it  # noqa: E402

# Each journal item on a customers' account less what was reconciled with it by the day, straight from Odoo's tables.
BALANCES = """
SELECT coalesce(p.commercial_partner_id, 0), c.name, round(sum(l.amount_currency
    - coalesce((SELECT sum(r.debit_amount_currency) FROM account_partial_reconcile r
                WHERE r.debit_move_id = l.id AND r.max_date <= '{day}'), 0)
    + coalesce((SELECT sum(r.credit_amount_currency) FROM account_partial_reconcile r
                WHERE r.credit_move_id = l.id AND r.max_date <= '{day}'), 0)), 4)
FROM account_move_line l JOIN account_account a ON a.id = l.account_id JOIN res_currency c ON c.id = l.currency_id
LEFT JOIN res_partner p ON p.id = l.partner_id
WHERE a.internal_type = 'receivable' AND l.parent_state = 'posted' AND l.date <= '{day}' GROUP BY 1, 2
"""


class Books:
    """One Odoo, synced into one instance."""

    def __init__(self, odoo, store="sqlite", **settings):
        self.odoo = odoo
        self.dunlin = it.Instance(store)
        self.configure(**settings)

    def configure(self, **settings):
        """The one source, anew with these settings."""
        chosen = {"url": self.odoo.url, "database": self.odoo.database, "user": "dunlin", "secret": "dunlin-pw",
                  **settings}
        secret = chosen.pop("secret")
        path = self.dunlin.folder / "dunlin.toml"
        kept = path.read_text().split("\n[sources.erp]")[0]
        lines = ["\n[sources.erp]", 'connector = "odoo"', "[sources.erp.settings]", 'password = "erp"']
        for key, value in chosen.items():
            lines.append(f"{key} = {it.json.dumps(value)}")
        path.write_text(kept + "\n".join(lines) + '\n[secrets]\nerp = "file:erp-password"\n')
        word = self.dunlin.folder / "erp-password"
        word.write_text(secret + "\n")
        word.chmod(0o600)

    def sync(self, *flags):
        self.dunlin.run("sync", "erp", *flags)
        report = self.dunlin.last_report()
        assert report["state"] == "ok", report
        return report

    def refusal(self):
        """What a check that must fail says."""
        done = self.dunlin.run("sync", "erp", "--check", check=False)
        assert done.returncode != 0, done.stdout
        return done.stderr.strip()

    def ours(self, day=None):
        """{(partner, currency): balance} from the ageing report."""
        names = {row[1]: row[0] for row in self.dunlin.rows(
            "SELECT external_id, id FROM receivables_binding WHERE entity = 'customer'")}
        pairs = ["by=customer"] + ([f"as_of={day}"] if day else [])
        rows = self.dunlin.call("receivables.aging", *pairs)["rows"]
        balances = {(names[row["customer_id"]], row["currency"]): decimal.Decimal(row["balance"]) for row in rows}
        return {key: balance for key, balance in balances.items() if balance}

    def theirs(self, day):
        rows = self.odoo.sql(BALANCES.format(day=day))
        return {(partner, currency): decimal.Decimal(sum_) for partner, currency, sum_ in rows
                if decimal.Decimal(sum_)}

    def assert_agrees(self, days):
        """Nothing differs: item by item on our side, customer by customer on any day, and from first principles."""
        reconciled = self.dunlin.call("receivables.reconcile")
        assert reconciled["agrees"], reconciled
        assert sum(total["items"] for total in reconciled["totals"]) > 0, reconciled
        for day in days:
            ours, theirs = self.ours(day), self.theirs(day)
            differing = {key: (ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys()
                         if ours.get(key) != theirs.get(key)}
            assert theirs and not differing, (day, len(theirs), differing)
        verified = self.dunlin.call("receivables.verify")
        assert verified["ok"], verified["findings"]

    def item(self, external_id, entity="invoice"):
        """A row of receivables_item, or None."""
        rows = self.dunlin.rows(
            "SELECT i.status, i.number, i.amount, i.source_open, i.due_on, i.void_on, i.kind FROM receivables_item i"
            " JOIN receivables_binding b ON b.id = i.item_id AND b.customer_id = i.customer_id"
            f" WHERE b.entity = '{entity}' AND b.external_id = '{external_id}'")
        names = ("status", "number", "amount", "source_open", "due_on", "void_on", "kind")
        return dict(zip(names, rows[0])) if rows else None

    def counts(self):
        """How many rows each of our tables has."""
        return {table: int(self.dunlin.rows(f"SELECT count(*) FROM receivables_{table}")[0][0])
                for table in ("customer", "contact_point", "item", "allocation", "instalment", "binding")}
