"""kill -9 during full and incremental syncs from the stand-in, some of them in the midst of other faults, resumed until
they end: the tables equal those of an undisturbed run.

    kill_test.py [sqlite|postgresql] [KILLS]      # DUNLIN_TEST_SEED repeats a run
"""
import os
import random
import shutil
import subprocess
import sys
import threading
import time

from faults import Fault
from reference_adapter import Adapter
from story import Story

import kills as kill  # Behind story, which knows where it lies.

PASSING = ("status", "drop", "cut", "half", "garbage", "reset_after", "status_after", "drip")


def change(story, chance):
    """A round of new rows, and changes to old ones: totals, names, deletions, and one transaction that commits late."""
    transaction = story.adapter.transaction()
    name = story.grow(chance.randrange(5, 25))
    story.put("customer", f"{name}-late", story.customer(f"{name}-late"), transaction.put)
    for key in chance.sample(sorted(story.rows["customer"]), 8):
        story.touch("customer", key, name=f"Name {chance.randrange(1000)}")
    paid = {fields["invoice"] for fields in story.rows["allocation"].values()}
    open_ones = sorted(key for key in story.rows["invoice"] if key not in paid)
    for key in chance.sample(open_ones, min(len(open_ones), 4)):
        story.touch("invoice", key, total=f"{chance.randrange(100, 900)}.75")
    for key in chance.sample(open_ones, 1):
        story.remove("invoice", key)
    transaction.commit()


class Killing:
    def __init__(self, store, chance):
        self.chance = chance
        self.adapter = Adapter()
        self.adapter.timeout_seconds = 5
        self.story = Story(self.adapter, store)
        self.seconds = 1.0
        self.kills = self.rounds = 0

    def begin_anew(self):
        """Two fresh instances, and a whole system to be read."""
        if self.rounds > 0:
            for made in (self.story.calm, self.story.stormy):
                shutil.rmtree(made.folder.parent, ignore_errors=True)
            self.story.begin_anew()
        began = time.monotonic()
        self.story.calm.run("sync", "erp", "--full", "--sweep")
        self.seconds = time.monotonic() - began

    def arm(self):
        """Some faults that pass; and now and then the kill comes exactly when a request is made or was answered."""
        for _ in range(self.chance.randrange(3)):
            self.story.proxy.arm(Fault(self.chance.choice(PASSING), on=self.chance.randrange(1, 15), status=503,
                                       retry_after=0))

    def sync(self, *flags):
        """One sync that is killed a few times on its way."""
        self.arm()
        for _ in range(self.chance.randrange(2, 6)):
            if self.chance.random() < 0.3:
                self.kills += kill.is_killed(self.story.stormy, self.chance, self.seconds, *flags)
            else:
                self.kills += self.is_killed_at_request(*flags)
        kill.finish(self.story.stormy, "sync", "erp", *flags)
        self.story.proxy.disarm()
        self.rounds += 1

    def is_killed_at_request(self, *flags):
        """When its n-th request arrives, was carried out, or a moment after that, while the rows are being kept."""
        holds = {}
        delay = self.chance.choice((0, self.chance.uniform(0, 0.2)))
        moment = self.chance.choice(("before", "after"))
        fault = Fault("pass", on=self.chance.randrange(1, 12), **{
            moment: lambda: threading.Timer(delay, holds["process"].kill).start()})
        self.story.proxy.arm(fault)
        holds["process"] = subprocess.Popen(self.story.stormy.command("sync", "erp", *flags),
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        was_killed = holds["process"].wait() < 0
        fault.on = 0  # Over, whether it came to it or not.
        return was_killed


def main():
    store = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    seed = int(os.environ.get("DUNLIN_TEST_SEED", time.time()))
    print(f"{store}: {wanted} kills, seed {seed}", flush=True)
    chance = random.Random(seed)
    test = Killing(store, chance)
    for _ in range(5):
        test.story.grow(30)
    while test.kills < wanted:
        if test.rounds % 5 == 0:
            test.begin_anew()
            test.sync()
        else:
            change(test.story, chance)
            flags = chance.choice(([], [], ["--full"], ["--sweep"]))
            test.sync(*flags)
            if "--sweep" not in flags:
                test.story.sync("--sweep")
        test.story.equal()
    print(f"{test.kills} kills in {test.rounds} syncs of {len(test.story.rows['invoice'])} invoices and more: the "
          "tables are equal")


if __name__ == "__main__":
    main()
