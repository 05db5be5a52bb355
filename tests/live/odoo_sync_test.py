"""A real Odoo's books come over whole, every change comes with the next run, and nothing half."""
import datetime
import subprocess
import time

from odoo_ledger import Books
from odoo_server import OdooServer, free_port
from way import Way

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
PAST = ["2025-09-30", "2026-03-31"]


def refusals(odoo):
    """One sentence each, and nothing is written."""
    books = Books(odoo)
    for settings, part in (
            ({"secret": "wrong"}, 'correct "user" or the secret "erp"'),
            ({"user": "unheard"}, "does not know the user unheard"),
            ({"database": "elsewhere"}, 'has no database "elsewhere"'),
            ({"url": f"http://127.0.0.1:{free_port()}"}, "cannot be reached"),
            ({"user": "abroad", "secret": "abroad-pw", "companies": ["Northwind Trading"]},
             'may not see the company "Northwind Trading"'),
            ({"user": "nobody", "secret": "nobody-pw"}, "may not read account.move")):
        books.configure(**settings)
        said = books.refusal()
        assert part in said, (part, said)
        assert "Traceback" not in said and len(said) < 600, said
    books.configure(secret="wrong")
    books.dunlin.run("sync", "erp", check=False)
    failed = books.dunlin.last_report()
    assert failed["state"] == "failed" and 'the secret "erp"' in failed["error"], failed
    assert not any(books.counts().values()), books.counts()


def untrusted(odoo):
    """A certificate of one's own is refused with the setting that would trust it, which then does."""
    with Way(odoo.url, is_secret=True) as way:
        books = Books(odoo, url=way.url)
        said = books.refusal()
        assert "certificate that is not trusted" in said and "ca_file in [http_client]" in said, said
        assert way.url in said and "\n" not in said and len(said) < 600, said
        path = books.dunlin.folder / "dunlin.toml"
        path.write_text(path.read_text() + f'\n[http_client]\nca_file = "{way.certificate}"\n')
        assert "14.0" in books.dunlin.run("sync", "erp", "--check").stdout


def one_company(odoo):
    books = Books(odoo, companies=["Nordwind Handel"])
    books.sync()
    companies = books.dunlin.rows("SELECT name FROM receivables_company")
    assert companies == [["Nordwind Handel"]], companies
    theirs = odoo.sql("SELECT count(*) FROM account_move WHERE company_id = 2 AND move_type LIKE 'out_%'")[0][0]
    ours = books.dunlin.rows("SELECT count(*) FROM receivables_binding WHERE entity = 'invoice'")[0][0]
    assert ours == theirs, (ours, theirs)


class Changes:
    """Each makes one change in Odoo and returns what must be true after the next run."""

    def __init__(self, books):
        self.books, self.odoo = books, books.odoo
        self.customer = self.odoo.search_read("res.partner", [["ref", "=", "C0005"]], "id")[0]["id"]

    def call(self, model, method, *arguments, **context):
        return self.odoo.call(model, method, arguments, context={"allowed_company_ids": [1], **context})

    def post_invoice(self, partner=None):
        move = self.call("account.move", "create", {
            "move_type": "out_invoice", "partner_id": partner or self.customer, "invoice_date": str(TODAY),
            "invoice_line_ids": [[0, 0, {"name": "New goods", "quantity": 3, "price_unit": 120.12,
                                         "tax_ids": [[5, 0, 0]]}]]})
        self.call("account.move", "action_post", [move])
        return move

    def pay(self, move, amount):
        wizard = self.call("account.payment.register", "create", {"amount": amount, "payment_date": str(TODAY)},
                           active_model="account.move", active_ids=[move])
        self.call("account.payment.register", "action_create_payments", [wizard], dont_redirect_payments=True)

    def new_invoice(self):
        self.invoice = self.post_invoice()
        return lambda: self.expect(amount="3603600", source_open="3603600", status="posted")

    def expect(self, **fields):
        found = self.books.item(self.invoice)
        assert found, self.invoice
        for name, value in fields.items():
            assert found[name] == value, (name, value, found)

    def part_payment(self):
        self.pay(self.invoice, 100.36)
        return lambda: self.expect(source_open="2600000")

    def credit_note(self):
        wizard = self.call("account.move.reversal", "create",
                           {"refund_method": "refund", "reason": "late", "date": str(TODAY)},
                           active_model="account.move", active_ids=[self.invoice])
        note = self.call("account.move.reversal", "reverse_moves", [wizard], active_model="account.move",
                         active_ids=[self.invoice])["res_id"]
        self.call("account.move", "action_post", [note])

        def holds():
            found = self.books.item(note)
            assert found["kind"] == "credit_note" and found["amount"] == "-3603600", found
        return holds

    def changed_due_date(self):
        due = TODAY + datetime.timedelta(days=77)
        line = self.odoo.search_read("account.move.line", [["move_id", "=", self.invoice],
                                                           ["account_id.internal_type", "=", "receivable"]], "id")
        self.call("account.move.line", "write", [line[0]["id"]], {"date_maturity": str(due)})
        self.call("account.move", "write", [self.invoice], {"invoice_date_due": str(due)})
        return lambda: self.expect(due_on=str((due - datetime.date(1970, 1, 1)).days))

    def cancellation(self):
        move = self.post_invoice()
        self.books.sync()
        assert self.books.item(move)["status"] == "posted"
        self.call("account.move", "button_draft", [move])
        self.call("account.move", "button_cancel", [move])
        return lambda: self.same(self.books.item(move)["status"], "cancelled")

    @staticmethod
    def same(found, wanted):
        assert found == wanted, (found, wanted)

    def new_contact(self):
        contact = self.call("res.partner", "create", {"name": "New Payables", "parent_id": self.customer,
                                                      "type": "invoice", "email": "payables@new.example"})
        key = f"{contact}:email"
        return lambda: self.same(self.books.dunlin.rows(
            "SELECT p.value, p.role FROM receivables_contact_point p JOIN receivables_binding b"
            f" ON b.id = p.contact_point_id WHERE b.external_id = '{key}'"), [["payables@new.example", "billing"]])

    def first_booking(self):
        """Odoo counts a partner among the customers without changing its write_date."""
        partner = self.call("res.partner", "create", {"name": "Fresh Customer", "is_company": True})
        self.odoo.sql(f"UPDATE res_partner SET write_date = '2026-01-01', customer_rank = 0 WHERE id = {partner}")
        self.books.sync()
        move = self.post_invoice(partner)
        return lambda: self.same(self.books.item(move)["status"], "posted")

    def removed_reconciliation(self):
        lines = self.odoo.search_read("account.move.line", [["move_id", "=", self.invoice],
                                                            ["account_id.internal_type", "=", "receivable"]], "id")
        before = self.live_allocations()
        self.call("account.move.line", "remove_move_reconcile", [lines[0]["id"]])

        def holds():
            self.expect(source_open="3603600")
            self.same(self.live_allocations(), before - 1)
        return holds

    def live_allocations(self):
        return int(self.books.dunlin.rows("SELECT count(*) FROM receivables_allocation"
                                          " WHERE until_on = 2932896 AND reversed_on = 2932896")[0][0])

    def payment_reset(self):
        """A payment that goes back to draft is out of the books, with what it had settled."""
        self.pay(self.invoice, 60.1)
        self.books.sync()
        self.expect(source_open="1999000")
        payment = self.odoo.search_read("account.payment", [["partner_id", "=", self.customer]], "id", order="id desc",
                                        limit=1)[0]["id"]
        self.call("account.payment", "action_draft", [payment])
        return lambda: self.expect(source_open="2600000")

    def deleted_draft(self):
        draft = self.odoo.search_read("account.move", [["move_type", "=", "out_invoice"], ["state", "=", "draft"],
                                                       ["posted_before", "=", False], ["company_id", "=", 1]], "id")[0]
        assert self.books.item(draft["id"])["status"] == "draft"
        self.call("account.move", "unlink", [draft["id"]])

        def holds():
            found = self.books.item(draft["id"])
            assert found is None or found["void_on"] != "2932896", found
        return holds


