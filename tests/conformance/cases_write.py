"""Faults while writing back. Whatever happens, each thing that was decided has one effect there, and its state here says
what became of it."""
import json
import subprocess

import kills
from cases_read import NotTried, able
from faults import Fault


class Desk:
    """Writes to one customer each, so that none waits for another, and looks at what became of them."""

    def __init__(self, story):
        able(story, "effects")
        if story.adapter.write_request is None:
            raise NotTried("the adapter has no write_request")
        story.proxy.disarm()
        self.story, self.adapter, self.made = story, story.adapter, story.stormy
        self.name = story.grow()
        story.ok()
        self.ids = {external: row_id for external, row_id in self.made.rows(
            "SELECT external_id, id FROM receivables_binding WHERE entity = 'customer'")}
        self.written = {}

    def write(self, text, customer=0):
        """Queues a write to the n-th customer of this round."""
        external = self.adapter.external_id("customer", f"{self.name}-c{customer}")
        body = {"customer": self.ids[external], "kind": self.adapter.write_kind, "body": self.adapter.write_body(text)}
        reply = self.made.run("call", "receivables.write_back", "--json", json.dumps(body), "--format", "json")
        self.written[json.loads(reply.stdout)["write_back_id"]] = text

    def send(self, check=True):
        return self.made.run("writebacks", "run", "erp", check=check)

    def states(self):
        """{text: (state, reason)}"""
        rows = self.made.rows("SELECT id, state, reason FROM dunlin_write_back")
        return {self.written[id]: (state, reason) for id, state, reason in rows if id in self.written}

    def settle(self, runs=6):
        """Lets time pass until nothing waits any more."""
        for _ in range(runs):
            states = self.states()
            if not any(state in ("queued", "sending", "unknown") for state, _ in states.values()):
                return states
            self.story.let_time_pass()
            kills.finish(self.made, "writebacks", "run", "erp")
        return self.states()

    def once(self, texts):
        """Each of them is confirmed and is there once."""
        found = self.adapter.effects()
        for text in texts:
            assert found.count(text) == 1, (text, found.count(text), self.states()[text])
            assert self.states()[text][0] == "confirmed", (text, self.states()[text])


def faults_of(desk, late):
    """One for each way in which sending can go wrong, and the states that may follow at once."""
    waits, looks = ("queued",), ("unknown", "confirmed")
    kinds = [("drop", {}, looks), ("drop_after", {}, looks), ("reset_after", {}, looks), ("cut", {}, looks),
             ("half", {}, looks), ("garbage", {}, looks), ("empty", {}, looks),
             ("status_after", {"status": 500}, looks), ("status_after", {"status": 502}, looks),
             ("late", {"seconds": late}, looks), ("hang", {"seconds": late}, looks),
             ("status", {"status": 500}, ("queued", *looks)), ("status", {"status": 503}, (*waits, *looks))]
    for n, (kind, how, states) in enumerate(kinds):
        text = f"{desk.name} {kind} {how.get('status', '')}".strip()
        yield n, text, Fault(kind, body=text, **how, **desk.adapter.write_request), states


def write_faults(story):
    """Whatever breaks while a write is sent, it is made once."""
    desk = Desk(story)
    allowed = {}
    for n, text, fault, states in faults_of(desk, story.adapter.timeout_seconds + 0.5):
        desk.write(text, n % 12)
        story.proxy.arm(fault)
        allowed[text] = (fault, states)
    desk.send()
    for text, (state, reason) in desk.states().items():
        assert state in allowed[text][1] or not allowed[text][0].played, (text, state, reason)
        assert state == "confirmed" or reason or not allowed[text][0].played, (text, state, "without a reason")
    desk.settle()
    story.proxy.disarm()
    for text, (fault, _) in allowed.items():
        assert fault.played == 1, (text, desk.states())
    desk.once(allowed)


def write_rests(story):
    """Who asks for an hour's rest gets it, also from writes; then it is made once."""
    desk = Desk(story)
    desk.write(f"{desk.name} first", 0)
    desk.write(f"{desk.name} second", 1)
    story.proxy.arm(Fault("status", status=429, retry_after=3600, **story.adapter.write_request))
    desk.send()
    desk.send()
    assert len(story.proxy.asked(**only(story.adapter.write_request))) == 1, story.proxy.asked()
    assert {state for state, _ in desk.states().values()} == {"queued"}, desk.states()
    story.proxy.disarm()
    desk.settle()
    desk.once(desk.written.values())


def only(request):
    return {key: value for key, value in request.items() if key in ("path", "method")}


def write_unfindable(story):
    """While nobody can say whether it arrived, it is not sent again."""
    if story.adapter.find_request is None:
        raise NotTried("the adapter has no find_request")
    desk = Desk(story)
    text = f"{desk.name} lost"
    desk.write(text)

    def fall():  # It was made; from now on nobody answers.
        story.proxy.arm(Fault("status", times=10_000, **story.adapter.find_request))

    story.proxy.arm(Fault("drop_after", after=fall, **story.adapter.write_request))
    desk.send()
    for _ in range(2):
        story.let_time_pass()
        desk.send()
    state, reason = desk.states()[text]
    assert state == "unknown" and reason, (state, reason)
    assert len(story.proxy.asked(**only(story.adapter.write_request))) == 1, story.proxy.asked()
    story.proxy.disarm()
    desk.settle()
    desk.once([text])


