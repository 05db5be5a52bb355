"""A month in the life, on one store: invoices and payments come in files, calls are logged, promises are made, kept and
broken, letters of three levels arrive at a mail server, a payment comes in parts, one bounces and opens its promise
again, a dispute and promises pause dunning, a fee is waived, a credit hold is announced, agreed with sales, and lifted.
Each working day is a host of its own under that day's clock, which does by itself what a day brings. On every day the
books balance, and ageing is what this test computes from what it put in; at the end each day's ageing is asked for once
more, and must be the same bytes."""
import datetime
import email
import email.policy
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import instance as it
from month_books import Books

SINK = it.ROOT / "tests/support/smtp_sink.py"
REMINDER, SECOND, LAST = "Payment reminder", "Second reminder", "Last reminder before further steps"
CONFIG = """
[testing]
clock = "2026-06-01T08:00:00Z"
ids_seed = 9000
[http]
port = 0
[sources.erp]
connector = "csv"
every = "12h"
[sources.erp.settings]
folder = "drop"
settle_seconds = 0
[plugins.correspondence]
sending = true
account = "post"
[plugins.correspondence.companies."Dunlin Ltd"]
from = "letters@dunlin.example"
iban = "DE02120300000000202051"
[mail.accounts.post]
server = "127.0.0.1:{port}"
tls = "none"
sender = "bounces@dunlin.example"
[tools.pdf]
program = "/bin/sh"
args = ["-c", "cat > /dev/null; printf '%%PDF-1.7 made up'"]
"""
LEVELS = [
    {"level": 1, "days": 5, "channel": "email", "template": "reminder"},
    {"level": 2, "clock": "previous", "days": 6, "channel": "email", "template": "dunning",
     "fee": {"fixed": {"EUR": "10"}}},
    {"level": 3, "clock": "previous", "days": 6, "channel": "email", "template": "final_notice",
     "fee": {"fixed": {"EUR": "15"}}, "interest": True, "credit_hold": True}]


ONE = datetime.timedelta(days=1)


def date(text):
    return datetime.date.fromisoformat("2026-" + text)


def printed(invoice):
    """The number on the paper of what this test calls "A-1"."""
    return f"RE-2026-{ord(invoice[0])}{int(invoice[2:]):02d}"


