"""What the tests of write-backs share: hosts that write, and what must hold for each kind."""
import contextlib
import json
import subprocess


class Pusher:
    """A connector in a process of its own, as a host would use it; it can be one of several at the same time."""

    def __init__(self, program, settings, secret, **options):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.send({"settings": settings, "secret": secret, **options})

    def send(self, asked):
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the connector ended"
        return json.loads(line)

    def ask(self, **asked):
        self.send(asked)
        return self.answer()

    def push(self, write):
        return self.ask(push=write)

    def find(self, write):
        return self.ask(find=write)

    def row(self, touched):
        """The row of a receipt's first touched record, as the stream reads it now."""
        row, = self.ask(rows={"entity": touched[0]["entity"], "ids": [touched[0]["external_id"]]})
        return row

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def write(kind, target, body, key, base=None):
    entity, external_id = target
    return {"key": key, "kind": kind, "target": {"entity": entity, "external_id": str(external_id)}, "body": body,
            "base": base}


def once_in_spite_of_a_cut(pusher, way, wanted, call):
    """The server commits, its answer is lost: nobody knows, find() knows, and a second push changes nothing."""
    absent = pusher.find(wanted)
    assert absent["state"] == "absent", absent
    lost = way.lost
    way.cut(call)
    unknown = pusher.push(wanted)
    assert way.lost == lost + 1, f"the request {call} was not sent: {unknown}"
    assert unknown.get("error") == "timeout", unknown
    found = pusher.find(wanted)
    assert found["state"] == "confirmed" and found["remote_id"], found
    again = pusher.push(wanted)
    assert again == found, (again, found)
    return found


def eight_at_once(make_pusher, wanted):
    """Eight hosts push the same write in the same moment: all end confirmed, after what they may ask again."""
    with contextlib.ExitStack() as stack:
        pushers = [stack.enter_context(make_pusher()) for _ in range(8)]
        for pusher in pushers:
            pusher.ask(check=True)  # Logged in.
        for pusher in pushers:
            pusher.send({"push": wanted})
        answers = [pusher.answer() for pusher in pushers]
        for i, answer in enumerate(answers):
            for _ in range(10):
                if answers[i].get("error") != "unavailable":
                    break
                answers[i] = pushers[i].push(wanted)
            assert answers[i].get("state") == "confirmed", (answer, answers[i])
        return pushers[0].find(wanted)


def through_the_host(dunlin, way, call, count_notes, overwrite):
    """From a command, through the queue, to the other system: once though the answer is lost; and a conflict that stays
    to be seen. `overwrite(external_id, value)` is a person who changes a contact there."""
    def ask(**request):
        return dunlin.run("call", "receivables.write_back", "--json", json.dumps(request))

    def settled(kind):
        return dunlin.rows(f"SELECT state, remote_id, reason FROM dunlin_write_back WHERE kind = '{kind}'")[0]
    customer, point, external_id, value = dunlin.rows(
        "SELECT customer_id, contact_point_id, external_id, value FROM receivables_contact_point WHERE kind = 'email'"
        " AND is_deleted = 0 ORDER BY external_id LIMIT 1")[0]
    ask(customer=customer, kind="note", body={"text": "through the host"})
    assert count_notes("through the host") == 0, "a command that is not sent yet had an effect"
    lost = way.lost
    way.cut(call)
    dunlin.run("writebacks", "run", "erp")
    state, remote_id, _ = settled("note")
    assert way.lost == lost + 1 and state == "confirmed" and remote_id, (state, remote_id)
    dunlin.run("writebacks", "run", "erp")
    assert count_notes("through the host") == 1
    overwrite(external_id, "person@example.net")
    ask(customer=customer, contact_point=point, kind="contact", body={"kind": "email", "value": "ours@example.net"},
        base={"value": value})
    dunlin.run("writebacks", "run", "erp")
    state, _, reason = settled("contact")
    assert state == "conflict" and "person@example.net" in reason and value in reason, (state, reason)
    assert "person@example.net" in dunlin.run("writebacks", "list", "erp").stdout
