"""A small ERP with a documented protocol, for connectors to be tried against. Debian's python3 is all it needs.

    python3 stand_in.py --port 8099          # then: curl -H 'Authorization: Bearer secret' 127.0.0.1:8099/v1/totals

Its protocol, every request with "Authorization: Bearer <token>", every answer JSON with a Date header by its clock:

    GET  /v1/<entity>/changes?since=US&after=US/ID&limit=N   rows in the order of (changed, id), changed at or after
                                       `since` and behind `after`: {"rows": [{"id", "changed", …}], "more": bool}
    GET  /v1/<entity>/ids?after=ID&limit=N                   {"ids": […], "more": bool}, every row that exists
    GET  /v1/<entity>?ids=A,B                                {"rows": […]}, those of them that exist
    POST /v1/<entity>/ID  {"set": {…}, "if_version": N}      200 {"version"}; 409 when the row's "version" is another,
                                       404 when there is no such row: {"reason"}
    GET  /v1/totals                                          [{"company", "currency", "open"}]
    POST /v1/notes  {"key", "entity", "id", "text"}          201 {"note": N}; 422 {"reason"} when there is no such row
    GET  /v1/notes?key=K                                     {"notes": [N, …]}

Times are microseconds of its own clock, which stands still until it is moved. A row's `changed` is when its transaction
began. Notes have no unique key: whoever posts twice has made two. 429 and 503: nothing was done. Beside its one token that
lasts it takes those that sign_in.py gives out.

Whoever tests changes it by POST /control/<call> with the arguments of a method of Erp as JSON, without a token.
"""
import argparse
import decimal
import email.utils
import json
import threading
import urllib.parse

from faults import Quiet, Reply, Server
from sign_in import SignIns

ENTITIES = ("customer", "invoice", "payment", "allocation")
START_US = 1_795_168_800_000_000  # 2026-11-20 10:00:00 UTC


class Erp:
    def __init__(self, token="secret"):
        self.token = token
        self.sign_ins = SignIns()
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        with self.lock:
            self.clock_us = START_US
            self.rows = {entity: {} for entity in ENTITIES}
            self.transactions, self.notes, self.version = {}, [], 0

    # Changes. Each happens at once, or when its transaction commits.
    def put(self, entity, id, fields, transaction=None, changed=None):
        with self.lock:
            if transaction is not None:
                return self.transactions[transaction][1].append((entity, id, fields))
            self.version += 1
            self.rows[entity][id] = {"id": id, "changed": changed or self.clock_us, **fields, "version": self.version}

    def change(self, entity, id, fields):
        with self.lock:
            self.put(entity, id, {**self.rows[entity][id], **fields, "changed": self.clock_us})

    def delete(self, entity, id):
        with self.lock:
            del self.rows[entity][id]

    def advance(self, seconds):
        with self.lock:
            self.clock_us += int(seconds * 1_000_000)

    def begin(self):
        """A transaction: its rows are stamped with this moment and seen when it commits."""
        with self.lock:
            self.transactions[len(self.transactions) + 1] = (self.clock_us, [])
            return len(self.transactions)

    def commit(self, transaction):
        with self.lock:
            began, rows = self.transactions[transaction]
            for entity, id, fields in rows:
                self.put(entity, id, fields, changed=began)

    # What is asked of it.
    def changes(self, entity, since=None, after="", limit=100):
        with self.lock:
            found = sorted(self.rows[entity].values(), key=lambda row: (row["changed"], row["id"]))
            if since:
                found = [row for row in found if row["changed"] >= int(since)]
            if after:
                at, id = after.split("/", 1)
                found = [row for row in found if (row["changed"], row["id"]) > (int(at), id)]
            return {"rows": found[:int(limit)], "more": len(found) > int(limit)}

    def ids(self, entity, after="", limit=100):
        with self.lock:
            found = sorted(id for id in self.rows[entity] if id > after)
            return {"ids": found[:int(limit)], "more": len(found) > int(limit)}

    def by_id(self, entity, ids):
        with self.lock:
            return {"rows": [self.rows[entity][id] for id in ids.split(",") if id in self.rows[entity]]}

    def totals(self):
        open_of = {}
        with self.lock:
            for entity, field, sign in (("invoice", "total", 1), ("payment", "amount", -1)):
                for row in self.rows[entity].values():
                    amount = sign * decimal.Decimal(row[field])
                    open_of[row["currency"]] = open_of.get(row["currency"], 0) + amount
        return [{"company": "", "currency": currency, "open": str(amount)} for currency, amount in open_of.items()]

    def post_note(self, key, entity, id, text):
        with self.lock:
            if id not in self.rows[entity]:
                return 422, {"reason": f"there is no {entity} {id}"}
            self.notes.append({"key": key, "entity": entity, "id": id, "text": text})
            return 201, {"note": len(self.notes)}

    def set(self, entity, id, set, if_version):
        with self.lock:
            row = self.rows[entity].get(id)
            if row is None:
                return 404, {"reason": f"there is no {entity} {id}"}
            if row["version"] != if_version:
                return 409, {"reason": f"{entity} {id} has been changed since"}
            self.change(entity, id, set)
            return 200, {"version": self.version}

    def notes_of(self, key):
        with self.lock:
            return {"notes": [n + 1 for n, note in enumerate(self.notes) if note["key"] == key]}


class Handler(Quiet):
    def answer(self, body):
        try:
            status, said = self.say(body)
        except (KeyError, ValueError, TypeError) as e:
            status, said = 400, {"reason": repr(e)}
        date = email.utils.formatdate(self.server.erp.clock_us // 1_000_000, usegmt=True)
        self.send(Reply(status, [("Content-Type", "application/json"), ("Date", date)], json.dumps(said).encode()))

    def say(self, body):
        erp = self.server.erp
        where = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(where.query))
        path = where.path.strip("/").split("/")
        if path[0] == "control":
            return 200, getattr(erp, path[1])(**json.loads(body or b"{}"))
        authorization = self.headers.get("Authorization", "")
        if path == ["oauth", "token"]:
            form = dict(urllib.parse.parse_qsl(body.decode()))
            return erp.sign_ins.renew(authorization, form.get("grant_type"), form.get("refresh_token"))
        if authorization != "Bearer " + erp.token and not erp.sign_ins.admits(authorization):
            return 401, {"reason": "no such token"}
        if path == ["v1", "totals"]:
            return 200, erp.totals()
        if path == ["v1", "notes"]:
            return (200, erp.notes_of(**asked)) if self.command == "GET" else erp.post_note(**json.loads(body))
        if path[0] != "v1" or path[1:2] == [] or path[1] not in ENTITIES:
            return 404, {"reason": "there is nothing here"}
        if self.command == "POST":
            return erp.set(path[1], "/".join(path[2:]), **json.loads(body))
        answers = {"changes": erp.changes, "ids": erp.ids, "": erp.by_id}
        return 200, answers["".join(path[2:])](path[1], **asked)


class StandIn:
    """The ERP behind a port of its own on loopback, in threads of this process."""

    def __init__(self, port=0):
        self.erp = Erp()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.erp = self.erp
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--port", type=int, default=0)
    stand_in = StandIn(options.parse_args().port)
    print(stand_in.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
