"""What each document of a folder asks for, read with nothing of the connector's: one line a file, tab separated, with
its path, kind of document, currency, total (with VAT and rounding) and amount due. Amounts are without a sign."""
import decimal
import pathlib
import sys
import xml.etree.ElementTree

CREDIT = {"381", "261", "262", "296", "308", "396", "420", "458", "532", "81", "83", "502", "503"}


def read(path):
    root = xml.etree.ElementTree.parse(path).getroot()

    def first(*names):
        for element in root.iter():
            if element.tag.split("}")[1] in names:
                return (element.text or "").strip()
        return ""

    code = first("InvoiceTypeCode", "CreditNoteTypeCode", "TypeCode")
    currency = first("DocumentCurrencyCode", "InvoiceCurrencyCode")
    due = decimal.Decimal(first("PayableAmount", "DuePayableAmount"))
    total = decimal.Decimal(first("TaxInclusiveAmount", "GrandTotalAmount"))
    total += decimal.Decimal(first("PayableRoundingAmount", "RoundingAmount") or "0")
    is_credit = (code in CREDIT) != (total < 0)
    return "credit_note" if is_credit else "invoice", currency, abs(total), abs(due)


def main():
    folder = pathlib.Path(sys.argv[1])
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".xml":
            kind, currency, total, due = read(path)
            print(path, kind, currency, f"{total:.4f}", f"{due:.4f}", sep="\t")


main()
