"""The stand-in and its connector: what an adapter looks like."""
import os
import pathlib

from adapter import AdapterBase
from adapter import Transaction as Base
from stand_in import StandIn
from story import it

BUILT = pathlib.Path(it.DUNLIN).parent


class Transaction(Base):
    def __init__(self, erp):
        self.erp, self.number = erp, erp.begin()

    def put(self, entity, key, fields):
        self.erp.put(entity, key, fields, self.number)

    def commit(self):
        self.erp.commit(self.number)


class Adapter(AdapterBase):
    connector = "reference"
    folder = pathlib.Path(os.environ.get("DUNLIN_TEST_PLUGINS", BUILT / "test_plugins")) / "reference"
    page_request = {"path": "^/v1/customer/changes"}
    ids_request = {"path": "/ids"}
    write_request = {"path": "^/v1/notes", "method": "POST"}
    find_request = {"path": "^/v1/notes", "method": "GET"}
    change_request = {"path": "^/v1/customer/", "method": "POST"}
    has_precondition = True

    def __init__(self):
        self.stand_in = StandIn()
        self.erp = self.stand_in.erp

    def url(self):
        return self.stand_in.url

    def settings(self, url):
        return {"url": url, "token": "erp", "page_rows": 10, "timeout_ms": self.timeout_seconds * 1000}

    def signing_in(self):
        return SigningIn()

    def refusals(self):
        return [({}, "another", 'correct the secret "erp"'),
                ({"url": "http://127.0.0.1:1"}, None, "cannot be reached"),
                ({"url": self.url() + "/elsewhere"}, None, 'correct "url"')]

    def put(self, entity, key, fields):
        self.erp.put(entity, key, fields)

    def remove(self, entity, key):
        self.erp.delete(entity, key)

    def advance(self, seconds):
        self.erp.advance(seconds)

    def transaction(self):
        return Transaction(self.erp)

    def spoil(self, entity, key):
        self.erp.change(entity, key, {"total": "12,50 EUR"})

    def put_in_future(self, entity, key, fields):
        self.erp.put(entity, key, fields, changed=self.erp.clock_us + 3_600_000_000)

    def effects(self):
        return [note["text"] for note in self.erp.notes]

    def field(self, entity, key, name):
        return self.erp.rows[entity][key][name]


class SigningIn(Adapter):
    token_request = {"path": "^/oauth/token"}

    def __init__(self):
        super().__init__()
        self.sign_ins = self.erp.sign_ins

    def secret(self):
        return self.sign_ins.begin()

    def secrets(self):
        return {"client": "dunlin-secret"}

    def settings(self, url):
        return {**super().settings(url), "token_url": url + "/oauth/token", "client_id": "dunlin",
                "client_secret": "client"}

    def expire(self):
        self.sign_ins.expire()

    def renewals(self):
        return self.sign_ins.renewed

    def ended(self):
        return self.sign_ins.over()

    def set_grace(self, is_on):
        self.sign_ins.has_grace = is_on
