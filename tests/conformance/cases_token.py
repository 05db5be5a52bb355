"""Tokens that change by being used: whoever uses a refresh token a second time has to sign in again. Whatever breaks, that
happens to nobody who got an answer."""
import os
import random
import shutil
import subprocess
import threading
import time

import kills
from cases_write import Desk
from faults import Fault
from story import ROUND, it


class Tokens:
    """What happened to them during a case."""

    def __init__(self, story):
        self.adapter = story.adapter
        story.proxy.disarm()
        self.adapter.set_grace(False)
        self.renewed_before, self.ended_before = self.adapter.renewals(), self.adapter.ended()

    def renewed(self):
        return self.adapter.renewals() - self.renewed_before

    def ended(self):
        return self.adapter.ended() - self.ended_before

    def fault(self, kind, **how):
        return Fault(kind, **how, **self.adapter.token_request)


def token_expires(story):
    """An access token that ends in the midst of a run is renewed once, and the run goes on."""
    tokens = Tokens(story)
    story.grow(3 * ROUND)
    fault = Fault("pass", on=3, before=story.adapter.expire, **story.adapter.page_request)
    story.proxy.arm(fault)
    story.ok()
    story.proxy.disarm()
    assert fault.played and (tokens.renewed(), tokens.ended()) == (1, 0), (fault.played, tokens.renewed())
    story.equal()


def token_faults(story):
    """While no token can be had, the system is away: nobody is told to sign in, and nothing is lost."""
    tokens = Tokens(story)
    for fault in (tokens.fault("status", status=503, times=2, retry_after=0), tokens.fault("drop"),
                  tokens.fault("status", status=429, retry_after=0)):
        story.grow(2)
        story.adapter.expire()
        story.proxy.arm(fault)
        report = story.sync()
        story.proxy.disarm()
        assert fault.played == fault.times and report["state"] == "ok", (fault.kind, fault.status, report)
    story.grow(2)
    story.adapter.expire()
    story.proxy.arm(tokens.fault("status", status=500, times=10_000, retry_after=0))
    report = story.sync(fails=True)
    story.proxy.disarm()
    assert report["state"] == "interrupted" and "500" in str(report), report
    assert "sign in" not in str(report), report
    story.ok()
    assert (tokens.renewed(), tokens.ended()) == (4, 0), (tokens.renewed(), tokens.ended())
    story.equal()


def token_answer_lost(story):
    """An answer that is lost is asked for again; where that is too late a person is told to sign in, and heard at once."""
    tokens = Tokens(story)
    for has_grace in (True, False):
        story.adapter.set_grace(has_grace)
        story.grow(2)
        story.adapter.expire()
        story.proxy.arm(tokens.fault("drop_after"))
        report = story.sync(fails=not has_grace)
        asked = [one[2] for one in story.proxy.asked(**story.adapter.token_request)]
        story.proxy.disarm()
        assert asked == [200, 200 if has_grace else 400], (has_grace, asked, report)
        assert tokens.ended() == 1 - has_grace, (has_grace, tokens.ended(), report)
        assert has_grace or (report["state"] == "failed" and "sign in" in str(report)), report
    (story.stormy.folder / "erp-secret").write_text(story.adapter.secret())
    story.ok()
    story.equal()


def token_first_use(story):
    """kill -9 from the first use of a new token on: it was kept before, so the next run goes on with it."""
    tokens = Tokens(story)
    chance = random.Random(os.environ.get("DUNLIN_TEST_SEED", time.time()))
    for n in range(3):
        story.grow(2)
        story.adapter.expire()
        delay = chance.uniform(0, 0.1) if n else 0
        holds = {}

        def fall(process=holds, delay=delay):
            threading.Timer(delay, process["is"].kill).start() if delay else process["is"].kill()

        use = Fault("pass" if delay else "drop", before=fall)
        story.proxy.arm(tokens.fault("pass", after=lambda use=use: story.proxy.arm(use)))
        holds["is"] = subprocess.Popen(story.stormy.command("sync", "erp"), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        holds["is"].wait(120)
        assert use.played == 1 and (delay or holds["is"].returncode < 0), (n, use.played, holds["is"].returncode)
        story.proxy.disarm()
        kills.finish(story.stormy, "sync", "erp")
        assert (tokens.renewed(), tokens.ended()) == (n + 1, 0), (n, tokens.renewed(), tokens.ended())
    story.equal()


def token_race(story):
    """Syncs, write-backs and checks at once, on two hosts where they share a store, renew once."""
    desk = Desk(story)
    tokens = Tokens(story)
    folders = [desk.made.folder]
    if not desk.made.url.startswith("sqlite:"):
        folders.append(desk.made.folder.parent / "second")
        shutil.copytree(folders[0], folders[1])
    for n in range(2):
        text = f"{desk.name} race {n}"
        desk.write(text, n)
        story.adapter.expire()
        story.proxy.arm(tokens.fault("late", seconds=0.5))  # All the others come to wait.
        running = [subprocess.Popen([it.DUNLIN, "--instance", str(folder), *what], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True)
                   for what in (("sync", "erp"), ("writebacks", "run", "erp"), ("sync", "erp", "--check"),
                                ("sync", "erp", "--check"))
                   for folder in folders]
        for process in running:
            _, err = process.communicate(timeout=300)
            assert process.returncode in (0, 5), (process.args, err)
        story.proxy.disarm()
        desk.settle()
        desk.once([text])
        assert (tokens.renewed(), tokens.ended()) == (n + 1, 0), (tokens.renewed(), tokens.ended())


def token_killed(story):
    """kill -9 at random moments of renewing ends no sign-in where the system has a grace period."""
    tokens = Tokens(story)
    story.adapter.set_grace(True)
    seed = os.environ.get("DUNLIN_TEST_SEED", time.time())
    chance = random.Random(seed)
    killed = 0
    for _ in range(6):
        story.adapter.expire()
        holds, delay = {}, chance.uniform(0, 0.03)
        fault = tokens.fault("pass", **{chance.choice(("before", "after")): lambda holds=holds, delay=delay:
                                        threading.Timer(delay, holds["is"].kill).start()})
        story.proxy.arm(fault)
        holds["is"] = subprocess.Popen(story.stormy.command("sync", "erp"), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        killed += holds["is"].wait(120) < 0
        story.proxy.disarm()
    kills.finish(story.stormy, "sync", "erp")
    assert killed and tokens.ended() == 0, (killed, tokens.ended(), seed)
    story.equal()


CASES = [token_expires, token_faults, token_answer_lost, token_first_use, token_race, token_killed]