def incremental(books):
    changes = Changes(books)
    for change in (changes.new_invoice, changes.part_payment, changes.credit_note, changes.changed_due_date,
                   changes.cancellation, changes.new_contact, changes.first_booking, changes.payment_reset,
                   changes.removed_reconciliation, changes.deleted_draft):
        holds = change()
        # What leaves no trace is found by comparing ids.
        leaves_no_trace = change in (changes.removed_reconciliation, changes.deleted_draft)
        report = books.sync(*(["--sweep"] if leaves_no_trace else []))
        assert not books.dunlin.quarantine(), (change.__name__, books.dunlin.quarantine())
        holds()
        read = sum(entity["read"] for entity in report["entities"])
        print(f"{change.__name__}: {read} rows read")
        books.assert_agrees([str(TODAY)])


def late_commit(books):
    """A transaction that began before a run and commits after it carries a change time of before."""
    odoo = books.odoo
    move = odoo.search_read("account.move", [["state", "=", "posted"], ["move_type", "=", "out_invoice"]], "id",
                            limit=1)[0]["id"]
    late = subprocess.Popen(
        ["psql", "-qt", "-h", "127.0.0.1", "-p", str(odoo.database_port), "-U", "odoo", "-d", odoo.database, "-c",
         f"BEGIN; UPDATE account_move SET ref = 'late', write_date = now() at time zone 'UTC' WHERE id = {move};"
         " SELECT pg_sleep(8); COMMIT"])
    time.sleep(2)
    customer = odoo.search_read("res.partner", [["ref", "=", "C0010"]], "id")[0]["id"]
    Changes(books).post_invoice(customer)
    books.sync()
    assert late.wait() == 0
    books.sync()
    found = books.dunlin.rows("SELECT po_number FROM receivables_item i JOIN receivables_binding b ON b.id = i.item_id"
                              f" WHERE b.entity = 'invoice' AND b.external_id = '{move}'")
    assert found == [["late"]], found


with OdooServer() as server:
    refusals(server)
    untrusted(server)
    one_company(server)
    whole = Books(server)
    began = time.monotonic()
    first = whole.sync()
    print(f"first sync {time.monotonic() - began:.1f} s:",
          {entity["entity"]: entity["read"] for entity in first["entities"]})
    assert not whole.dunlin.quarantine(), whole.dunlin.quarantine()
    whole.assert_agrees([str(TODAY), *PAST])
    before = whole.counts()
    again = whole.sync()
    for entity in again["entities"]:
        assert entity["inserted"] == entity["updated"] == entity["deleted"] == 0, entity
    whole.sync("--full", "--sweep")
    assert whole.counts() == before, (before, whole.counts())
    whole.assert_agrees([str(TODAY), *PAST])
    late_commit(whole)
    incremental(whole)
