"""Fills an empty Tryton database with two companies' books. Runs in Tryton's own process space, see tryton_server.py:
    python3 tryton_book.py trytond.conf DATABASE
Always the same book on the same day. What it holds, by name: instalments, part payments, payments on account, credit
notes applied and open, refunds, cancelled and draft documents, a foreign payment with a difference of exchange, an
invoice in one currency paid in another, a write-off, manual journals, money sent back."""
import datetime
import random
import sys
from decimal import Decimal

from trytond.config import config

config.update_etc(sys.argv[1])

from trytond.pool import Pool  # noqa: E402  Tryton is imported once it is configured.
from trytond.transaction import Transaction  # noqa: E402
from trytond.worker import run_task  # noqa: E402

TODAY = datetime.date.today()
DAYS = 300  # How far back the book begins.
CUSTOMERS, INVOICES = 240, 360


def day(n):
    return TODAY - datetime.timedelta(days=DAYS - n)


def get(name, type="model"):
    return Pool().get(name, type=type)


def save(model, /, **values):
    record = get(model)(**values)
    record.save()
    return record


def only(name, *domain):
    found, = get(name).search(list(domain), limit=1)
    return found


class Book:
    """One company: its accounts, its fiscal years, and what happens to its invoices."""

    def __init__(self, name, currency, timezone):
        party = save("party.party", name=name, addresses=[dict(street="Quay 1", city="Ostend", country=country("BE"))])
        self.company = save("company.company", party=party, currency=currency, timezone=timezone)
        Transaction().context["company"] = self.company.id
        user = get("res.user")(Transaction().user)
        user.companies = [*user.companies, self.company]
        user.company, user.company_filter = self.company, "all"
        user.save()
        self.company.cancel_invoice_out = True
        self.company.save()
        self.create_chart()
        for year in range(day(0).year, TODAY.year + 3):
            self.create_year(year)
        self.cash = self.journal("Bank " + name, "BANK", "cash")
        self.general = self.journal("Manual", "MAN", "general")
        self.writing_off = self.journal("Write-offs", "WO", "write-off")
        self.method = save("account.invoice.payment.method", name="Bank", company=self.company, journal=self.cash,
                           credit_account=self.bank, debit_account=self.bank)
        self.write_off = save("account.move.reconcile.write_off", name="Small", company=self.company,
                              journal=self.writing_off, credit_account=self.expense, debit_account=self.expense)

    def journal(self, name, code, type):
        sequence = get("ir.model.data").get_id("account", "sequence_account_journal")
        return save("account.journal", name=name, code=code, type=type, sequence=sequence)

    def create_chart(self):
        template = get("ir.model.data").search([("module", "=", "account"), ("fs_id", "=", "account_template_root_en")])
        wizard = get("account.create_chart", "wizard")
        session, _, _ = wizard.create()
        chart = wizard(session)
        chart.account.company, chart.account.account_template = self.company, template[0].db_id
        chart.transition_create_account()
        account = lambda *domain: only("account.account", ("company", "=", self.company.id), *domain)  # noqa: E731
        self.receivable = account(("type.receivable", "=", True), ("party_required", "=", True))
        self.revenue, self.expense = account(("type.revenue", "=", True)), account(("type.expense", "=", True))
        self.bank = account(("name", "=", "Main Cash"))
        payable = account(("type.payable", "=", True))
        chart.properties.company = self.company
        chart.properties.account_receivable, chart.properties.account_payable = self.receivable, payable
        chart.properties.category_account_expense, chart.properties.category_account_revenue = self.expense, self.revenue
        chart.transition_create_properties()
        # One that wants no party: what is booked there belongs to nobody but its invoice.
        self.anonymous, = get("account.account").copy([self.receivable], {
            "name": "Receivable without party", "code": "1199", "party_required": False, "template": None})

    def create_year(self, year):
        kind = lambda name: only("ir.sequence.type", ("name", "=", name))  # noqa: E731
        moves = save("ir.sequence", name=str(year), sequence_type=kind("Account Move"), company=self.company)
        numbers = save("ir.sequence.strict", name=str(year), sequence_type=kind("Invoice"), company=self.company,
                       prefix=f"{year}/", padding=5)
        fiscal = save("account.fiscalyear", name=str(year), company=self.company, post_move_sequence=moves,
                      start_date=datetime.date(year, 1, 1), end_date=datetime.date(year, 12, 31),
                      invoice_sequences=[dict(company=self.company.id, in_invoice_sequence=numbers,
                                              in_credit_note_sequence=numbers, out_invoice_sequence=numbers,
                                              out_credit_note_sequence=numbers)])
        get("account.fiscalyear").create_period([fiscal])

    def draft(self, party, date, amounts, currency=None, term=None, account=None, reference=None):
        amounts = [Decimal(amount) for amount in amounts]
        lines = [dict(type="line", description=f"Service {n + 1}", quantity=(-1.0 if a < 0 else 1.0) * (n + 1),
                      unit_price=(abs(a) / (n + 1)).quantize(Decimal("0.0001")), account=self.revenue, company=self.company.id,
                      currency=currency or self.company.currency) for n, a in enumerate(amounts)]
        return save("account.invoice", company=self.company, type="out", party=party, invoice_date=date,
                    invoice_address=party.addresses[0], currency=currency or self.company.currency, payment_term=term,
                    journal=only("account.journal", ("type", "=", "revenue")), account=account or self.receivable,
                    reference=reference, lines=lines)

    def posted(self, *arguments, **named):
        invoice = self.draft(*arguments, **named)
        get("account.invoice").post([invoice])
        return invoice

    def move(self, date, journal, *lines, description=None, post=True):
        period = get("account.period").find(self.company.id, date=date)
        move = save("account.move", company=self.company, date=date, journal=journal, period=period,
                    description=description, lines=[self.line(*line) for line in lines])
        if post:
            get("account.move").post([move])
        return move

    def line(self, account, party, amount, foreign=None, currency=None):
        amount = Decimal(amount)
        return dict(account=account.id, party=party, debit=max(amount, Decimal(0)), credit=max(-amount, Decimal(0)),
                    amount_second_currency=foreign, second_currency=currency)

    def money(self, party, date, amount, foreign=None, currency=None, description=None, account=None):
        """A payment that names no invoice; negative: money sent back. Its line on the receivable account."""
        account = account or self.receivable
        other = (self.bank, None, amount)
        move = self.move(date, self.cash, (account, account.party_required and party or None, -Decimal(amount),
                                           foreign and -Decimal(foreign), currency), other, description=description)
        return self.lines_of(move)[0]

    def pay(self, invoice, date, amount):
        """Part or all of an invoice in the company's currency, as the wizard does it."""
        lines = invoice.pay_invoice(Decimal(amount), self.method, date, "Transfer " + (invoice.number or ""))
        open_lines = invoice.get_reconcile_lines_for_amount(Decimal(0))
        if open_lines.remainder == 0:
            get("account.move.line").reconcile(open_lines.lines)
        return lines

    def lines_of(self, move):
        return [line for line in move.lines if line.account.type.receivable]

    def reconcile(self, *lines, **options):
        return get("account.move.line").reconcile(list(lines), **options)


