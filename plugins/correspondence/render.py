#!/usr/bin/python3
"""Makes PDFs of HTML, as a resident tool of a Dunlin host.

Reads a line {"args":[…],"input":N} and N bytes of HTML, answers with a line {"exit_code":…,"size":N} and N
bytes: the PDF, or what went wrong. With --once it reads HTML to its end and writes the PDF. Nothing is
fetched: a page holds all it needs.
"""

import json
import logging
import sys


def no_fetch(url, *_, **__):
    raise ValueError("a letter holds all it needs; it may not fetch " + url[:200])


def pdf_of(html):
    from weasyprint import HTML

    return HTML(string=html.decode("utf-8"), url_fetcher=no_fetch).write_pdf(font_config=fonts())


KEPT = {}


def fonts():
    """Searching the fonts takes longer than a letter."""
    if "fonts" not in KEPT:
        from weasyprint.text.fonts import FontConfiguration

        KEPT["fonts"] = FontConfiguration()
    return KEPT["fonts"]


class Refusals(logging.Handler):
    """What WeasyPrint would leave out with a warning: a picture that may not be fetched."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def main():
    if sys.argv[1:] == ["--once"]:
        sys.stdout.buffer.write(pdf_of(sys.stdin.buffer.read()))
        return
    refusals = Refusals()
    logging.getLogger("weasyprint").addHandler(refusals)
    for line in iter(sys.stdin.buffer.readline, b""):
        html = sys.stdin.buffer.read(json.loads(line)["input"])
        refusals.said.clear()
        try:
            code, out = 0, pdf_of(html)
            if refusals.said:
                code, out = 1, "; ".join(refusals.said).encode()
        except Exception as error:  # pylint: disable=broad-except
            code, out = 1, str(error).encode()
        sys.stdout.buffer.write(json.dumps({"exit_code": code, "size": len(out)}).encode() + b"\n" + out)
        sys.stdout.buffer.flush()


main()
