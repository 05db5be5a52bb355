"""What Tryton holds, Dunlin holds: after a full sync, after each kind of change, and on days gone by.

Every expectation is computed from Tryton's own tables, by statements that know nothing of the connector."""
import base64
import datetime
import hashlib
import os
import pathlib
import subprocess
import sys
import time
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))

import tryton_server
from instance import Instance
from way import Way

TODAY = datetime.date.today()
PAST = [TODAY - datetime.timedelta(days=n) for n in (6, 120)]


def settings(erp, **changes):
    lines = {"url": erp.url, "database": erp.database, "user": erp.reader, "password": "erp_password", **changes}
    text = "".join(f"{key} = {value!r}\n".replace("'", '"') for key, value in lines.items())
    return f'[sources.erp]\nconnector = "tryton"\n[sources.erp.settings]\n{text}[secrets]\nerp_password = "env:ERP_PASSWORD"\n'


def balances(erp, day, company=None):
    """Per party and currency: open receivable lines of that day, in the currency of each."""
    where = f"AND m.company = {company}" if company else ""
    rows = erp.sql(f"""
        SELECT p.code, coalesce(f.code, c.code),
               sum(CASE WHEN l.second_currency IS NULL THEN l.debit - l.credit ELSE l.amount_second_currency END)
        FROM account_move_line l JOIN account_move m ON m.id = l.move JOIN account_account a ON a.id = l.account
        JOIN account_account_type t ON t.id = a.type JOIN company_company o ON o.id = m.company
        JOIN currency_currency c ON c.id = o.currency LEFT JOIN currency_currency f ON f.id = l.second_currency
        LEFT JOIN account_move_reconciliation r ON r.id = l.reconciliation LEFT JOIN account_invoice i ON i.move = m.id
        JOIN party_party p ON p.id = coalesce(l.party, i.party)
        WHERE t.receivable AND m.date <= '{day}' AND (r.id IS NULL OR r.date > '{day}') {where}
        GROUP BY 1, 2""")
    return {(row[0], row[1]): Decimal(row[2]) for row in rows if Decimal(row[2])}


def ours(dunlin, day, *pairs):
    out = {}
    numbers = dict(dunlin.rows("SELECT customer_id, number FROM receivables_customer"))
    for row in dunlin.call("receivables.aging", f"as_of={day}", "by=customer", *pairs)["rows"]:
        if Decimal(row["balance"]):
            out[numbers[row["customer_id"]], row["currency"]] = Decimal(row["balance"])
    return out


def agree(erp, dunlin, what, days=(TODAY, *PAST)):
    for day in days:
        theirs, mine = balances(erp, day), ours(dunlin, day)
        differing = {key: (theirs.get(key), mine.get(key)) for key in {*theirs, *mine} if theirs.get(key) != mine.get(key)}
        assert theirs and not differing, f"{what}, {day}: {len(differing)} accounts differ (Tryton, Dunlin): {differing}"
    reconciled = dunlin.call("receivables.reconcile", "limit=20")
    assert reconciled["agrees"], (what, reconciled["items"])
    verified = dunlin.call("receivables.verify")
    assert verified["ok"], (what, verified["findings"])
    waiting = dunlin.quarantine()
    assert not waiting, (what, waiting)


def sync(dunlin, *options):
    done = dunlin.run("sync", "erp", *options)
    report = dunlin.last_report()
    assert report["state"] == "ok", report
    return {entity["entity"]: entity for entity in report["entities"]}


def invoice(erp, reference, *fields, company=1):
    found, = erp.read("account.invoice", [["reference", "=", reference], ["company", "=", company]],
                      ["move", "number", "state", "party", "account", "lines", *fields], company)
    return found


def item(dunlin, reference, *columns):
    rows = dunlin.rows(f"SELECT {', '.join(columns)} FROM receivables_item WHERE reference = '{reference}' AND "
                       "company_id = (SELECT company_id FROM receivables_company WHERE name = 'Dunlin Trading') ORDER BY 1")
    return rows[0] if len(rows) == 1 else rows


def due_line(erp, document):
    return erp.read("account.move.line", [["move", "=", document["move"]], ["account.type.receivable", "=", True]],
                    ["debit", "credit", "reconciliation", "account"])[0]


