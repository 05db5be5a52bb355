"""The Tryton that the other tests use comes up, holds what they rely on, and goes away without a trace."""
import datetime
import pathlib
import sys
from decimal import Decimal

import tryton_server


def main():
    tryton = tryton_server.start_or_skip()
    with tryton:
        assert tryton.version.startswith("6."), tryton.version
        # Refusals first: a test that relies on them must see them.
        for user, password in ((tryton.user, "wrong"), ("nobody", tryton.password)):
            try:
                tryton.post(tryton.database, "common.db.login", [user, {"password": password}, "en"])
                raise AssertionError("a wrong login was taken")
            except tryton_server.RpcError as e:
                assert e.status == 401, e
        states = {}
        for row in tryton.sql("SELECT state, count(*) FROM account_invoice WHERE type = 'out' GROUP BY 1"):
            states[row[0]] = int(row[1])
        assert sum(states.values()) > 400 and set(states) == {"draft", "posted", "paid", "cancelled"}, states
        currencies = tryton.sql("SELECT DISTINCT c.code FROM account_invoice i JOIN currency_currency c "
                                "ON c.id = i.currency ORDER BY 1")
        assert [c[0] for c in currencies] == ["EUR", "GBP", "JPY", "USD"], currencies
        assert tryton.read("company.company", [], ["party.name"])[1]["party."]["name"] == "Dunlin Europe"
        # A change made through the RPC stands in the database.
        invoice, = tryton.read("account.invoice", [["reference", "=", "due date to change"], ["company", "=", 1]],
                               ["move", "total_amount"])
        assert invoice["total_amount"] == Decimal("640.00"), invoice
        line, = tryton.read("account.move.line", [["move", "=", invoice["move"]], ["debit", ">", 0]], ["id"])
        tryton.call("model.account.move.line.write", [[line["id"]], {"maturity_date": datetime.date(2031, 1, 2)}])
        assert tryton.sql(f"SELECT maturity_date FROM account_move_line WHERE id = {line['id']}") == [["2031-01-02"]]
        folder, data = tryton.folder, tryton.cluster.folder
        pids = [tryton.server.pid, tryton.cluster.process.pid]
    assert not folder.exists() and not data.exists()
    assert not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), pids
    print(f"Tryton {tryton.version}: {states}")


if __name__ == "__main__":
    sys.exit(main())
