"""What Dunlin decides reaches a real Odoo once: though the answer is lost, though eight write at once, and never over
what a person wrote there meanwhile."""
import base64
import datetime
import os

from odoo_ledger import Books
from odoo_server import OdooServer
from way import Way
from write_backs import Pusher, eight_at_once, once_in_spite_of_a_cut, through_the_host, write

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
LETTER = base64.b64encode(b"%PDF-1.4 a letter").decode()


class Story:
    def __init__(self, odoo, way):
        self.odoo, self.way = odoo, way
        self.right = self.reference("base", "group_partner_manager")
        self.user = odoo.search_read("res.users", [["login", "=", "dunlin"]], "id")[0]["id"]
        self.allow(True)
        self.customer = odoo.search_read("res.partner", [["ref", "=", "C0005"]], "id")[0]["id"]
        self.invoice = self.posted_invoice()
        self.pusher = self.host(way.url)

    def reference(self, module, name):
        return self.odoo.search_read("ir.model.data", [["module", "=", module], ["name", "=", name]], "res_id")[0]["res_id"]

    def allow(self, may):
        """Whether the user of the source may write contacts."""
        self.odoo.call("res.users", "write", [[self.user], {"groups_id": [[4 if may else 3, self.right]]}])

    def posted_invoice(self):
        tax = self.odoo.search_read("account.tax", [["type_tax_use", "=", "sale"], ["company_id", "=", 1]], "id")[0]["id"]
        lines = [[0, 0, {"name": "Goods", "quantity": 3, "price_unit": 33.33, "discount": 5, "tax_ids": [[6, 0, [tax]]]}],
                 [0, 0, {"name": "Work", "quantity": 2, "price_unit": 50, "tax_ids": [[5, 0, 0]]}]]
        context = {"allowed_company_ids": [1]}
        move = self.odoo.call("account.move", "create", [{
            "move_type": "out_invoice", "partner_id": self.customer, "invoice_date": str(TODAY), "invoice_line_ids": lines}],
            context=context)
        self.odoo.call("account.move", "action_post", [move], context=context)
        self.total = self.odoo.search_read("account.move", [["id", "=", move]], "amount_total")[0]["amount_total"]
        return move

    def host(self, url=None, **changes):
        settings = {"url": url or self.odoo.url, "database": self.odoo.database, "user": "dunlin", "password": "erp",
                    **changes}
        return Pusher(os.environ["ODOO_PUSH"], settings, "dunlin-pw")

    def partner(self, *fields, id=None):
        return self.odoo.search_read("res.partner", [["id", "=", id or self.customer]], *fields)[0]

    def note(self):
        for n, target in enumerate((("customer", self.customer), ("invoice", self.invoice))):
            wanted = write("note", target, {"text": f"Promised <soon> & {n}\nsaid Ms Doe"}, f"dunlin:t:note{n}:g1")
            once_in_spite_of_a_cut(self.pusher, self.way, wanted, '"mail.message","load"')
            model = "res.partner" if n == 0 else "account.move"
            message, = self.odoo.search_read("mail.message", [["body", "like", "said Ms Doe"], ["model", "=", model],
                                                              ["res_id", "=", target[1]]], "body", "subtype_id", "author_id")
            assert f"&lt;soon&gt; &amp; {n}<br>said" in message["body"].replace("<br/>", "<br>"), message
            assert message["subtype_id"][1] == "Note" and message["author_id"][1] == "Dunlin", message
        assert not self.odoo.search_read("mail.mail", [], "id"), "a customer was sent an e-mail"

    def activity(self):
        wanted = write("activity", ("invoice", self.invoice),
                       {"summary": "Promise to pay", "due_date": "2026-12-24", "text": "100.00 USD"}, "dunlin:t:act:g1")
        once_in_spite_of_a_cut(self.pusher, self.way, wanted, '"mail.activity","load"')
        made, = self.odoo.search_read("mail.activity", [["res_model", "=", "account.move"], ["res_id", "=", self.invoice]],
                                      "summary", "date_deadline", "note")
        assert (made["summary"], made["date_deadline"]) == ("Promise to pay", "2026-12-24"), made

    def attachment(self):
        wanted = write("attachment", ("invoice", self.invoice),
                       {"file_name": "reminder.pdf", "media_type": "application/pdf", "content_base64": LETTER},
                       "dunlin:t:letter:g1")
        once_in_spite_of_a_cut(self.pusher, self.way, wanted, '"ir.attachment","load"')
        made, = self.odoo.search_read("ir.attachment", [["res_model", "=", "account.move"], ["res_id", "=", self.invoice]],
                                      "name", "mimetype", "datas")
        assert (made["name"], made["mimetype"], made["datas"]) == ("reminder.pdf", "application/pdf", LETTER), made

    def contacts(self):
        children = [["parent_id", "=", self.customer], ["name", "=", "Jo Poe"]]
        wanted = write("contact", ("customer", self.customer),
                       {"name": "Jo Poe", "role": "billing", "kind": "email", "value": "jo@example.com"}, "dunlin:t:jo:g1")
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, wanted, '"res.partner","load"')
        made, = self.odoo.search_read("res.partner", children, "email", "type")
        assert (made["email"], made["type"]) == ("jo@example.com", "invoice"), made
        row = self.pusher.row(receipt["touched"])
        assert (row["customer"], row["value"], row["role"]) == (str(self.customer), "jo@example.com", "billing"), row
        wanted = write("contact", ("customer", self.customer),
                       {"name": None, "role": "other", "kind": "postal", "value": None, "street": "Quay 7", "city": "Ghent",
                        "postcode": "9000", "country": "BE"}, "dunlin:t:quay:g1")
        row = self.pusher.row(self.pusher.push(wanted)["touched"])
        assert (row["kind"], row["street"], row["country"]) == ("postal", "Quay 7", "BE"), row
        self.changed_contact(receipt["touched"][0]["external_id"], made["id"])

    def changed_contact(self, external_id, partner):
        def change(key, value, seen):
            return write("contact", ("contact_point", external_id),
                         {"name": "Jo Poe", "role": "billing", "kind": "email", "value": value}, key, {"value": seen})
        first = change("dunlin:t:mail1:g1", "new@example.com", "jo@example.com")
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, first, '"res.partner","write"')
        assert self.partner("email", id=partner)["email"] == "new@example.com"
        assert self.pusher.row(receipt["touched"])["value"] == "new@example.com"
        # A person wrote something else since it was looked at.
        self.odoo.call("res.partner", "write", [[partner], {"email": "person@example.com"}])
        conflict = self.pusher.push(change("dunlin:t:mail2:g1", "ours@example.com", "new@example.com"))
        assert conflict["state"] == "conflict" and "person@example.com" in conflict["reason"], conflict
        assert self.partner("email", id=partner)["email"] == "person@example.com"
        found = self.pusher.find(change("dunlin:t:mail2:g1", "ours@example.com", "new@example.com"))
        assert found["state"] == "conflict", found
        # Another field of the same contact is nobody's conflict.
        self.odoo.call("res.partner", "write", [[partner], {"phone": "+1 555 0100"}])
        done = self.pusher.push(change("dunlin:t:mail3:g1", "ours@example.com", "person@example.com"))
        assert done["state"] == "confirmed", done

    def credit_limit(self):
        def limit(key, amount, seen):
            return write("credit_limit", ("customer", self.customer), {"amount": amount, "currency": "USD"}, key,
                         {"amount": seen})
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, limit("dunlin:t:cl1:g1", "1250.50", "0.00"),
                                         '"res.partner","write"')
        assert self.partner("credit_limit")["credit_limit"] == 1250.5
        assert self.pusher.row(receipt["touched"])["credit_limit"] == "1250.5000" or \
            self.pusher.row(receipt["touched"])["credit_limit"] == 12505000, self.pusher.row(receipt["touched"])
        self.odoo.call("res.partner", "write", [[self.customer], {"credit_limit": 99}])
        conflict = self.pusher.push(limit("dunlin:t:cl2:g1", "2000.00", "1250.50"))
        assert conflict["state"] == "conflict" and "\"99.00\"" in conflict["reason"], conflict
        assert self.partner("credit_limit")["credit_limit"] == 99

    def dunning_block(self):
        def block(key, on):
            return write("dunning_block", ("customer", self.customer),
                         {"on": on, "reason": "court case", "until": "2027-01-31" if on else None}, key)

        def tags():
            names = self.odoo.search_read("res.partner.category", [["id", "in", self.partner("category_id")["category_id"]]],
                                          "name")
            return [tag["name"] for tag in names]
        # The first half of it, the tag, is no effect by itself: it is made again.
        self.way.cut('"res.partner","write"')
        assert self.pusher.push(block("dunlin:t:on:g1", True)).get("error") == "timeout"
        once_in_spite_of_a_cut(self.pusher, self.way, block("dunlin:t:on:g1", True), '"mail.message","load"')
        assert tags() == ["Dunning blocked"], tags()
        notes = self.odoo.search_read("mail.message", [["body", "like", "blocked until 2027-01-31: court case"]], "id")
        assert len(notes) == 1, notes
        once_in_spite_of_a_cut(self.pusher, self.way, block("dunlin:t:off:g1", False), '"mail.message","load"')
        assert tags() == [], tags()

    def credit_notes(self):
        def credit(key, amount):
            return write("credit_note", ("invoice", self.invoice),
                         {"amount": amount, "currency": "USD", "reason": "damaged", "reference": "D-17"}, key)

        def drafts():
            return self.odoo.search_read("account.move", [["reversed_entry_id", "=", self.invoice]], "state", "move_type",
                                         "amount_total", "amount_tax", "ref", "company_id", order="id")
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, credit("dunlin:t:cn1:g1", "20.00"), '"account.move","load"')
        part, = drafts()
        assert (part["state"], part["move_type"], part["amount_total"], part["ref"]) == ("draft", "out_refund", 20.0, "D-17")
        row = self.pusher.row(receipt["touched"])
        assert (row["status"], row["kind"], row["corrects"]) == ("draft", "credit_note", str(self.invoice)), row
        self.pusher.push(credit("dunlin:t:cn2:g1", f"{self.total:.2f}"))
        _, whole = drafts()
        original, = self.odoo.search_read("account.move", [["id", "=", self.invoice]], "amount_tax", "amount_residual")
        assert whole["amount_total"] == self.total and whole["amount_tax"] == original["amount_tax"] > 0, (whole, original)
        assert original["amount_residual"] == self.total, "a draft must not settle anything"
        self.at_once(credit("dunlin:t:cn3:g1", "1.00"))
        assert len(drafts()) == 3, drafts()

    def at_once(self, wanted):
        found = eight_at_once(self.host, wanted)
        assert found["state"] == "confirmed", found

    def eight(self):
        self.at_once(write("note", ("customer", self.customer), {"text": "eight at once"}, "dunlin:t:eight:g1"))
        assert len(self.odoo.search_read("mail.message", [["body", "like", "eight at once"]], "id")) == 1
        self.at_once(write("contact", ("customer", self.customer),
                           {"name": "Eight", "role": "other", "kind": "phone", "value": "+1 555 0188"}, "dunlin:t:eightc:g1"))
        assert len(self.odoo.search_read("res.partner", [["name", "=", "Eight"]], "id")) == 1

    def refusals(self):
        """Each with its reason, and nothing is written."""
        gone = self.odoo.search_read("account.move", [["move_type", "=", "out_invoice"], ["state", "=", "draft"]], "id")[0]["id"]
        credit = {"amount": "1.00", "currency": "USD", "reason": "x", "reference": None}
        limit = {"amount": "1.00", "currency": "USD"}
        for wanted, part in (
                (write("note", ("customer", 999999), {"text": "x"}, "r1"), "customer 999999 is not in Odoo any more"),
                (write("note", ("customer", "x"), {"text": "x"}, "r2"), 'no customer "x"'),
                (write("credit_note", ("invoice", gone), credit, "r3"), "no posted invoice"),
                (write("credit_note", ("invoice", self.invoice), {**credit, "amount": "999999.00"}, "r4"), "at most its total"),
                (write("credit_note", ("invoice", self.invoice), {**credit, "currency": "JPY"}, "r5"), "is in USD, not in JPY"),
                (write("credit_note", ("customer", self.customer), credit, "r6"), "to the entity invoice"),
                (write("credit_limit", ("customer", self.customer), {**limit, "currency": "EUR"}, "r7"), "not in EUR"),
                (write("activity", ("customer", self.customer), {"summary": "x", "due_date": "soon", "text": ""}, "r8"), "soon"),
                (write("fax", ("customer", self.customer), {}, "r9"), 'kind "fax"')):
            receipt = self.pusher.push(wanted)
            assert receipt.get("state") == "rejected" and part in receipt["reason"], (wanted, receipt)
            assert len(receipt["reason"]) < 500 and "Traceback" not in receipt["reason"], receipt
        self.allow(False)
        receipt = self.pusher.push(write("credit_limit", ("customer", self.customer), limit, "r10"))
        assert receipt["state"] == "rejected" and "Contact Creation" in receipt["reason"], receipt
        self.allow(True)
        with self.host(companies=["Nordwind Handel"]) as elsewhere:
            receipt = elsewhere.push(write("note", ("invoice", self.invoice), {"text": "x"}, "r11"))
            assert receipt["state"] == "rejected" and "not synced" in receipt["reason"], receipt
        assert not self.odoo.search_read("ir.model.data", [["module", "=", "__dunlin__"], ["name", "like", "r%"],
                                                           ["name", "not like", "dunlin%"]], "name")

    def failures(self):
        """Only what certainly did not happen is called so."""
        wanted = write("note", ("customer", self.customer), {"text": "failing"}, "dunlin:t:fail:g1")
        for status, error in ((503, "unavailable"), (429, "unavailable"), (502, "timeout"), (500, "timeout")):
            self.way.refuse('"mail.message","load"', status)
            failed = self.pusher.push(wanted)
            assert failed.get("error") == error, (status, failed)
        assert self.pusher.find(wanted)["state"] == "absent"
        # A person writes between our look and our writing: what stands there at the end is said.
        seen = self.partner("credit_limit")["credit_limit"]
        wanted = write("credit_limit", ("customer", self.customer), {"amount": "500.00", "currency": "USD"}, "dunlin:t:late:g1",
                       {"amount": f"{seen:.2f}"})
        self.way.before('"res.currency","read"', lambda: self.odoo.call("res.partner", "write",
                                                                        [[self.customer], {"credit_limit": 7}]))
        assert self.pusher.push(wanted)["state"] == "conflict"
        assert self.partner("credit_limit")["credit_limit"] == 7

    def host_itself(self):
        books = Books(self.odoo, url=self.way.url)
        books.sync()
        through_the_host(
            books.dunlin, self.way, '"mail.message","load"',
            lambda text: len(self.odoo.search_read("mail.message", [["body", "like", text]], "id")),
            lambda id, value: self.odoo.call("res.partner", "write", [[int(id.split(":")[0])], {"email": value}]))


def main():
    with OdooServer() as odoo, Way(odoo.url) as way:
        story = Story(odoo, way)
        for step in (story.note, story.activity, story.attachment, story.contacts, story.credit_limit, story.dunning_block,
                     story.credit_notes, story.eight, story.refusals, story.failures,
                     story.host_itself):
            step()
            print(f"{step.__name__}: holds", flush=True)
        story.pusher.close()


main()