def draft(erp, party, amount, reference):
    address = erp.read("party.address", [["party", "=", party]], ["id"])[0]["id"]
    like = erp.read("account.invoice", [["state", "=", "posted"], ["currency.code", "=", "USD"], ["company", "=", 1]],
                    ["journal", "account", "lines"])[0]
    revenue = erp.read("account.invoice.line", [["id", "in", like["lines"]]], ["account"])[0]["account"]
    return erp.call("model.account.invoice.create", [[{
        "type": "out", "party": party, "invoice_address": address, "company": 1, "currency": 1, "journal": like["journal"],
        "account": like["account"], "reference": reference, "invoice_date": TODAY,
        "lines": [["create", [{"type": "line", "description": "Late work", "quantity": 1.0, "account": revenue,
                               "unit_price": Decimal(amount), "company": 1, "currency": 1}]]]}]])[0]


def pay(erp, document, amount, how="partial"):
    method = erp.read("account.invoice.payment.method", [["company", "=", 1]], ["id"])[0]["id"]
    start = {"amount": Decimal(amount), "currency": 1, "currency_digits": 2, "company": 1, "payment_method": method,
             "date": TODAY, "description": None, "invoice_account": document["account"]}
    ask = {"type": how}
    erp.wizard("account.invoice.pay", "account.invoice", [document["id"]], ("choice", "start", start),
               ("pay", "ask", ask))


def refusals(erp):
    """Each is one sentence, and nothing is half written."""
    closed = tryton_server.free_port()
    for changes, password, words in (
            ({}, "wrong", "refuses the login of"),
            ({"database": "no_such_books"}, None, "has no database"),
            ({"url": f"http://127.0.0.1:{closed}"}, None, str(closed)),
            ({"companies": ["Dunlin Asia"]}, None, "has no company"),
            ({"user": "one", "companies": ["Dunlin Europe"]}, None, "may not see the company"),
            ({"user": "clerk"}, None, "may not read account.invoice")):
        os.environ["ERP_PASSWORD"] = password or erp.reader_password
        dunlin = Instance(extra=settings(erp, **changes))
        done = dunlin.run("sync", "erp", "--check", check=False)
        said = (done.stdout + done.stderr).strip()
        assert done.returncode != 0 and words in said, (changes, said)
        assert "Traceback" not in said and len(said) < 500 and (password or "~") not in said, said
        if changes.keys() & {"database", "companies"} or not changes:
            dunlin.run("sync", "erp", check=False)
            assert dunlin.last_report()["state"] == "failed"
            assert dunlin.rows("SELECT count(*) FROM receivables_binding") == [["0"]]
    os.environ["ERP_PASSWORD"] = erp.reader_password


def untrusted(erp):
    """A certificate of one's own is refused with the setting that would trust it, which then does."""
    with Way(erp.url, is_secret=True) as way:
        wary = Instance(extra=settings(erp, url=way.url)).run("sync", "erp", "--check", check=False)
        said = (wary.stdout + wary.stderr).strip()
        assert wary.returncode != 0 and "certificate that is not trusted" in said, said
        assert "ca_file in [http_client]" in said and way.url in said and "\n" not in said and len(said) < 600, said
        trusting = Instance(extra=settings(erp, url=way.url) + f'[http_client]\nca_file = "{way.certificate}"\n')
        assert "Tryton 6.0" in trusting.run("sync", "erp", "--check").stdout


def first_sync(erp, dunlin):
    checked = dunlin.run("sync", "erp", "--check").stdout
    # The reader is not in the group Dunning; that it cannot know is said, not passed over.
    assert "Tryton 6.0" in checked and "may not read whether it duns" in checked, checked
    began = time.time()
    report = sync(dunlin)
    print(f"full sync: {sum(e['read'] for e in report.values())} rows in {time.time() - began:.1f} s", flush=True)
    agree(erp, dunlin, "full sync")
    for company in ("Dunlin Trading", "Dunlin Europe"):
        (id_, external), = dunlin.rows(f"SELECT c.company_id, b.external_id FROM receivables_company c JOIN "
                                       f"receivables_binding b ON b.id = c.company_id WHERE c.name = '{company}'")
        assert ours(dunlin, TODAY, f"company={id_}") == balances(erp, TODAY, external), company
    assert item(dunlin, "cancelled", "status") == ["cancelled"]
    assert item(dunlin, "refunded", "status") == ["posted"], item(dunlin, "refunded", "status")