def write_order(story):
    """Two writes about one customer arrive in their order, although the first was cut off."""
    desk = Desk(story)
    texts = [f"{desk.name} first", f"{desk.name} then"]
    for text in texts:
        desk.write(text)
    story.proxy.arm(Fault("drop", **story.adapter.write_request))
    desk.send()
    assert texts[1] not in story.adapter.effects(), desk.states()
    story.proxy.disarm()
    desk.settle()
    desk.once(texts)
    found = story.adapter.effects()
    assert found.index(texts[0]) < found.index(texts[1]), found


def write_refused(story):
    """What the system will never take is rejected with its reason, and not sent again."""
    desk = Desk(story)
    key = f"{desk.name}-c1"
    for row in [row for row, fields in story.rows["invoice"].items() if fields["customer"] == key]:
        story.remove("invoice", row)
    story.remove("customer", key)
    text = f"{desk.name} to nobody"
    desk.write(text, 1)
    desk.send()
    state, reason = desk.states()[text]
    assert state == "rejected" and reason, (state, reason)
    desk.settle()
    assert text not in story.adapter.effects(), story.adapter.effects()
    story.sync("--sweep")


def write_eight(story):
    """Eight runs at once send each write once."""
    desk = Desk(story)
    texts = [f"{desk.name} eight {n}" for n in range(4)]
    for n, text in enumerate(texts):
        desk.write(text, n)
    running = [subprocess.Popen(desk.made.command("writebacks", "run", "erp"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True) for _ in range(8)]
    for process in running:
        _, err = process.communicate(timeout=300)
        assert process.returncode in (0, 5), err
    desk.settle()
    desk.once(texts)


def write_killed(story):
    """kill -9 before the request reaches the system, and after it did: each is made once."""
    desk = Desk(story)
    for n, moment in enumerate(("before", "after")):
        text = f"{desk.name} killed {moment}"
        desk.write(text, n)
        running = subprocess.Popen(desk.made.command("writebacks", "run", "erp"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        # What was killed before it was sent never arrives: the request dies with the fault.
        fault = Fault("drop" if moment == "before" else "drop_after", body=text, **{moment: running.kill},
                      **story.adapter.write_request)
        story.proxy.arm(fault)
        running.wait(120)
        assert fault.played == 1, (moment, running.returncode, desk.states())
        assert desk.states()[text][0] == "sending", desk.states()
        kills.finish(desk.made, "writebacks", "run", "erp")
        desk.settle()
        story.proxy.disarm()
    desk.once(desk.written.values())


class Limit:
    """The credit limit of a customer, which both sides change: 1000 was seen here."""

    def __init__(self, story):
        if story.adapter.change_request is None:
            raise NotTried("the adapter has no change_request")
        self.desk = Desk(story)
        self.story, self.key = story, f"{self.desk.name}-c0"
        self.edit(credit_limit="1000.00")
        story.ok()

    def edit(self, **changes):
        """Somebody else's, in the system."""
        self.story.touch("customer", self.key, **changes)

    def change(self, amount):
        external = self.story.adapter.external_id("customer", self.key)
        reply = self.desk.made.run("call", "receivables.change_credit_limit", f"customer={self.desk.ids[external]}",
                                   f"amount={amount}", "--format", "json")
        self.desk.written[json.loads(reply.stdout)["write_back_id"]] = amount

    def there(self, name="credit_limit"):
        return self.story.adapter.field("customer", self.key, name)

    def asked(self):
        return len(self.story.proxy.asked(**only(self.story.adapter.change_request)))

    def is_conflict(self, amount, theirs):
        state, reason = self.desk.states()[amount]
        assert state == "conflict" and theirs in reason and "1000.00" in reason, (state, reason)
        assert self.there() == theirs, self.there()


def write_conflict(story):
    """What somebody else has changed since it was seen is a conflict for a person: it stays, and ours is not sent."""
    limit = Limit(story)
    limit.change("2000.00")
    limit.edit(credit_limit="3000.00")
    limit.desk.send()
    limit.is_conflict("2000.00", "3000.00")
    limit.desk.settle()
    limit.is_conflict("2000.00", "3000.00")
    assert limit.asked() == 0, limit.asked()
    story.ok()
    story.equal()


def write_race(story):
    """So it is when that happens between the look and the write; but a change of another field does no harm."""
    if not story.adapter.has_precondition:
        raise NotTried("the adapter has no has_precondition")
    limit = Limit(story)
    limit.change("2000.00")
    story.proxy.arm(Fault("pass", before=lambda: limit.edit(credit_limit="3000.00"), **story.adapter.change_request))
    limit.desk.send()
    limit.is_conflict("2000.00", "3000.00")
    other = Limit(story)
    other.change("4000.00")
    story.proxy.arm(Fault("pass", before=lambda: other.edit(name="Renamed"), **story.adapter.change_request))
    other.desk.send()
    assert other.desk.states()["4000.00"][0] == "confirmed", other.desk.states()
    assert (other.there(), other.there("name")) == ("4000.00", "Renamed"), other.there()
    story.ok()
    story.equal()


def write_change(story):
    """A change whose answer is lost is made once, and the next sync finds nothing new in it."""
    limit = Limit(story)
    limit.change("2000.00")
    story.proxy.arm(Fault("drop_after", **story.adapter.change_request))
    limit.desk.send()
    limit.desk.settle()
    assert limit.desk.states()["2000.00"][0] == "confirmed", limit.desk.states()
    assert limit.there() == "2000.00" and limit.asked() == 1, (limit.there(), limit.asked())
    report = story.sync()
    assert sum(entity["updated"] for entity in report["entities"]) == 0, report
    story.equal()


# write_refused leaves behind what a system that is read anew never had: the cases that compare come before.
CASES = [write_faults, write_rests, write_unfindable, write_order, write_conflict, write_race, write_change, write_refused,
         write_eight, write_killed]
