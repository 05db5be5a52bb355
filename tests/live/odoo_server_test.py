"""The Odoo of the tests is what the other stories take it for: filled books, a clean end, and no state from before."""
import pathlib
import time

from odoo_server import OdooServer


def processes_of(folder):
    """Those whose command line names the folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in (process / "cmdline").read_bytes().decode(errors="replace"):
                found.append(process.name)
        except OSError:
            pass
    return found


with OdooServer() as odoo:
    states = {(g["move_type"], g["state"]): g["__count"] for g in odoo.call(
        "account.move", "read_group", [[], [], ["move_type", "state"]], lazy=False)}
    for kind in ("out_invoice", "out_refund", "entry"):
        assert states[kind, "posted"] > 0 and states[kind, "draft"] > 0, states
    assert states["out_invoice", "posted"] >= 300 and states["out_invoice", "cancel"] >= 10, states
    partial = odoo.call("account.move", "search_count", [[["payment_state", "=", "partial"]]])
    assert partial >= 20, partial
    currencies = odoo.sql("SELECT count(DISTINCT currency_id) FROM account_move WHERE move_type = 'out_invoice'")
    assert currencies == [["4"]], currencies
    odoo.call("res.partner", "create", [{"name": "Left Over"}])
    run = odoo.run
    assert processes_of(run.name), "the server's processes carry the name of its folder"

assert not run.exists(), run
assert not processes_of(run.name), "a process of the server outlived it"

began = time.monotonic()
with OdooServer() as odoo:
    assert odoo.call("res.partner", "search_count", [[["name", "=", "Left Over"]]]) == 0
    seconds = time.monotonic() - began
print(f"started again in {seconds:.1f} s")
assert seconds < 30, seconds
