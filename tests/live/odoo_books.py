"""Fills an empty Odoo with two companies' books, the same each time: customers with contacts, invoices in four
currencies, instalments, part payments, payments on account, money sent back, credit notes, journal entries."""
import datetime
import random

FIRST = datetime.date(2025, 1, 6)
CUSTOMERS, INVOICES = 120, 320


class Books:
    def __init__(self, odoo):
        self.odoo = odoo
        self.random = random.Random(14)
        self.home = odoo.search_read("res.company", [], "id", limit=1)[0]["id"]

    def call(self, model, method, *arguments, company=None, **context):
        companies = [company or self.home]
        return self.odoo.call(model, method, arguments, context={"allowed_company_ids": companies, "lang": "en_US",
                                                                 "tz": "UTC", **context})

    def one(self, model, domain, company=None):
        found = self.call(model, "search", domain, company=company)
        assert found, f"no {model} with {domain}"
        return found[0]

    def set_up(self):
        odoo = self.odoo
        self.currency = {c["name"]: c["id"] for c in
                         odoo.search_read("res.currency", [["name", "in", ["USD", "EUR", "GBP", "JPY"]]], "name",
                                          context={"active_test": False})}
        odoo.call("res.currency", "write", [list(self.currency.values()), {"active": True}])
        odoo.call("res.company", "write", [[self.home], {"name": "Northwind Trading", "street": "1 Dock Road",
                                                         "city": "Boston", "zip": "02110", "country_id": 233}])
        self.abroad = odoo.call("res.company", "create", [{"name": "Nordwind Handel", "city": "Hamburg",
                                                           "currency_id": self.currency["EUR"], "country_id": 57}])
        odoo.call("res.users", "write", [[2], {"company_ids": [[6, 0, [self.home, self.abroad]]], "groups_id": [
            [4, self.reference("account", "group_account_manager")],
            [4, self.reference("account", "group_account_user")],
            [4, self.reference("base", "group_multi_currency")]]}])
        chart = self.one("account.chart.template", [])
        self.call("account.chart.template", "try_loading", [chart], company=self.abroad)
        for company in (self.home, self.abroad):
            for name, rates in {"EUR": ["0.92", "0.90", "0.95"], "GBP": ["0.79", "0.78", "0.81"],
                                "JPY": ["148.5", "151.25", "155"]}.items():
                if company == self.abroad and name == "EUR":
                    continue
                for month, rate in zip((1, 7, 12), rates):
                    odoo.call("res.currency.rate", "create", [{
                        "currency_id": self.currency[name], "company_id": company, "name": f"2025-{month:02}-01",
                        "rate": float(rate)}])
        self.users()
        self.terms()

    def reference(self, module, name):
        found = self.odoo.search_read("ir.model.data", [["module", "=", module], ["name", "=", name]], "res_id")
        return found[0]["res_id"]

    def users(self):
        """One that may read the books, one that may not, one of the second company only."""
        reader = [self.reference("base", "group_user"), self.reference("account", "group_account_readonly"),
                  self.reference("account", "group_account_invoice")]
        for login, groups, companies in (("dunlin", reader, [self.home, self.abroad]),
                                         ("nobody", reader[:1], [self.home]), ("abroad", reader, [self.abroad])):
            self.odoo.call("res.users", "create", [{"name": login.title(), "login": login, "password": login + "-pw",
                                                    "company_id": companies[0], "company_ids": [[6, 0, companies]],
                                                    "groups_id": [[6, 0, groups]]}])

    def terms(self):
        self.term = {"30 days": self.call("account.payment.term", "create", {
            "name": "30 days net", "line_ids": [[0, 0, {"value": "balance", "days": 30}]]})}
        self.term["thirds"] = self.call("account.payment.term", "create", {
            "name": "30 % now, 30 % in 30, rest in 60 days",
            "line_ids": [[5, 0, 0], [0, 0, {"value": "percent", "value_amount": 30, "days": 0, "sequence": 1}],
                         [0, 0, {"value": "percent", "value_amount": 30, "days": 30, "sequence": 2}],
                         [0, 0, {"value": "balance", "days": 60, "sequence": 3}]]})

    def people(self):
        countries = {c["code"]: c["id"] for c in
                     self.odoo.search_read("res.country", [["code", "in", ["US", "DE", "GB", "JP"]]], "code")}
        rows = []
        for n in range(CUSTOMERS):
            code = ("US", "US", "DE", "GB", "JP")[n % 5]
            rows.append({"name": f"Customer {n:03} Ltd", "ref": f"C{n:04}", "is_company": n % 7 != 0,
                         "customer_rank": 1, "email": f"office{n}@c{n:03}.example" if n % 4 else False,
                         "phone": f"+1 555 01{n:03}" if n % 3 else False, "street": f"{n} High Street",
                         "city": "Springfield", "zip": f"{10000 + n}", "country_id": countries[code],
                         "vat": False, "credit_limit": 5000.5 if n % 10 == 0 else 0,
                         "property_payment_term_id": self.term["30 days"], "active": n % 40 != 39,
                         "user_id": 2 if n % 3 == 0 else False})
        self.customers = self.call("res.partner", "create", rows)
        contacts = []
        for n, parent in enumerate(self.customers):
            for kind in ("invoice", "contact")[:n % 3]:
                contacts.append({"name": f"{kind.title()} of {n:03}", "parent_id": parent, "type": kind,
                                 "email": f"{kind}{n}@c{n:03}.example", "mobile": f"+1 555 77{n:03}",
                                 "street": f"{n} Side Street", "city": "Shelbyville", "zip": f"{20000 + n}"})
        self.contacts = self.call("res.partner", "create", contacts)
        self.call("res.partner", "create", [{"name": f"Supplier {n}", "supplier_rank": 1, "is_company": True}
                                            for n in range(10)])
        # Never invoiced, and no customer by its rank: only a journal entry makes it one.
        self.quiet = self.call("res.partner", "create", {"name": "Quiet Debtor", "is_company": True})

    def day(self, n):
        return FIRST + datetime.timedelta(days=n)

    def invoices(self, company, count, kind="out_invoice", first=0):
        rows = []
        for n in range(first, first + count):
            name = ("USD", "USD", "EUR", "USD", "GBP", "JPY")[n % 6]
            date = self.day(n * 2 % 500)
            lines = [[0, 0, {"name": f"Goods {k}", "quantity": self.random.randint(1, 9), "tax_ids": [[5, 0, 0]],
                             "price_unit": self.random.randint(1000, 90000) / (1 if name == "JPY" else 100)}]
                     for k in range(1 + n % 3)]
            partner = self.customers[n * 7 % 100]
            rows.append({"move_type": kind, "partner_id": partner, "currency_id": self.currency[name],
                         "invoice_date": str(date), "ref": f"PO-{n}", "invoice_line_ids": lines,
                         "invoice_payment_term_id": self.term["thirds" if n % 5 == 0 else "30 days"]})
        return self.call("account.move", "create", rows, company=company, default_move_type=kind)

    def register(self, moves, company=None, **values):
        """What the button "Register Payment" does."""
        company = company or self.home
        wizard = self.call("account.payment.register", "create", values, company=company,
                           active_model="account.move", active_ids=moves)
        return self.call("account.payment.register", "action_create_payments", [wizard], company=company,
                         dont_redirect_payments=True)

    def receivable(self, company):
        return self.one("account.account", [["internal_type", "=", "receivable"], ["company_id", "=", company],
                                            ["code", "=like", "1210%"]], company=company)

    def pay(self, moves, company):
        known = {m["id"]: m for m in self.odoo.search_read(
            "account.move", [["id", "in", moves]], "amount_total", "currency_id", "invoice_date",
            context={"allowed_company_ids": [company]})}
        loss = self.one("account.account", [["company_id", "=", company], ["internal_group", "=", "expense"]],
                        company=company)
        home = self.currency["USD" if company == self.home else "EUR"]
        for n, move in enumerate(moves):
            row = known[move]
            date = str(datetime.date.fromisoformat(row["invoice_date"]) + datetime.timedelta(days=10 + n % 60))
            total = row["amount_total"]
            if n % 5 == 0:  # Whole, in the invoice's currency: another rate makes an exchange difference.
                self.register([move], company, payment_date=date)
            elif n % 5 == 1:  # In part, twice.
                for share in (3, 4):
                    self.register([move], company, payment_date=date, amount=round(total / share))
            elif n % 5 == 2:  # Short, the rest written off.
                self.register([move], company, payment_date=date, amount=round(total * 0.9),
                              payment_difference_handling="reconcile", writeoff_account_id=loss,
                              writeoff_label="discount")
            elif n % 5 == 3 and row["currency_id"][0] != home:  # With money of the company's currency.
                self.register([move], company, payment_date=date, currency_id=home)

    def payments_on_account(self, company):
        for n in range(16):
            payment = self.call("account.payment", "create", {
                "payment_type": "inbound" if n % 4 else "outbound", "partner_type": "customer",
                "partner_id": self.contacts[n] if n % 3 == 0 else self.customers[n * 5],
                "amount": 100.25 + n, "date": str(self.day(30 * n)), "ref": f"transfer {n}",
                "currency_id": self.currency["EUR" if n % 2 else "USD"]}, company=company)
            if n % 8 != 7:  # The others stay drafts.
                self.call("account.payment", "action_post", [payment], company=company)
            if n % 8 == 6:
                self.call("account.payment", "action_draft", [payment], company=company)
                self.call("account.payment", "action_cancel", [payment], company=company)

    def credit(self, moves, company):
        for n, move in enumerate(moves):
            wizard = self.call("account.move.reversal", "create", {
                "refund_method": "cancel" if n % 3 == 0 else "refund", "reason": "returned goods",
                "date": str(self.day(520))}, company=company, active_model="account.move", active_ids=[move])
            action = self.call("account.move.reversal", "reverse_moves", [wizard], company=company,
                               active_model="account.move", active_ids=[move])
            note = action.get("res_id")
            if n % 3 == 1:  # Posted and set against its invoice.
                self.call("account.move", "action_post", [note], company=company)
                self.apply(note, move, company)
            elif n % 3 == 2 and n % 2 == 0:  # Posted and open; the others stay drafts.
                self.call("account.move", "action_post", [note], company=company)

    def lines(self, move, company):
        return self.call("account.move.line", "search", [
            ["move_id", "=", move], ["account_id.internal_type", "=", "receivable"], ["reconciled", "=", False]],
            company=company)

    def apply(self, source, move, company):
        return self.call("account.move.line", "reconcile", self.lines(source, company) + self.lines(move, company),
                         company=company)

    def entry(self, company, partner, amount, date, ref, **line):
        """A journal entry that puts an amount on a customer's account."""
        other = self.one("account.account", [["company_id", "=", company], ["internal_group", "=", "income"]],
                         company=company)
        debit, credit = max(amount, 0), max(-amount, 0)
        journal = self.one("account.journal", [["type", "=", "general"], ["company_id", "=", company]],
                           company=company)
        move = self.call("account.move", "create", {
            "move_type": "entry", "journal_id": journal, "date": str(date), "ref": ref, "line_ids": [
                [0, 0, {"account_id": self.receivable(company), "partner_id": partner, "debit": debit,
                        "credit": credit, "name": ref, **line}],
                [0, 0, {"account_id": other, "debit": credit, "credit": debit, "name": ref}]]}, company=company)
        self.call("account.move", "action_post", [move], company=company)
        return move

    def entries(self, company, open_moves):
        self.entry(company, self.quiet, 333.33, self.day(40), "opening balance")
        for n, move in enumerate(open_moves):
            row = self.odoo.search_read("account.move", [["id", "=", move]], "partner_id", "currency_id",
                                        context={"allowed_company_ids": [company]})[0]
            written_off = self.entry(company, row["partner_id"][0], -(20.5 + n), self.day(300 + n), "bad debt")
            self.apply(written_off, move, company)
        # Booked without a partner, and another customer's money: both reconciled with an invoice.
        for partner, move in ((False, open_moves[0]), (self.customers[110], open_moves[1])):
            booked = self.entry(company, partner, -12.25, self.day(310), "found money")
            self.apply(booked, move, company)


def fill(odoo):
    books = Books(odoo)
    books.set_up()
    books.people()
    for company, count in ((books.home, INVOICES), (books.abroad, 60)):
        moves = books.invoices(company, count)
        drafts, rest = moves[:8], moves[8:]
        books.call("account.move", "action_post", rest, company=company)
        cancelled = rest[:6]
        books.call("account.move", "button_draft", cancelled, company=company)
        books.call("account.move", "button_cancel", cancelled + drafts[:2], company=company)
        rest = rest[6:]
        third = len(rest) // 3
        books.pay(rest[:third], company)
        books.credit(rest[third:third + 18], company)
        books.entries(company, rest[third + 20:third + 26])
        books.payments_on_account(company)
