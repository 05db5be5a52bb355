"""How fast connectors bring rows in: files of three kinds, and a live Tryton against the bare reading of it."""
import http.client
import os
import pathlib
import shutil
import tempfile
import time
import urllib.parse

from instance import Instance

TARGETS = ["dunlin_csv", "dunlin_ubl", "dunlin_bank_statement", "dunlin_tryton"]
LONG_AGO = 1_700_000_000

UBL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID><cbc:ID>F{n}</cbc:ID>
<cbc:IssueDate>2026-01-15</cbc:IssueDate><cbc:DueDate>2026-02-14</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>We</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID>C{c}</cbc:ID></cac:PartyIdentification>
<cac:PartyLegalEntity><cbc:RegistrationName>Customer {c}</cbc:RegistrationName></cac:PartyLegalEntity>
</cac:Party></cac:AccountingCustomerParty>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">119.00</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">119.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">1</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Work</cbc:Name></cac:Item></cac:InvoiceLine></Invoice>
"""

CAMT_HEAD = """<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-02-01T00:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>
<CreDtTm>2026-02-01T00:00:00</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
{balances}
"""
BALANCE = """<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-01</Dt></Dt></Bal>"""
ENTRY = """<Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-02-01</Dt></BookgDt>
<AcctSvcrRef>R{n}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs>
<RltdPties><Dbtr><Nm>Customer {c}</Nm></Dbtr></RltdPties><RmtInf><Ustrd>Invoice F{n}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
"""


def put(file, text):
    file.write_text(text)
    os.utime(file, (LONG_AGO, LONG_AGO))


def write_csv(folder, rows):
    customers = max(1, rows // 100)
    put(folder / "customer.csv", "external_id,name\n" + "".join(f"C{n},Customer {n}\n" for n in range(customers)))
    put(folder / "invoice.csv", "external_id,customer,number,issue_date,due_date,currency,total\n" + "".join(
        f"I{n},C{n % customers},F{n},2026-01-15,2026-02-14,EUR,{n % 997}.50\n" for n in range(rows)))


def write_ubl(folder, rows):
    for n in range(rows):
        put(folder / f"F{n}.xml", UBL.format(n=n, c=n % 50))


def write_camt(folder, rows):
    balances = BALANCE.format(code="OPBD", amount="0.00") + BALANCE.format(code="CLBD", amount=f"{rows * 10}.00")
    entries = "".join(ENTRY.format(n=n, c=n % 50) for n in range(rows))
    put(folder / "statement.xml", CAMT_HEAD.format(balances=balances) + entries + "</Stmt></BkToCstmrStmt></Document>")


def timed_sync(instance, *words):
    began = time.monotonic()
    done = instance.run("sync", "erp", *words, "--format", "json", check=False)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(f"the sync failed:\n{done.stdout}\n{done.stderr}")
    report = instance.last_report()
    return sum(one["read"] for one in report["entities"]), seconds


def files(show):
    for connector, write, rows in (("csv", write_csv, 200_000), ("ubl", write_ubl, 3_000)):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-bench-"))
        write(folder, rows)
        settings = f'folder = "{folder}"\n' + ('archive_path = "archive"\n' if connector == "ubl" else "")
        made = Instance(extra=f'[sources.erp]\nconnector = "{connector}"\n[sources.erp.settings]\n{settings}')
        read, seconds = timed_sync(made)
        show(f"{connector}, {rows} documents, start of the program included", read / seconds, unit="rows/s")
        shutil.rmtree(folder)
    # A bank knows no customers, so its payments wait for cash application: this is the reading alone.
    folder, entries = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-bench-")), 50_000
    write_camt(folder, entries)
    made, began = Instance(), time.monotonic()
    out = made.run("connector", "setup", "bank", "bank_statement", f"folder={folder}", "--yes").stdout
    if str(entries) not in out:
        raise SystemExit(f"not all of the {entries} entries were read:\n{out}")
    show(f"camt.053, {entries} entries read, start of the program included", entries / (time.monotonic() - began),
         unit="rows/s")
    shutil.rmtree(folder)


def replay(url, requests):
    """The bare reading: the same requests again, one after the other, their answers read and thrown away."""
    at = urllib.parse.urlsplit(url)
    wire = http.client.HTTPConnection(at.hostname, at.port, timeout=120)
    began = time.monotonic()
    for path, headers, body in requests:
        wire.request("POST", path, body, headers)
        answer = wire.getresponse()
        content = answer.read()
        if answer.status != 200 or b'"error"' in content[:200]:
            raise SystemExit(f"a request of the sync fails when it is sent again: {answer.status} {content[:200]}")
    return time.monotonic() - began


def tryton(show):
    import tryton_server
    from tryton_sync_test import settings
    from way import Way
    erp = tryton_server.start_or_skip()
    os.environ["ERP_PASSWORD"] = erp.reader_password
    with erp, Way(erp.url) as way:
        timed_sync(Instance(extra=settings(erp, url=way.url)))
        requests = [one for one in way.requests if b"common.db.login" not in one[2]]
        bare, ours, rows = [], [], 0
        for _ in range(3):
            bare.append(replay(erp.url, requests))
            rows, seconds = timed_sync(Instance(extra=settings(erp)))
            ours.append(seconds)
    bare, ours = sorted(bare)[1], sorted(ours)[1]
    show(f"tryton, {rows} rows live, start of the program included", rows / ours, unit="rows/s")
    show("tryton against its bare JSON-RPC reading", bare / ours, 0.7)


def show_all(show):
    print("connectors")
    files(show)
    tryton(show)