class Month:
    def __init__(self, store):
        self.folder = it.pathlib.Path(it.tempfile.mkdtemp(prefix="dunlin-month-"))
        it.atexit.register(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.sink = subprocess.Popen([SINK, self.folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        it.atexit.register(self.sink.kill)
        self.made = it.Instance(store, CONFIG.replace("{port}", self.sink.stdout.readline().strip()))
        self.tokens = {"collections": (self.made.folder / "tokens/administrator").read_text().strip(),
                       "sales": self.made.run("token", "create", "--role", "salesperson").stdout.strip()}
        (self.made.folder / "drop").mkdir()
        self.books = Books()
        self.seen = {}  # {day: the bytes of its ageing}
        self.taken = 0  # E-mails looked at.
        self.promised = {}  # {customer: the claim that its promise is}
        self.today = date("06-01")

    def drop(self, entity, header, *rows):
        lines = [header, *(",".join(map(str, row)) for row in rows)]
        (self.made.folder / f"drop/{entity}-{self.today:%m%d}.csv").write_text("\n".join(lines) + "\n")

    # What comes from the ERP: into a file, and into the books of this test.
    def invoices(self, *rows):
        for number, amount, issued, due in rows:
            self.books.invoice(number, number[0], date(issued), date(due), amount)
        self.drop("invoice", "external_id,number,customer,issue_date,due_date,currency,total",
                  *((n, printed(n), n[0], date(issued), date(due), "EUR", amount) for n, amount, issued, due in rows))

    def payments(self, *rows):
        for number, amount, _ in rows:
            self.books.payment(number, number[0], self.today, amount)
        self.drop("payment", "external_id,customer,date,currency,amount,reference",
                  *((n, n[0], self.today, "EUR", amount, text) for n, amount, text in rows))

    def dawn(self, day, *payments):
        """Another day, with what was paid on it, and an invoice to a customer who pays in time."""
        self.today = date(day)
        if payments:
            self.payments(*payments)
        self.invoices((f"H-{self.today.day}", 70 + self.today.day, day, "07-20"))
        self.begin()

    def begin(self):
        """The host of the day, once it has done what the day brings by itself."""
        toml = self.made.folder / "dunlin.toml"
        toml.write_text(re.sub(r'clock = "[0-9-]+', f'clock = "{self.today}', toml.read_text()))
        self.host = subprocess.Popen(self.made.command("serve"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     text=True)
        it.atexit.register(self.host.kill)
        self.url = re.search(r"http://\S+", self.host.stdout.readline()).group()
        self.settle(with_sync=True)
        assert self.made.quarantine() == [], self.made.quarantine()

    def settle(self, with_sync=False):
        """Until nothing is due: no schedule, no job and no event, twice in a row."""
        now = int(datetime.datetime.combine(self.today, datetime.time(8), datetime.timezone.utc).timestamp()) * 10 ** 6
        sql = f"""SELECT (SELECT count(*) FROM dunlin_cron WHERE next_at_us <= {now})
          + (SELECT count(*) FROM dunlin_job WHERE state IN ('queued', 'running') AND run_at_us <= {now})
          + (SELECT count(*) FROM dunlin_subscriber s JOIN dunlin_event e ON (e.tx_number, e.id) > (s.tx_number, s.id))
          + (SELECT count(*) FROM dunlin_delivery WHERE state <> 'done')
          + {int(with_sync)} * (SELECT 1 - count(*) FROM dunlin_sync_run WHERE started_us = {now} AND state = 'ok'),
          (SELECT count(*) FROM dunlin_event), (SELECT count(*) FROM dunlin_job)"""
        end, before = time.monotonic() + 600, None
        while True:
            found = self.made.rows(sql)[0]
            if found[0] == "0" and found == before:
                return
            assert time.monotonic() < end, (self.today, found, self.made.rows(
                "SELECT kind, state, last_error FROM dunlin_job ORDER BY id DESC LIMIT 5"))
            before = found
            time.sleep(0.15)

    def ask(self, command, who="collections", **request):
        asked = urllib.request.Request(f"{self.url}/api/v1/receivables.{command}", json.dumps(request).encode(),
                                       method="POST", headers={"Authorization": f"Bearer {self.tokens[who]}",
                                                               "Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=120) as reply:
            return reply.read()

    def refusal(self, command, **request):
        try:
            raise AssertionError(self.ask(command, **request))
        except urllib.error.HTTPError as refused:
            return refused.read().decode()

    def call(self, command, **request):
        try:
            return json.loads(self.ask(command, **request))
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{self.today} {command} {request}: {refused.read().decode()}") from None

    def id(self, entity, name):
        return self.made.rows(
            f"SELECT id FROM receivables_binding WHERE entity = '{entity}' AND external_id = '{name}'")[0][0]

    def about(self, name, **more):
        """Whom, and which invoice or payment, a request is about; names begin with their customer's."""
        out = {"customer": self.id("customer", name[0]), **more}
        if "-" in name:
            out["item"] = self.id("invoice", name)
        return out

    def promises(self, name):
        return [row["state"] for row in self.call("promises", customer=self.id("customer", name))["rows"]]

    def ends(self, name, state):
        """The promise of a customer has come to that, and its claim ended today."""
        assert self.promises(name) == [state], (self.today, self.promises(name))
        self.promised[name].until = self.today

    def agree(self, name, terms, reason):
        """Credit terms of a customer, by collections and sales together."""
        made = self.call("propose_terms", **self.about(name, payment_terms=terms, reason=reason))
        for side, state in (("collections", "open"), ("sales", "agreed")):
            agreed = self.call(f"agree_terms_for_{side}", who=side, **self.about(name, proposal=made["proposal_id"]))
            assert agreed["state"] == state, agreed
        return agreed

    def worklist(self, name):
        rows = self.call("worklist")["rows"]
        return next(row["facts"] for row in rows if row["number"] == name)

    def match(self, *settled):
        """Cash application; `settled` is what the test expects of it: payment, invoice, amount."""
        found = self.call("match_cash")
        assert found["applied"] == len(settled), (self.today, found, settled)
        for payment, invoice, amount in settled:
            self.books.settle(payment, invoice, amount, self.today)
        self.settle()
        return found

    def dun(self, *letters, held=()):
        """A run, released: the levels that it gives by customer, and whom it holds out and why."""
        run = self.call("dun")
        rows = self.call("dunning_letters", run=run["run_id"], state="draft")["rows"]
        names = dict(self.made.rows("SELECT customer_id, number FROM receivables_customer"))
        found = sorted(f"{names[row['customer_id']]}{row['level']} {row['total']}" for row in rows)
        assert found == sorted(letters), (self.today, found, run)
        assert {one["reason"] for one in run["held"]} == set(held), (self.today, run["held"])
        released = self.call("release_dunning", run=run["run_id"])
        assert released["released"] == len(letters), released
        self.settle()
        return {names[row["customer_id"]]: row for row in rows}

    def mails(self, *expected):
        """What came at the mail server since the last time: "mailbox: subject"."""
        lines = self.folder / "taken.jsonl"
        all_of_it = lines.read_text().splitlines() if lines.exists() else []
        found = []
        for line in map(json.loads, all_of_it[self.taken:]):
            mime = (self.folder / f"{line['n']}.eml").read_bytes()
            subject = email.message_from_bytes(mime, policy=email.policy.default)["subject"]
            found.append(f"{line['to'][0].split('@')[0]}: {subject}")
        self.taken = len(all_of_it)
        assert sorted(found) == sorted(expected), (self.today, found)

    def ageing(self, day):
        return self.ask("aging", as_of=str(day), by="customer")

    def balance(self):
        """The books of this day and of the free days before it."""
        self.settle()
        day = max(self.seen, default=self.today - ONE) + ONE
        days = [day + i * ONE for i in range((self.today - day).days + 1)]
        verified = self.call("verify", dates=[str(one) for one in days])
        assert verified["ok"] is True, verified
        for one in days:
            self.seen[one] = self.ageing(one)
            self.books.compare(one, {row["number"]: row for row in json.loads(self.seen[one])["rows"]})

    def close(self):
        self.balance()
        self.host.terminate()
        assert self.host.wait(60) == 0
        self.host.stdout.close()


def opening(m):
    m.drop("customer", "external_id,number,name,kind,currency,language,salesperson",
           *((name, name, f"Customer {name}", "person" if name == "P" else "company", "EUR", "en", "sue")
             for name in "ABCDEFHP"))
    m.drop("contact_point", "external_id,customer,role,kind,value",
           *((f"{name}-mail", name, "billing", "email", f"{name.lower()}@there.example") for name in "ABCDEFHP"))
    m.invoices(("A-1", 1000, "04-27", "05-27"), ("B-1", 800, "04-29", "05-29"), ("C-1", 1200, "04-25", "05-25"),
               ("D-1", 900, "04-30", "05-30"), ("E-1", 600, "04-26", "05-26"), ("F-1", 300, "04-27", "05-27"),
               ("P-1", 150, "04-20", "05-20"))
    m.begin()
    m.call("set_charges", name="ten", charges={"rate": "10"}, valid_from="2026-01-01")
    m.call("set_dunning_procedure", name="standard", valid_from="2026-01-01",
           procedure={"levels": LEVELS, "charges": "ten"})
    m.dun("A1 1000.00", "C1 1200.00", "E1 600.00", "F1 300.00", "P1 150.00")
    m.mails("a: " + REMINDER, "c: " + REMINDER, "e: " + REMINDER, "f: " + REMINDER)
    m.close()


def first_week(m):
    m.dawn("06-02")
    for name, due in (("B", "06-05"), ("D", "06-12")):
        said = m.call("log_contact", **m.about(name + "-1", channel="call", outcome="promise", reason="short_of_money",
                                               promise={"due": str(date(due))}))
        assert said["promises"][0]["state"] == "open" and said["tasks"][0]["title"] == "Agree on a plan", said
        m.promised[name] = m.books.claim(name + "-1", "promise", m.today)
    m.mails()
    m.close()

    m.dawn("06-04", ("C:1", 700, printed("C-1")), ("D:1", 900, printed("D-1")))
    m.match(("C:1", "C-1", 700), ("D:1", "D-1", 900))
    m.ends("D", "kept")
    # B-1 is 6 days late. P is a person: what nobody may write reaches no level, and is not written again.
    m.dun(held=["promised", "letter_waits"])
    m.mails("b: Your payment on 5 June 2026")
    m.close()

    m.dawn("06-05")
    m.dispute = m.call("place_claim", **m.about("E-1", kind="dispute"))["claim_id"]
    m.disputed = m.books.claim("E-1", "dispute", m.today)
    m.mails("b: Your payment on 5 June 2026")
    m.close()


def second_week(m):
    m.dawn("06-08")
    m.dun("A2 1010.00", "C2 510.00", "F2 310.00", held=["promised", "disputed", "letter_waits"])
    m.mails("a: " + SECOND, "c: " + SECOND, "f: " + SECOND)
    m.close()

    m.dawn("06-09")
    m.ends("B", "broken")
    assert m.worklist("B")["broken_promises"] == 1, m.worklist("B")
    m.dun("B1 800.00", held=["disputed", "letter_waits"])
    m.mails("b: Your payment of EUR 800.00", "b: " + REMINDER)
    m.close()

    m.dawn("06-10", ("F:1", 300, "invoice " + printed("F-1")))
    m.match(("F:1", "F-1", 300))
    bounced = m.call("bounce_payment", customer=m.id("customer", "D"), payment=m.id("payment", "D:1"))
    assert [one["amount"] for one in bounced["reopened"]] == ["900.00"], bounced
    m.books.bounce("D:1", m.today)
    m.settle()
    assert m.promises("D") == ["open"], m.promises("D")
    m.promised["D"] = m.books.claim("D-1", "promise", m.today)
    again = m.refusal("bounce_payment", customer=m.id("customer", "D"), payment=m.id("payment", "D:1"))
    assert "already reversed on 2026-06-10" in again, again
    m.dun(held=["promised", "disputed", "letter_waits"])
    m.mails()
    m.close()

    m.dawn("06-12", ("C:2", 500, printed("C-1") + " rest"))
    m.match(("C:2", "C-1", 500))
    fee = m.call("charges", customer=m.id("customer", "F"))["rows"]
    assert [(one["kind"], one["amount"]["amount"], one["state"]) for one in fee] == [("fee", "10.00", "claimable")], fee
    m.call("waive_charge", **m.about("F", charge=fee[0]["charge_id"], reason="paid the day after"))
    m.mails("d: Your payment on 12 June 2026")
    m.close()


def third_week(m):
    m.dawn("06-15")
    # 19 days of 10 % on 1,000.00 are 5.21.
    last = m.dun("A3 1030.21", "B2 810.00", held=["promised", "disputed", "letter_waits"])["A"]
    assert last["credit_hold"] is True and last["earlier_charges"] == "10.00" and last["interest"] == "5.21", last
    told = m.call("announce_hold", **m.about("A", reason="no reaction to three letters"))
    assert told["assignee"] == "sue" and told["due_on"] == "2026-06-17", told
    m.mails("a: " + LAST, "b: " + SECOND)
    m.close()

    m.dawn("06-16")
    m.ends("D", "broken")
    m.call("lift_claim", **m.about("E", claim=m.dispute))
    m.disputed.until = m.today
    m.dun("D1 900.00", "E2 610.00", held=["letter_waits"])
    m.mails("d: Your payment of EUR 900.00", "d: " + REMINDER, "e: " + SECOND)
    m.close()

    m.dawn("06-19", ("B:1", 640, "thank you"))
    assert m.match()["waiting"] == 1
    waits = m.call("cash_exceptions")["payments"]
    assert [one["payment_id"] for one in waits] == [m.id("payment", "B:1")], waits
    lines = [{"item": m.id("invoice", "B-1"), "amount": "640"}]
    applied = m.call("apply_cash", **m.about("B", payment=waits[0]["payment_id"], lines=lines, reason="in_parts"))
    assert applied["left"]["amount"] == "0.00", applied
    m.books.settle("B:1", "B-1", 640, m.today)
    placed = m.call("place_credit_hold", **m.about("A"))
    assert placed["written_back"]["state"] == "not_taken" and m.worklist("A")["credit_hold"] == 1, placed
    hold = m.agree("A", "prepayment", "credit hold: no reaction to three letters")
    assert hold["basis"].startswith("nothing settled within a year"), hold
    m.mails()
    m.close()


def last_days(m):
    m.dawn("06-22")
    # Interest: of B 21 days on 800.00 and 3 on the 160.00 left, of E 27 days on 600.00.
    m.dun("B3 189.73", "D2 910.00", "E3 629.44", held=["letter_waits"])
    m.mails("b: " + LAST, "d: " + SECOND, "e: " + LAST)
    m.close()

    m.dawn("06-24", ("A:1", 1000, printed("A-1")), ("D:2", 900, "for " + printed("D-1")))
    m.match(("A:1", "A-1", 1000), ("D:2", "D-1", 900))
    assert m.promises("D") == ["broken"], m.promises("D")  # Money that comes later changes nothing.
    m.settle()
    assert "Lift the credit hold" in str(m.call("tasks", **m.about("A"))), m.call("tasks", **m.about("A"))
    assert m.call("lift_credit_hold", **m.about("A", reason="all is paid"))["state"] == "lifted"
    lifted = m.agree("A", "30 days", "the hold is lifted: all is paid")
    assert lifted["agreed_by_sales"] != lifted["agreed_by_collections"], lifted
    m.mails()
    m.close()

    m.dawn("06-30")
    m.mails()
    fees = m.made.rows("SELECT c.number, x.state, CAST(sum(x.amount) AS bigint) / 10000 FROM receivables_charge x JOIN"
                       " receivables_customer c ON c.customer_id = x.customer_id WHERE x.kind = 'fee'"
                       " GROUP BY c.number, x.state ORDER BY c.number")
    assert [" ".join(row) for row in fees] == [
        "A claimable 25", "B claimable 25", "C claimable 10", "D claimable 10", "E claimable 25", "F waived 10"], fees
    m.balance()
    for day, answer in m.seen.items():
        assert m.ageing(day) == answer, f"the ageing of {day} is another one by now"
    m.close()


def main():
    m = Month(sys.argv[1])
    began = time.monotonic()
    for part in (opening, first_week, second_week, third_week, last_days):
        part(m)
    taken = time.monotonic() - began
    print(f"{sys.argv[1]}: {len(m.seen)} days, {m.taken} e-mails, books that balance, in {taken:.0f} s")


if __name__ == "__main__":
    main()