def country(code):
    known = get("country.country").search([("code", "=", code)])
    return known[0].id if known else save("country.country", name=code, code=code).id


def create_currencies():
    rates = {"USD": ("1", "1", "1"), "EUR": ("0.92", "0.905", "0.8837"), "GBP": ("0.79", "0.775", "0.7612"),
             "JPY": ("147.25", "151.8", "149.33")}
    out = {}
    for code, values in rates.items():
        digits = 0 if code == "JPY" else 2
        out[code] = save("currency.currency", name=code, symbol=code, code=code, digits=digits,
                         rounding=Decimal(1).scaleb(-digits),
                         rates=[dict(date=day(n), rate=Decimal(v)) for n, v in zip((-400, 60, 200), values)])
    return out


def create_terms():
    def term(name, *parts):
        lines = [dict(type="percent", ratio=Decimal(ratio), divisor=1 / Decimal(ratio), relativedeltas=[dict(days=days)])
                 for ratio, days in parts[:-1]] + [dict(type="remainder", relativedeltas=[dict(days=parts[-1][1])])]
        return save("account.invoice.payment_term", name=name, lines=lines)

    return [term("On receipt", (None, 0)), term("30 days", (None, 30)), term("14 days", (None, 14)),
            term("Three parts", ("0.25", 10), ("0.5", 40), (None, 70))]


