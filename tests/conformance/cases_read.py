"""Faults while reading. Each case is a function of a Story; its first line says what has to hold."""
from faults import Fault
from story import ROUND, configure, make


class NotTried(Exception):
    """The system behind this connector cannot play it."""


def able(story, what):
    """The method of the adapter; when it has none, the case is not tried."""
    from adapter import AdapterBase
    if getattr(type(story.adapter), what) is getattr(AdapterBase, what):
        raise NotTried(f"the adapter has no {what}()")
    return getattr(story.adapter, what)


def passing_faults(story):
    """Faults that pass: each is ridden out within one run, which says how often it asked again."""
    late = story.adapter.timeout_seconds + 0.5
    faults = [Fault("status", on=3), Fault("status", on=2, status=429, retry_after=0),
              Fault("status", on=3, status=503, times=2, retry_after=0), Fault("drop", on=3), Fault("cut", on=3),
              Fault("half", on=2), Fault("too_long", on=3), Fault("garbage", on=1), Fault("empty", on=3),
              Fault("reset_after", on=2), Fault("status_after", on=4, status=502), Fault("late", on=3, seconds=late),
              Fault("drip", on=2, seconds=2 * late)]
    for fault in faults:
        story.grow()
        story.proxy.arm(fault)
        report = story.sync()
        asked = story.proxy.disarm()
        said = f"{fault.kind} {fault.status}, {report}, {asked}"
        assert fault.played == fault.times, said
        assert report["state"] == "ok" and story.retries(report) >= fault.times, said
    story.equal()


def harmless_faults(story):
    """A slow answer, and a page that comes twice, are not worth a word."""
    for fault in (Fault("drip", on=3, seconds=0.4), Fault("late", on=2, seconds=0.5),
                  Fault("repeat", on=2, **story.adapter.page_request)):
        story.grow()
        story.proxy.arm(fault)
        report = story.sync()
        story.proxy.disarm()
        assert fault.played == 1 and report["state"] == "ok", (fault.kind, report)
    story.equal()


def outage(story):
    """A system that stays away ends the run as interrupted; the next one goes on where it was."""
    story.grow(3 * ROUND)
    story.proxy.arm(Fault("status", on=3, times=10_000, status=503, retry_after=0))
    report = story.sync(fails=True)
    read = report["entities"][0]
    assert report["state"] == "interrupted" and read["state"] == "interrupted", report
    assert "503" in read["error"] and read["retries"] > 0 and read["inserted"] > 0, report
    assert all(entity["inserted"] == 0 for entity in report["entities"][1:]), report
    story.proxy.disarm()
    resumed = story.sync()
    assert resumed["state"] == "ok", resumed
    assert resumed["entities"][0]["inserted"] == 3 * ROUND - read["inserted"], (read, resumed)
    story.equal()


def long_rest(story):
    """Who asks for an hour's rest gets it: nothing is asked until then, and a person is told."""
    story.grow()
    story.proxy.arm(Fault("status", on=2, times=10_000, status=429, retry_after=3600))
    report = story.sync(fails=True)
    assert report["state"] == "interrupted" and "429" in str(report), report
    story.proxy.disarm()
    done = story.stormy.run("sync", "erp", check=False)
    assert done.returncode != 0 and "rests until" in done.stderr, done
    assert not story.proxy.asked(), story.proxy.asked()
    story.let_time_pass()
    story.ok()
    story.equal()


def refused(story):
    """A wrong password or address is one sentence that says what to do, and nothing is written."""
    made = make(story.adapter, story.store, story.adapter.url())
    cases = story.adapter.refusals()
    for changes, secret, word in cases:
        configure(made, story.adapter, story.adapter.url(), changes, secret)
        done = made.run("sync", "erp", "--check", check=False)
        said = done.stderr.strip().splitlines()
        assert done.returncode != 0 and len(said) == 1 and word in said[0], (changes, done)
    made.run("sync", "erp", check=False)
    report = made.last_report()
    assert report["state"] in ("failed", "interrupted"), report
    assert made.rows("SELECT count(*) FROM receivables_binding") == [["0"]], report
    if not cases:
        raise NotTried("the adapter has no refusals()")


def ties(story):
    """Rows with the very time of change at which the last run ended are not missed."""
    name = story.grow(2 * ROUND)  # More than two pages of one time, where the system's clock stands still.
    story.ok()
    for n in range(3):
        story.put("invoice", f"{name}-tie{n}", story.invoice(f"{name}-tie{n}", f"{name}-c{n}"))
    story.ok()
    story.equal()