def changes(erp, dunlin):
    """One change after the other; each arrives with the next incremental sync."""
    party = invoice(erp, "due date to change")["party"]
    new = draft(erp, party, "321.09", "new in Tryton")
    sync(dunlin)
    assert item(dunlin, "new in Tryton", "status", "amount") == ["draft", "3210900"]
    agree(erp, dunlin, "a new draft")
    erp.call("model.account.invoice.post", [[new]])
    sync(dunlin)
    document = invoice(erp, "new in Tryton")
    assert item(dunlin, "new in Tryton", "status", "number") == ["posted", document["number"]]
    agree(erp, dunlin, "a posted invoice")

    pay(erp, document, "21.09")
    sync(dunlin)
    assert item(dunlin, "new in Tryton", "source_open") == ["3000000"]
    agree(erp, dunlin, "a part payment")

    wizard = {"with_refund": False, "with_refund_allowed": True, "invoice_date": TODAY}
    erp.wizard("account.invoice.credit", "account.invoice", [document["id"]], ("credit", "start", wizard))
    note, = erp.read("account.invoice", [["state", "=", "draft"], ["party", "=", party], ["company", "=", 1],
                                         ["reference", "=", None]], ["id"])
    erp.call("model.account.invoice.post", [[note["id"]]])
    sync(dunlin)
    rows = dunlin.rows(f"SELECT i.kind, i.amount, i.corrects FROM receivables_item i JOIN receivables_binding b "
                       f"ON b.id = i.item_id WHERE b.entity = 'invoice' AND b.external_id = '{note['id']}'")
    assert rows == [["credit_note", "-3210900", str(document["id"])]], rows
    agree(erp, dunlin, "a credit note")

    line = due_line(erp, invoice(erp, "due date to change"))
    erp.call("model.account.move.line.write", [[line["id"]], {"maturity_date": TODAY + datetime.timedelta(days=90)}])
    sync(dunlin)
    due = (TODAY + datetime.timedelta(days=90) - datetime.date(1970, 1, 1)).days
    assert item(dunlin, "due date to change", "due_on") == [str(due)]

    doomed = draft(erp, party, "45.00", "cancelled in Tryton")
    erp.call("model.account.invoice.post", [[doomed]])
    sync(dunlin)
    agree(erp, dunlin, "an invoice before it is cancelled")
    erp.call("model.account.invoice.cancel", [[doomed]])
    sync(dunlin)
    assert item(dunlin, "cancelled in Tryton", "status") == ["cancelled"]
    agree(erp, dunlin, "a cancellation")

    erp.call("model.party.contact_mechanism.create", [[{"party": party, "type": "email", "value": "new@example.net"}]])
    sync(dunlin)
    assert dunlin.rows("SELECT kind FROM receivables_contact_point WHERE value = 'new@example.net'") == [["email"]]


def reconciliations(erp, dunlin):
    """Taken back, made again with other lines, and assigned anew."""
    document = invoice(erp, "written off")
    line = due_line(erp, document)
    before = balances(erp, TODAY)
    erp.call("model.account.move.reconciliation.delete", [[line["reconciliation"]]])
    sync(dunlin)
    assert balances(erp, TODAY) == before  # Nothing but what belongs together changed.
    assert item(dunlin, "written off", "source_open") == ["2500000"]
    agree(erp, dunlin, "a removed reconciliation")
    crossed = due_line(erp, invoice(erp, "paid in another currency"))
    erp.call("model.account.move.reconciliation.delete", [[crossed["reconciliation"]]])
    sync(dunlin)
    agree(erp, dunlin, "a removed reconciliation in two currencies")
    credited = invoice(erp, "credited in part")
    erp.call("model.account.invoice.write", [[credited["id"]], {"payment_lines": [["remove", [
        line["id"] for line in erp.read("account.move.line", [["invoice_payments", "=", credited["id"]]], ["id"])]]]}])
    sync(dunlin)
    assert item(dunlin, "credited in part", "source_open") == ["3200000"]
    mine = dunlin.call("receivables.verify")
    assert mine["ok"], mine["findings"]


def deletions(erp, dunlin):
    gone = invoice(erp, "draft to delete")
    assert item(dunlin, "draft to delete", "void_on")
    erp.call("model.account.invoice.delete", [[gone["id"]]])
    contact = erp.read("party.contact_mechanism", [["value", "=", "ap3@example.net"]], ["id"])[0]
    erp.call("model.party.contact_mechanism.delete", [[contact["id"]]])
    report = sync(dunlin, "--sweep")
    assert report["invoice"]["deleted"] == 1 and report["contact_point"]["deleted"] == 1, report
    assert all(report[e]["deleted"] == 0 for e in ("payment", "adjustment", "customer", "instalment")), report
    agree(erp, dunlin, "deletions")


