"""What Dunlin decides reaches a real Tryton once: though the answer is lost, though eight write at once, and never over
what a person wrote there meanwhile."""
import base64
import datetime
import os
from decimal import Decimal

import tryton_server
from tryton_sync_test import settings, sync
from way import Way
from write_backs import Pusher, eight_at_once, once_in_spite_of_a_cut, through_the_host, write
from instance import Instance

TODAY = datetime.date.today()
LETTER = b"%PDF-1.4 a letter"


class Story:
    def __init__(self, erp, way):
        self.erp, self.way = erp, way
        self.groups = {group["name"]: group["id"] for group in erp.read("res.group", [], ["name"])}
        self.user = erp.read("res.user", [["login", "=", erp.reader]], ["id"])[0]["id"]
        self.join("add", "Dunning", "Account Credit Limit")
        dunning = erp.read("account.dunning", [["state", "in", ["draft", "waiting"]]], ["party"])[0]
        self.customer = dunning["party"]
        posted = erp.read("account.invoice", [["type", "=", "out"], ["state", "=", "posted"], ["company", "=", 1],
                                              ["currency.code", "=", "USD"]],
                          ["party", "total_amount", "number"])
        self.invoice = next(i for i in posted if i["total_amount"] > 100)
        self.pusher = self.host(way.url)

    def join(self, verb, *names):
        self.erp.call("model.res.user.write", [[self.user], {"groups": [[verb, [self.groups[n] for n in names]]]}])

    def host(self, url=None, **changes):
        settings = {"url": url or self.erp.url, "database": self.erp.database, "user": self.erp.reader, "password": "erp",
                    **changes}
        return Pusher(os.environ["TRYTON_PUSH"], settings, self.erp.reader_password)

    def party(self, *fields):
        return self.erp.read("party.party", [["id", "=", self.customer]], list(fields))[0]

    def note(self):
        for target in (("customer", self.customer), ("invoice", self.invoice["id"])):
            wanted = write("note", target, {"text": "Promised soon\nsaid Ms Doe"}, f"dunlin:t:note_{target[0]}:g1")
            once_in_spite_of_a_cut(self.pusher, self.way, wanted, "model.ir.note.create")
            model = "party.party" if target[0] == "customer" else "account.invoice"
            made, = self.erp.read("ir.note", [["resource", "=", f"{model},{target[1]}"]], ["message"])
            assert made["message"].startswith("Promised soon\nsaid Ms Doe"), made
        # A key that begins like another one, and one with LIKE's own signs in it, are others.
        for key in ("dunlin:t:note_customer:g11", "dunlin:t:noteXcustomer:g1"):
            assert self.pusher.find(write("note", ("customer", self.customer), {"text": ""}, key))["state"] == "absent"

    def attachment(self):
        wanted = write("attachment", ("invoice", self.invoice["id"]),
                       {"file_name": "reminder.pdf", "media_type": "application/pdf",
                        "content_base64": base64.b64encode(LETTER).decode()}, "dunlin:t:letter:g1")
        once_in_spite_of_a_cut(self.pusher, self.way, wanted, "model.ir.attachment.create")
        made, = self.erp.read("ir.attachment", [["resource", "=", f"account.invoice,{self.invoice['id']}"]], ["name", "data"])
        assert made["name"] == "reminder.pdf", made
        assert base64.b64decode(made["data"]["base64"]) == LETTER, made

    def contacts(self):
        wanted = write("contact", ("customer", self.customer),
                       {"name": "Jo Poe", "role": "billing", "kind": "email", "value": "jo@example.com"}, "dunlin:t:jo:g1")
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, wanted, "model.party.party.write")
        mine = [["party", "=", self.customer], ["value", "=", "jo@example.com"]]
        made, = self.erp.read("party.contact_mechanism", mine, ["name", "invoice", "type"])
        assert (made["name"], made["invoice"], made["type"]) == ("Jo Poe", True, "email"), made
        row = self.pusher.row(receipt["touched"])
        assert (row["customer"], row["value"], row["role"]) == (str(self.customer), "jo@example.com", "billing"), row
        address = write("contact", ("customer", self.customer),
                        {"name": None, "role": "other", "kind": "postal", "value": None, "street": "Quay 7", "city": "Ghent",
                         "postcode": "9000", "country": "BE"}, "dunlin:t:quay:g1")
        placed = once_in_spite_of_a_cut(self.pusher, self.way, address, "model.party.party.write")
        row = self.pusher.row(placed["touched"])
        assert (row["kind"], row["street"], row["country"]) == ("postal", "Quay 7", "BE"), row
        assert len(self.erp.read("party.address", [["street", "=", "Quay 7"]], ["id"])) == 1
        self.changed_contact(receipt["touched"][0]["external_id"], made["id"])
        self.moved(placed["touched"][0]["external_id"])

    def changed_contact(self, external_id, mechanism):
        def change(key, value, seen):
            return write("contact", ("contact_point", external_id),
                         {"name": "Jo Poe", "role": "billing", "kind": "email", "value": value}, key, {"value": seen})

        def stands():
            return self.erp.read("party.contact_mechanism", [["id", "=", mechanism]], ["value"])[0]["value"]
        call = "model.party.contact_mechanism.write"
        first = change("dunlin:t:mail1:g1", "new@example.com", "jo@example.com")
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, first, call)
        assert self.pusher.row(receipt["touched"])["value"] == stands() == "new@example.com"
        # A person writes between our look and our writing: Tryton holds us off, and we look again.
        wanted = change("dunlin:t:mail2:g1", "ours@example.com", "new@example.com")
        self.way.before(call, lambda: self.erp.call("model.party.contact_mechanism.write",
                                                    [[mechanism], {"value": "person@example.com"}]))
        conflict = self.pusher.push(wanted)
        assert conflict["state"] == "conflict" and "person@example.com" in conflict["reason"], conflict
        assert stands() == "person@example.com" and self.pusher.find(wanted)["state"] == "conflict"
        # Another field of the same contact is nobody's conflict.
        wanted = change("dunlin:t:mail3:g1", "ours@example.com", "person@example.com")
        self.way.before(call, lambda: self.erp.call("model.party.contact_mechanism.write", [[mechanism], {"name": "J. Poe"}]))
        assert self.pusher.push(wanted)["state"] == "confirmed" and stands() == "ours@example.com"

    def moved(self, external_id):
        wanted = write("contact", ("contact_point", external_id),
                       {"street": "Quay 8", "city": "Ghent", "postcode": "9000", "country": "FR"}, "dunlin:t:move:g1",
                       {"street": "Quay 7", "country": "BE"})
        row = self.pusher.row(self.pusher.push(wanted)["touched"])
        assert (row["street"], row["country"], row["postcode"]) == ("Quay 8", "FR", "9000"), row

    def credit_limit(self):
        def limit(key, amount, seen):
            return write("credit_limit", ("customer", self.customer), {"amount": amount, "currency": "USD"}, key,
                         {"amount": seen})
        before = self.party("credit_limit_amount")["credit_limit_amount"]
        first = limit("dunlin:t:cl1:g1", "1250.50", None if before is None else str(before))
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, first, "model.party.party.write")
        assert self.party("credit_limit_amount")["credit_limit_amount"] == Decimal("1250.50")
        assert self.pusher.row(receipt["touched"])["credit_limit"] in ("1250.5000", 12505000)
        self.erp.call("model.party.party.write", [[self.customer], {"credit_limit_amount": Decimal("99.00")}])
        conflict = self.pusher.push(limit("dunlin:t:cl2:g1", "2000.00", "1250.50"))
        assert conflict["state"] == "conflict" and '"99.00"' in conflict["reason"], conflict
        assert self.party("credit_limit_amount")["credit_limit_amount"] == Decimal("99.00")

    def dunning_block(self):
        def block(key, on):
            return write("dunning_block", ("customer", self.customer),
                         {"on": on, "reason": "court case", "until": "2027-01-31" if on else None}, key)

        def reminders():
            found = self.erp.read("account.dunning", [["party", "=", self.customer]], ["blocked"])
            return {one["blocked"] for one in found}
        procedure = self.party("dunning_procedure")["dunning_procedure"]
        assert procedure and reminders() == {False}
        # Lost between its parts: what is left is done.
        self.way.cut("model.party.party.write")
        assert self.pusher.push(block("dunlin:t:on:g1", True)).get("error") == "timeout"
        assert reminders() == {False}
        once_in_spite_of_a_cut(self.pusher, self.way, block("dunlin:t:on:g1", True), "model.account.dunning.write")
        assert self.party("dunning_procedure")["dunning_procedure"] is None and reminders() == {True}
        # Tryton's own run makes no reminder of a customer that is blocked.
        self.erp.wizard("account.dunning.create", "account.dunning", [1], ("create_", "start", {"date": TODAY}))
        assert reminders() == {True}
        notes = self.erp.read("ir.note", [["message", "like", "Dunning is blocked until 2027-01-31: court case%"]], ["id"])
        assert len(notes) == 1, notes
        once_in_spite_of_a_cut(self.pusher, self.way, block("dunlin:t:off:g1", False), "model.ir.note.create")
        assert self.party("dunning_procedure")["dunning_procedure"] == procedure and reminders() == {False}

    def credit_notes(self):
        invoice = self.invoice

        def credit(key, amount):
            return write("credit_note", ("invoice", invoice["id"]),
                         {"amount": amount, "currency": "USD", "reason": "damaged", "reference": key[-8:]}, key)

        def drafts(reference):
            return self.erp.read("account.invoice", [["reference", "=", reference], ["type", "=", "out"]],
                                 ["state", "total_amount", "tax_amount", "party", "lines"])
        receipt = once_in_spite_of_a_cut(self.pusher, self.way, credit("dunlin:t:cn1:g1", "20.00"),
                                         "model.account.invoice.create")
        part, = drafts("t:cn1:g1")
        assert (part["state"], part["total_amount"], part["party"]) == ("draft", Decimal("-20.00"), invoice["party"]), part
        row = self.pusher.row(receipt["touched"])
        assert (row["status"], row["kind"], row["corrects"]) == ("draft", "credit_note", str(invoice["id"])), row
        done = self.pusher.push(credit("dunlin:t:cn2:g1", str(invoice["total_amount"])))
        assert done["state"] == "confirmed", done
        whole, = drafts("t:cn2:g1")
        assert whole["total_amount"] == -invoice["total_amount"], whole
        self.erp.call("model.account.invoice.write", [[whole["id"]], {"invoice_date": TODAY}])
        self.erp.call("model.account.invoice.post", [[whole["id"]]])  # An accountant can go on with it.
        self.at_once(credit("dunlin:t:cn3:g1", "1.00"))
        assert len(drafts("t:cn3:g1")) == 1, drafts("t:cn3:g1")

    def at_once(self, wanted):
        found = eight_at_once(self.host, wanted)
        assert found["state"] == "confirmed", found

    def eight(self):
        for n in range(3):
            text = f"eight at once, {n}"
            self.at_once(write("note", ("customer", self.customer), {"text": text}, f"dunlin:t:eight{n}:g1"))
            assert len(self.erp.read("ir.note", [["message", "like", text + "%"]], ["id"])) == 1, n
        self.at_once(write("contact", ("customer", self.customer),
                           {"name": "Eight", "role": "other", "kind": "phone", "value": "+1 555 0188"}, "dunlin:t:eightc:g1"))
        assert len(self.erp.read("party.contact_mechanism", [["name", "=", "Eight"]], ["id"])) == 1

    def refusals(self):
        """Each with its reason, and nothing is written."""
        draft = self.erp.read("account.invoice", [["type", "=", "out"], ["state", "=", "draft"], ["company", "=", 1]], ["id"])[0]
        bill, limit = ("invoice", self.invoice["id"]), {"amount": "1.00", "currency": "USD"}
        credit = {**limit, "reason": "x", "reference": None}
        for wanted, part in (
                (write("note", ("customer", 999999), {"text": "x"}, "r1"), 'customer "999999" is not in Tryton'),
                (write("note", ("customer", "x"), {"text": "x"}, "r2"), 'customer "x" is not in Tryton'),
                (write("credit_note", ("invoice", draft["id"]), credit, "r3"), "not posted"),
                (write("credit_note", bill, {**credit, "amount": "999999.00"}, "r4"), "at most its total"),
                (write("credit_note", bill, {**credit, "currency": "JPY"}, "r5"), "is in USD, not in JPY"),
                (write("credit_note", ("customer", self.customer), credit, "r6"), "to the entity invoice"),
                (write("credit_limit", ("customer", self.customer), {**limit, "currency": "EUR"}, "r7"), "not in EUR"),
                (write("contact", ("customer", self.customer), {"kind": "fax", "value": "1"}, "r8"), 'of the kind "fax"'),
                (write("activity", ("customer", self.customer), {}, "r9"), 'kind "activity"')):
            receipt = self.pusher.push(wanted)
            assert receipt.get("state") == "rejected" and part in receipt["reason"], (wanted, receipt)
            assert len(receipt["reason"]) < 500 and "Traceback" not in receipt["reason"], receipt
        self.join("remove", "Dunning", "Account Credit Limit")
        for kind, body, part in (("credit_limit", limit, "not allowed to access"),
                                 ("dunning_block", {"on": True}, "group Dunning")):
            receipt = self.pusher.push(write(kind, ("customer", self.customer), body, "r10"))
            assert receipt["state"] == "rejected" and part in receipt["reason"], receipt
        self.join("add", "Dunning", "Account Credit Limit")
        with self.host(companies=["Dunlin Europe"]) as elsewhere:
            receipt = elsewhere.push(write("note", bill, {"text": "x"}, "r11"))
            assert receipt["state"] == "rejected" and "is not in Tryton" in receipt["reason"], receipt
        assert not self.erp.read("ir.note", [["message", "like", "x%[r%"]], ["id"])

    def failures(self):
        """Only what certainly did not happen is called so."""
        wanted = write("note", ("customer", self.customer), {"text": "failing"}, "dunlin:t:fail:g1")
        for status, error in ((503, "unavailable"), (429, "unavailable"), (502, "timeout"), (500, "timeout")):
            self.way.refuse("model.ir.note.create", status)
            failed = self.pusher.push(wanted)
            assert failed.get("error") == error, (status, failed)
        assert self.pusher.find(wanted)["state"] == "absent"

    def host_itself(self):
        os.environ["ERP_PASSWORD"] = self.erp.reader_password
        dunlin = Instance(extra=settings(self.erp, url=self.way.url))
        sync(dunlin)
        through_the_host(
            dunlin, self.way, "model.ir.note.create",
            lambda text: len(self.erp.read("ir.note", [["message", "like", text + "%"]], ["id"])),
            lambda id, value: self.erp.call("model.party.contact_mechanism.write", [[int(id[1:])], {"value": value}]))


def main():
    with tryton_server.start_or_skip() as erp, Way(erp.url) as way:
        story = Story(erp, way)
        for step in (story.note, story.attachment, story.contacts, story.credit_limit, story.dunning_block,
                     story.credit_notes, story.eight, story.refusals, story.failures,
                     story.host_itself):
            step()
            print(f"{step.__name__}: holds", flush=True)
        story.pusher.close()


main()
