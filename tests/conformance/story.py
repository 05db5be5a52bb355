"""Two instances that read the same system: the stormy one through the proxy with its faults, step by step; the calm
one straight and whole each time. After each step both have to hold the same tables."""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))
import instance as it  # noqa: E402
import tables  # noqa: E402
from faults import Proxy  # noqa: E402

ENTITIES = ("customer", "invoice", "payment", "allocation")
ROUND = 12  # Customers and invoices of one step: more than a page of ten.


def configure(made, adapter, url, changes=(), secret=None):
    """Writes the source "erp" into the instance's configuration, anew when it is there."""
    settings = {**adapter.settings(url), **dict(changes)}
    lines = ["[sources.erp]", f'connector = "{adapter.connector}"', "[sources.erp.settings]"]
    lines += [f"{key} = {it.json.dumps(value)}" for key, value in settings.items()]
    path = made.folder / "dunlin.toml"
    kept = path.read_text().split("\n# The kit's\n")[0]
    path.write_text(kept + "\n# The kit's\n" + '[plugins]\nfolders = ["plugins"]\n' + "\n".join(lines) +
                    "\n[secrets]\n" + "".join(f'{name} = "file:{name}-secret"\n' for name in ("erp", *adapter.secrets())))
    for name, value in {"erp": secret or adapter.secret(), **adapter.secrets()}.items():
        word = made.folder / f"{name}-secret"
        word.write_text(value)
        word.chmod(0o600)


def make(adapter, store, url, **what):
    made = it.Instance(store)
    if adapter.folder:
        shutil.copytree(adapter.folder, made.folder / "plugins" / adapter.connector)
    configure(made, adapter, url, **what)
    return made


class Story:
    def __init__(self, adapter, store):
        self.adapter, self.store = adapter, store
        self.proxy = Proxy(adapter.url())
        self.rows = {entity: {} for entity in ENTITIES}
        self.round = 0
        self.begin_anew()

    def begin_anew(self):
        """Two instances that know nothing of the system yet."""
        self.calm = make(self.adapter, self.store, self.adapter.url())
        self.stormy = make(self.adapter, self.store, self.proxy.url)

    # What happens in the system.
    def put(self, entity, key, fields, put=None):
        (put or self.adapter.put)(entity, key, fields)
        self.rows[entity][key] = fields

    def remove(self, entity, key):
        self.adapter.remove(entity, key)
        del self.rows[entity][key]

    def touch(self, entity, key, **changes):
        self.put(entity, key, {**self.rows[entity][key], **changes})

    @staticmethod
    def customer(key):
        return {"number": key, "name": f"Customer {key}", "kind": "company", "currency": "EUR"}

    @staticmethod
    def invoice(key, customer, total="120.50"):
        return {"customer": customer, "number": key, "kind": "invoice", "status": "posted",
                "issue_date": "2026-10-01", "due_date": "2026-10-31", "currency": "EUR", "total": total}

    def grow(self, customers=ROUND):
        """Time passes, and new customers buy; every second one pays a part. The round's number."""
        self.round += 1
        self.adapter.advance(900)
        name = f"r{self.round}"
        for n in range(customers):
            self.put("customer", f"{name}-c{n}", self.customer(f"{name}-c{n}"))
        for n in range(customers):
            self.put("invoice", f"{name}-i{n}", self.invoice(f"{name}-i{n}", f"{name}-c{n}", f"{100 + n}.25"))
        for n in range(0, customers, 2):
            self.put("payment", f"{name}-p{n}", {"customer": f"{name}-c{n}", "date": "2026-10-20", "currency": "EUR",
                                                 "amount": "40.10"})
            self.put("allocation", f"{name}-a{n}", {"customer": f"{name}-c{n}", "source": f"{name}-p{n}",
                                                    "invoice": f"{name}-i{n}", "date": "2026-10-20",
                                                    "amount": "30.05"})
        return name

    # What Dunlin makes of it.
    def sync(self, *flags, fails=False):
        """Of the stormy one; the report. Whatever happened, it must not say "ok" when rows are missing."""
        done = self.stormy.run("sync", "erp", *flags, check=False)
        report = self.stormy.last_report()
        assert (done.returncode != 0) == fails, (done.returncode, done.stderr, report)
        assert report["state"] != "running", (done.returncode, done.stderr)
        if report["state"] == "ok":
            missing = self.missing()
            assert not missing, f"the run says ok, but these rows are missing: {missing}; {report}"
        return report

    def ok(self, *flags):
        report = self.sync(*flags)
        assert report["state"] == "ok", f"{report}; in quarantine: {self.stormy.quarantine()[:5]}"

    def missing(self):
        bound = {(entity, external) for entity, external in self.stormy.rows(
            "SELECT entity, external_id FROM receivables_binding WHERE source = 'erp'")}
        return [(entity, key) for entity in ENTITIES for key in self.rows[entity]
                if (entity, self.adapter.external_id(entity, key)) not in bound]

    def retries(self, report):
        return sum(entity["retries"] for entity in report["entities"])

    def equal(self, *flags):
        """The calm one reads everything and looks for deletions; then both hold the same."""
        self.calm.run("sync", "erp", "--full", "--sweep", *flags)
        missing = self.missing()
        assert not missing, missing
        wanted, found = (tables.digest(made, is_kit=True) for made in (self.calm, self.stormy))
        different = {table: (found[table], wanted[table]) for table in wanted if found[table] != wanted[table]}
        assert not different, f"(found, wanted) of rows and hash: {different}\n" + tables.difference(
            self.stormy, self.calm, sorted(different)[0])
        verify = self.stormy.call("receivables.verify")
        assert verify["ok"] is True, verify

    def let_time_pass(self):
        """What waits for a time is due, and nobody rests any more. A minute and more has passed."""
        for sql in ("DELETE FROM dunlin_sync_parked", "UPDATE dunlin_write_back SET due_us = 0,"
                    " changed_us = changed_us - 61000000 WHERE state IN ('queued', 'unknown')"):
            self.stormy.rows(sql)