def late_commit(erp, dunlin):
    """A transaction that began before a sync and commits behind it."""
    party = invoice(erp, "due date to change")["party"]
    sync(dunlin)
    sql = ["psql", "-qtA", "-h", "127.0.0.1", "-p", str(erp.cluster.port), "-U", "tryton", "-d", erp.database]
    slow = subprocess.Popen(sql, stdin=subprocess.PIPE, text=True)
    slow.stdin.write(f"BEGIN; UPDATE party_party SET name = 'Named late', write_date = CURRENT_TIMESTAMP AT TIME ZONE "
                     f"'UTC' WHERE id = {party};\n")
    slow.stdin.flush()
    time.sleep(2)
    other, = erp.read("party.party", [["id", "!=", party], ["name", "like", "Customer 001%"]], ["id"])
    erp.call("model.party.party.write", [[other["id"]], {"name": "Named in time"}])
    sync(dunlin)
    names = "SELECT name FROM receivables_customer WHERE name LIKE 'Named%' ORDER BY 1"
    assert dunlin.rows(names) == [["Named in time"]]
    slow.stdin.write("COMMIT;\n")
    slow.stdin.close()
    slow.wait()
    sync(dunlin)
    assert dunlin.rows(names) == [["Named in time"], ["Named late"]], dunlin.rows(names)


def documents(erp, dunlin):
    """Filed as Tryton has them, byte for byte: one it stored when it was posted, one it has to print. A draft has none."""
    def fetch(document):
        customer, item_id = dunlin.rows(f"SELECT customer_id, item_id FROM receivables_item WHERE external_id = '{document['id']}'")[0]
        pairs = f"customer={customer}", f"item={item_id}"
        dunlin.call("receivables.fetch_document", *pairs)
        dunlin.run("run-jobs")
        rows = dunlin.call("receivables.documents", *pairs)["rows"]
        return [dunlin.call("receivables.document", pairs[0], f"document={row['document_id']}") for row in rows]

    def direct(document):
        arguments = {"model": "account.invoice", "id": document["id"], "ids": [document["id"]]}
        answer = erp.call("report.account.invoice.execute", [[document["id"]], arguments])
        return base64.b64decode(answer[1]["base64"])
    stored, printed = erp.read("account.invoice", [["type", "=", "out"], ["state", "=", "posted"], ["company", "=", 1],
                                                   ["number", "!=", None]], ["number"])[:2]
    erp.sql("UPDATE account_invoice SET invoice_report_cache = NULL, invoice_report_cache_id = NULL, "
            f"invoice_report_format = NULL WHERE id = {printed['id']}")
    for document in (stored, printed):
        filed, = fetch(document)
        theirs = direct(document)
        assert filed["sha256"] == hashlib.sha256(theirs).hexdigest(), (document, filed["size"], len(theirs))
        assert base64.b64decode(filed["content_base64"]) == theirs and filed["size"] == len(theirs) > 1000, document
        # Without an office suite beside it, Tryton prints no PDF but what its template is.
        kind = "application/pdf" if theirs.startswith(b"%PDF-") else "application/vnd.oasis.opendocument.text"
        assert filed["media_type"] == kind, (filed["media_type"], theirs[:80])
        again, = fetch(document)
        assert again == filed, document
    assert dunlin.rows("SELECT count(*) FROM receivables_document") == [["2"]]
    assert fetch(invoice(erp, "draft")) == []
    failed = dunlin.rows("SELECT last_error FROM dunlin_job WHERE state = 'failed'")
    assert len(failed) == 1 and "not posted" in failed[0][0], failed


def quiet_run(erp, dunlin):
    before = dunlin.rows("SELECT count(*) FROM receivables_binding")
    report = sync(dunlin)
    moved = {name: (e["inserted"], e["updated"], e["deleted"]) for name, e in report.items()}
    assert all(counts == (0, 0, 0) for counts in moved.values()), moved
    assert dunlin.rows("SELECT count(*) FROM receivables_binding") == before
    sync(dunlin, "--full")
    agree(erp, dunlin, "a second full sync")


def main():
    store = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    with tryton_server.start_or_skip() as erp:
        refusals(erp)
        untrusted(erp)
        dunlin = Instance(store, settings(erp))
        for story in (first_sync, changes, reconciliations, deletions, late_commit, quiet_run, documents):
            began = time.time()
            story(erp, dunlin)
            print(f"{story.__name__}: {time.time() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
