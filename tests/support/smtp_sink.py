#!/usr/bin/python3
"""An SMTP server for tests: keeps what it took, and fails for those whose name asks for it.

    smtp_sink.py FOLDER [--tls CERTIFICATE KEY] [--user NAME:PASSWORD]

Prints its port. Each message taken is a line of FOLDER/taken.jsonl before it is answered, and its bytes
are FOLDER/<n>.eml. The local part of the recipient decides: refused (550), later (451), silent (takes
it and never answers), dies (takes it and breaks off), gone (breaks off before it took it), full (552
after DATA), busy (452 after DATA), slow (a tenth of a second). What begins otherwise is taken.
"""

import argparse
import asyncio
import json
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name.startswith("refused"):
            return "550 5.1.1 no such mailbox"
        if name.startswith("later"):
            return "451 4.7.1 greylisted, try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name.startswith("full"):
            return "552 5.3.4 message too big"
        if name.startswith("busy"):
            return "452 4.3.1 no room at the moment"
        if name.startswith("gone"):
            server.transport.abort()
            return "250 OK"
        self.count += 1
        (self.folder / f"{self.count}.eml").write_bytes(envelope.original_content)
        line = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "n": self.count, "tls": session.ssl is not None,
                "user": session.authenticated}
        with open(self.folder / "taken.jsonl", "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        if name.startswith("slow"):
            await asyncio.sleep(0.1)
        if name.startswith("silent"):
            await asyncio.sleep(3600)
        if name.startswith("dies"):
            server.transport.abort()
        return "250 2.0.0 taken as " + str(self.count)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--user")
    asked = parser.parse_args()
    options = {"enable_SMTPUTF8": True}
    if asked.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*asked.tls)
        options.update(tls_context=context, require_starttls=True)
    if asked.user:
        wanted = asked.user.encode().split(b":")

        def check(server, session, envelope, mechanism, data):
            return AuthResult(success=[data.login, data.password] == wanted, handled=False, auth_data=wanted[0].decode())

        options.update(authenticator=check, auth_required=True, auth_require_tls=bool(asked.tls))
    handler = Handler(asked.folder)

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(handler, hostname="sink", **options), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
