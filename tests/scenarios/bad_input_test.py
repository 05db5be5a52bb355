"""Bad input, as a newcomer would give it: each a clear error that names the thing and the remedy, the good rows
arrive, nothing is lost, and the host answers on."""
import json
import pathlib
import shutil
import subprocess
import time
import urllib.request

import instance as it

HEADER = "external_id,customer,number,kind,status,issue_date,due_date,currency,total,open_amount\n"
PLUGINS = pathlib.Path(it.DUNLIN).parent / "test_plugins"


def drop_files(folder):
    folder.mkdir(exist_ok=True)
    (folder / "customer.csv").write_text("external_id,number,name,kind,currency\nC1,C1,Good Ltd,company,EUR\n")
    good = "I1,C1,I1,invoice,posted,2024-01-01,2024-01-31,EUR,100.00,100.00\n"
    (folder / "invoice-1.csv").write_text(
        HEADER + good +
        "I2,C1,I2,invoice,posted,2023-02-30,2024-01-31,EUR,100.00,\n" +      # No such day.
        "I3,C1,I3,invoice,posted,2024-01-01,2024-01-31,XYZ,100.00,\n" +      # No such currency.
        "I4,C9,I4,invoice,posted,2024-01-01,2024-01-31,EUR,100.00,\n" +      # Nobody knows C9.
        "I5,C1,I5,invoice,posted,2024-01-01,2024-01-31,EUR,12,34,5\n" +      # Too many fields.
        "I6,C1," + "x" * (10 * 1024 * 1024) + ",invoice,posted,2024-01-01,2024-01-31,EUR,1.00,\n" +
        "I7,C1,I7,invoice,posted,2024-01-01,2024-01-31,EUR,70.00,70.00\n")
    (folder / "invoice-2.csv").write_bytes(
        (HEADER + "I8,C1,M").encode() + b"\xfcller,invoice,posted,2024-01-01,2024-01-31,EUR,5.00,\n" +  # Latin-1.
        b"I9,C1,I9,invoice,posted,2024-01-01,2024-01-31,EUR,90.00,90.00\n")
    (folder / "invoice-3.csv").write_text(
        HEADER + "I10,C1,I10,invoice,posted,2024-01-01,2024-01-31,EUR,10.00,10.00\n" +
        'I11,C1,"I11,invoice,posted,2024-01-01')                              # Truncated in a quote.
    (folder / "payment.csv").write_text(
        "external_id,customer,date,currency,amount,status\nP1,C1,2024-02-01,EUR,30.00,posted\n")
    (folder / "allocation.csv").write_text(
        "external_id,customer,source,source_kind,invoice,date,amount\n"
        "A1,C1,P1,payment,I1,2024-02-01,50.00\n"                              # More than the payment.
        "A2,C1,P1,payment,I7,2024-02-01,20.00\n")


def expect(text, *needles):
    for needle in needles:
        assert needle.lower() in text.lower(), f"{needle!r} is missing in:\n{text}"


def check_rows(store):
    made = it.Instance(store, it.csv_source("drop"))
    drop_files(made.folder / "drop")
    made.run("sync", "erp")
    bound = {r[0] for r in made.rows("SELECT external_id FROM receivables_binding WHERE entity = 'invoice'")}
    assert bound == {"I1", "I7", "I9", "I10"}, bound
    listed = made.quarantine()
    every = "\n".join(" ".join(row) for row in listed)
    assert len(listed) == 8, every
    expect(every, "2023-02-30", "XYZ", "C9", "invoice-1.csv", "invoice-2.csv", "invoice-3.csv", "over_allocated", "30.00")
    by_reason = {word: row[1] for row in listed for word in ("C9", "over_allocated") if word in " ".join(row)}
    assert by_reason == {"C9": "invoice-1.csv:5", "over_allocated": "allocation.csv:2"}, every  # The sink's rejects too.
    for row in listed:
        assert len(row[3]) > 15, f"a reason that says too little: {row}"
    aging = made.call("receivables.aging", "as_of=2024-03-01", "by=none")
    assert [t["balance"] for t in aging["totals"]] == ["240.00"], aging  # 270 less the payment of 30.
    assert made.call("receivables.verify")["ok"] is True
    # The missing customer arrives: what waited for it goes through by itself.
    (made.folder / "drop/customer-2.csv").write_text(
        "external_id,number,name,kind,currency\nC9,C9,Late Ltd,company,EUR\n")
    made.run("sync", "erp")
    bound = {r[0] for r in made.rows("SELECT external_id FROM receivables_binding WHERE entity = 'invoice'")}
    assert "I4" in bound, bound
    assert made.call("receivables.verify")["ok"] is True