def create_customers(random_, terms):
    streets, cities = ["Mill Lane", "Hafenstraße", "Rue du Port", "Via Roma"], ["Leeds", "Köln", "Lyon", "Milano"]
    customers = []
    for n in range(CUSTOMERS):
        place = n % 4
        contacts = [dict(type="email", value=f"ap{n}@example.net", name="Accounts payable", invoice=True),
                    dict(type="phone", value=f"+4930901820{n % 100:02}")]
        if n % 5 == 0:
            contacts.append(dict(type="mobile", value=f"+49151123456{n % 100:02}", name="Director"))
        addresses = [dict(street=f"{streets[place]} {n}", city=cities[place], postal_code=f"{10000 + n}",
                          country=country(["GB", "DE", "FR", "IT"][place]), invoice=n % 3 == 0)]
        customers.append(dict(name=f"Customer {n:03} {['Ltd', 'GmbH', 'SARL', 'S.p.A.'][place]}", addresses=addresses,
                              contact_mechanisms=contacts, customer_payment_term=random_.choice(terms)))
    return [save("party.party", **values) for values in customers]


def usual_life(book, random_, customers, terms, currencies, count):
    """Invoices until ten days ago; some paid, some in part, some credited."""
    for n in sorted(random_.sample(range((DAYS - 10) * 4), count)):
        date = day(n // 4)
        amounts = [Decimal(random_.randrange(500, 250000)) / 100 for _ in range(random_.choice([1, 1, 2, 3]))]
        party, term = random_.choice(customers), random_.choice(terms)
        currency = random_.choice([None, None, None, None, currencies["EUR"], currencies["GBP"], currencies["JPY"]])
        if currency and currency.digits == 0:
            amounts = [a.quantize(Decimal(1)) + 1000 for a in amounts]
        amounts = [a * (-1 if n % 23 == 0 else 1) for a in amounts]
        invoice = book.posted(party, date, amounts, currency=currency, term=term, reference=f"PO-{n}")
        paid_on = date + datetime.timedelta(days=random_.randrange(5, 90))
        fate = random_.random()
        if paid_on > TODAY or sum(amounts) < 0 or (currency and currency != book.company.currency):
            continue
        if fate < 0.35:
            book.pay(invoice, paid_on, invoice.total_amount)
        elif fate < 0.55:
            book.pay(invoice, paid_on, (invoice.total_amount / 3).quantize(Decimal("0.01")))
        elif fate < 0.65:
            book.money(party, paid_on, random_.randrange(10, 500), description="On account")


def special_cases(book, customers, terms, currencies):
    """One of everything that a mapping can get wrong, on a customer of its own each. In the order of their dates."""
    eur, gbp = currencies["EUR"], currencies["GBP"]
    if book.company.currency == eur:
        eur = currencies["USD"]
    c = iter(customers)
    today, ago = TODAY, lambda n: TODAY - datetime.timedelta(days=n)  # noqa: E731
    foreign = book.posted(next(c), ago(9), ["1000"], currency=eur, reference="fx difference")
    owed = book.lines_of(foreign.move)[0]
    received = book.money(foreign.party, ago(7), owed.debit - 5, foreign="1000", currency=eur)
    book.reconcile(owed, received, date=ago(6), writeoff=book.write_off)
    crossed = book.posted(next(c), ago(9), ["700"], currency=gbp, reference="paid in another currency")
    owed = book.lines_of(crossed.move)[0]
    book.reconcile(owed, book.money(crossed.party, ago(5), owed.debit))
    anonymous = book.posted(next(c), ago(8), ["88.80"], account=book.anonymous, reference="no party on the lines")
    book.reconcile(*book.lines_of(anonymous.move), book.money(anonymous.party, ago(4), "88.80", account=book.anonymous))
    book.posted(anonymous.party, ago(8), ["11.10"], account=book.anonymous, reference="no party, still open")
    short = book.posted(next(c), ago(8), ["250"], reference="written off")
    book.reconcile(*book.lines_of(short.move), book.money(short.party, ago(3), "249"), date=ago(3),
                   writeoff=book.write_off)
    parts = book.posted(next(c), ago(8), ["400"], term=terms[3], reference="instalments, the first paid")
    first = next(line for line in book.lines_of(parts.move) if line.debit == 100)
    book.reconcile(first, book.money(parts.party, ago(2), "100"))
    credited = book.posted(next(c), ago(7), ["300", "20"], reference="credited in part")
    note = book.posted(credited.party, ago(6), ["-120"], reference="its credit note")
    credited.payment_lines = [*credited.payment_lines, *book.lines_of(note.move)]
    credited.save()
    refunded = book.posted(next(c), ago(6), ["75.25"], reference="refunded")
    get("account.invoice").credit([refunded], refund=True, invoice_date=ago(5))
    cancelled = book.posted(next(c), ago(5), ["64.01"], reference="cancelled")
    get("account.invoice").cancel([cancelled])
    back = next(c)
    book.reconcile(book.money(back, ago(4), "55"), book.money(back, ago(2), "-55", description="Sent back"))
    book.money(back, ago(1), "-12.34", description="Sent back too much")
    journal = next(c)
    book.move(ago(3), book.general, (book.receivable, journal, "199.99"), (book.revenue, None, "-199.99"),
              description="Opening balance")
    book.move(ago(3), book.general, (book.receivable, journal, "-49.99"), (book.revenue, None, "49.99"),
              description="Goodwill")
    book.move(ago(2), book.general, (book.receivable, journal, "7"), (book.revenue, None, "-7"), post=False)
    book.draft(next(c), today, ["512"], reference="draft to delete")
    book.draft(next(c), today, ["77"], currency=eur, reference="draft")
    gone = book.draft(next(c), today, ["13"], reference="cancelled draft")
    get("account.invoice").cancel([gone])
    book.posted(next(c), ago(1), ["640"], reference="due date to change", term=terms[1])


def create_dunning(customers):
    procedure = save("account.dunning.procedure", name="Reminders",
                     levels=[dict(overdue=datetime.timedelta(days=d)) for d in (5, 20)])
    for customer in customers:
        customer.dunning_procedure = procedure
        customer.save()
    get("account.dunning").generate_dunnings(date=TODAY)


def create_users(books):
    """dunlin reads everything, clerk nothing of the accounts."""
    group = lambda module, name: get("ir.model.data").get_id(module, name)  # noqa: E731
    for login, groups in (("dunlin", [group("account", "group_account")]), ("clerk", [])):
        save("res.user", name=login, login=login, password="reads-only", groups=groups,
             companies=[b.company for b in books], company=books[0].company, company_filter="all")
    save("res.user", name="one", login="one", password="reads-only", groups=[group("account", "group_account")],
         companies=[books[0].company], company=books[0].company)


def main():
    Pool.start()
    pool = Pool(sys.argv[2])
    pool.init()
    with Transaction().start(sys.argv[2], 1, context={"language": "en"}) as transaction:
        get("res.user.warning").check = classmethod(lambda cls, name: False)  # A person would wave them through.
        get("account.invoice").print_invoice = lambda invoice: None  # No document is looked at.
        random_ = random.Random(17)
        currencies, terms = create_currencies(), create_terms()
        trading = Book("Dunlin Trading", currencies["USD"], "America/New_York")
        customers = create_customers(random_, terms)
        for customer in customers[::7]:
            customer.credit_limit_amount = Decimal("25000.00")
            customer.save()
        usual_life(trading, random_, customers[:180], terms, currencies, INVOICES)
        special_cases(trading, customers[180:205], terms, currencies)
        create_dunning(customers[:20])
        europe = Book("Dunlin Europe", currencies["EUR"], "Europe/Brussels")
        usual_life(europe, random_, customers[120:180], terms, {**currencies, "EUR": currencies["USD"]}, 60)
        special_cases(europe, customers[205:230], terms, currencies)
        create_users([trading, europe])
        transaction.commit()
    # What Tryton puts off until the transaction has ended: settled invoices become paid.
    while transaction.tasks:
        run_task(pool, transaction.tasks.pop())


main()