def late_commit(story):
    """A row of a transaction that began before a run and was committed after it is not missed."""
    begin = able(story, "transaction")
    name = story.grow()
    transaction = begin()
    story.adapter.advance(100)
    story.put("customer", f"{name}-between", story.customer(f"{name}-between"))
    story.ok()
    story.put("customer", f"{name}-late", story.customer(f"{name}-late"), transaction.put)
    story.put("invoice", f"{name}-late", story.invoice(f"{name}-late", f"{name}-late"), transaction.put)
    story.adapter.advance(100)
    transaction.commit()
    story.ok()
    story.equal()


def future(story):
    """A row ahead of the system's own clock does not hide those that come after it."""
    put = able(story, "put_in_future")
    name = story.grow()
    story.put("customer", f"{name}-ahead", story.customer(f"{name}-ahead"), put)
    story.ok()
    story.grow()
    story.ok()
    story.equal()


def moving_rows(story):
    """Rows that change, vanish and appear between two pages are as they are after the next run."""
    name = story.grow(3 * ROUND)

    def move():
        story.adapter.advance(1)
        keys = sorted(key for key in story.rows["customer"] if key.startswith(name))
        for key in (keys[0], keys[len(keys) // 2], keys[-1]):
            story.touch("customer", key, name="Moved " + key)
        story.put("customer", f"{name}-new", story.customer(f"{name}-new"))
        for key in (f"{name}-i1", f"{name}-i{3 * ROUND - 1}"):  # Invoices that nothing refers to.
            story.remove("invoice", key)

    fault = Fault("pass", on=2, before=move, **story.adapter.page_request)
    story.proxy.arm(fault)
    story.ok()
    assert fault.played, story.proxy.asked()
    story.proxy.disarm()
    story.ok("--sweep")
    story.equal()


def deletions(story):
    """What was deleted goes with the next sweep, what comes back comes back."""
    name = story.grow()
    story.ok()
    story.equal()
    gone = {key: story.rows["invoice"][key] for key in (f"{name}-i1", f"{name}-i3")}
    for key in gone:
        story.remove("invoice", key)
    report = story.sync("--sweep")
    assert sum(entity["deleted"] for entity in report["entities"]) == 2, report
    story.equal()
    story.adapter.advance(900)
    for key, fields in gone.items():
        story.put("invoice", key, fields)
    story.ok()
    story.equal()


def broken_sweep(story):
    """A list of what exists that did not come whole deletes nothing."""
    request = story.adapter.ids_request
    if request is None:
        raise NotTried("the adapter has no ids_request")
    story.grow()
    for fault in (Fault("status", on=2, times=10_000, retry_after=0, **request), Fault("half", on=2, **request),
                  Fault("garbage", on=3, **request), Fault("cut", on=1, **request)):
        fails = fault.times > 1
        story.proxy.arm(fault)
        report = story.sync("--sweep", fails=fails)
        story.proxy.disarm()
        assert fault.played and report["state"] == ("interrupted" if fails else "ok"), (fault.kind, report)
        assert sum(entity["deleted"] for entity in report["entities"]) == 0, (fault.kind, report)
    story.equal()


def mass_vanishing(story):
    """A sweep that would delete more than a twentieth stops and asks a person."""
    story.grow(5)
    story.ok()
    story.equal()
    gone = [key for key in story.rows["invoice"] if story.rows["invoice"][key]["customer"][-1] in "13579"]
    gone = gone[:max(11, len(story.rows["invoice"]) // 10)]  # Of those, nothing was paid.
    for key in gone:
        story.remove("invoice", key)
    report = story.sync("--sweep")
    assert report["state"] == "partial" and "--confirm-sweep" in str(report), report
    assert sum(entity["deleted"] for entity in report["entities"]) == 0, report
    report = story.sync("--sweep", "--confirm-sweep")
    assert sum(entity["deleted"] for entity in report["entities"]) == len(gone), report
    story.equal("--confirm-sweep")


def bad_record(story):
    """One row that cannot be mapped is set aside with its reason; the others come, and it comes when it is right."""
    spoil = able(story, "spoil")
    name = story.grow()
    fields = story.rows["invoice"].pop(f"{name}-i1")
    spoil("invoice", f"{name}-i1")
    report = story.sync()
    waiting = story.stormy.quarantine()
    assert report["state"] == "partial" and report["quarantine_open"] == 1, report
    assert len(waiting) == 1 and waiting[0][0] == "invoice" and len(waiting[0][3]) > 10, waiting
    assert not story.missing(), story.missing()
    story.adapter.advance(10)
    story.put("invoice", f"{name}-i1", fields)
    report = story.sync()
    assert report["state"] == "ok" and report["quarantine_open"] == 0, report
    story.equal()


CASES = [passing_faults, harmless_faults, outage, long_rest, refused, ties, late_commit, future, moving_rows,
         deletions, broken_sweep, mass_vanishing, bad_record]