def check_requests(made):
    wrong = made.run("call", "receivables.aging", "as_of=2023-02-30", "by=weather", check=False)
    assert wrong.returncode == 2, wrong
    expect(wrong.stderr, "as_of", "by")
    unknown = made.run("call", "receivables.ageing", check=False)
    assert unknown.returncode == 4, unknown
    expect(unknown.stderr, "receivables.ageing")


def check_configuration():
    made = it.Instance("sqlite", '[htpp]\nport = "many"\n[sources.erp]\nconnector = "nothing"\n[store]\nurl = 7\n')
    broken = made.run("doctor", check=False)
    text = broken.stdout + broken.stderr
    assert broken.returncode != 0
    expect(text, "dunlin.toml:", "htpp")


def check_unreachable():
    made = it.Instance("sqlite")
    config = made.folder / "dunlin.toml"
    text = config.read_text().replace(f'"{made.url}"',
                                      '"postgresql:host=127.0.0.1 port=1 dbname=x user=y password=hush"')
    config.write_text(text)
    failed = made.run("call", "receivables.verify", check=False)
    assert failed.returncode == 6, failed
    assert "hush" not in failed.stdout + failed.stderr
    expect(failed.stderr, "127.0.0.1")
    assert made.run("doctor", check=False).returncode == 1


def check_bad_plugins():
    """Plugins that must be refused or contained, beside good ones, in a host that serves on."""
    made = it.Instance("sqlite", f'[http]\nport = 0\n[plugins]\nfolders = ["{PLUGINS}"]\n')
    first = made.run("plugin", "list", check=False)
    if first.returncode != 0:  # One of them aborts the process while it loads: once, and never again.
        assert first.returncode < 0, first
    listed = made.run("plugin", "list").stdout
    expect(listed, "receivables", "bad_major", "hello_c", "quarantined")
    process = subprocess.Popen(made.command("serve"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = ""
        for line in process.stdout:
            if "http://" in line:
                address = "http://" + line.split("http://")[1].split()[0].rstrip("/")
                break
        for _ in range(50):
            try:
                with urllib.request.urlopen(address + "/health") as health:
                    assert json.load(health)["status"] in ("ok", "warn")
                break
            except OSError:
                time.sleep(0.1)
        token = next((made.folder / "tokens").glob("administrator*")).read_text().strip()
        request = urllib.request.Request(address + "/api/v1/bad_throw.now", data=b"{}", method="POST",
                                         headers={"Authorization": "Bearer " + token,
                                                  "Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request)
            raise AssertionError("a plugin that throws answered")
        except urllib.error.HTTPError as refused:
            assert refused.code == 500, refused.code
            expect(refused.read().decode(), "bad_throw")
        with urllib.request.urlopen(address + "/health") as health:
            assert health.status == 200
    finally:
        process.terminate()
        assert process.wait(20) == 0
    return made


def main():
    for store in ("sqlite", "postgresql"):
        check_rows(store)
        print(f"{store}: bad rows are quarantined, the rest arrives")
    check_requests(it.Instance("sqlite"))
    check_configuration()
    check_unreachable()
    check_bad_plugins()
    print("bad requests, configuration, databases and plugins are refused by name")


if __name__ == "__main__":
    main()
