"""A mail server of the tests: keeps what it takes in a folder, and can be told to be difficult.

The only argument is JSON; the first line printed is the port. It ends when its standard input does.
"""
import asyncio
import json
import logging
import os
import ssl
import sys
import threading
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# Handshakes that fail are what some tests want.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
wants = json.loads(sys.argv[1])
login = wants["login"]
# Whoever started us may be killed; then nobody waits for us any more.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in wants["refuses"]:
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        if address in wants["defers"]:
            return f"451 4.3.0 <{address}>: try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(wants["delay"])
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "private": session.ssl is not None,
            "hello": session.host_name,
            "content": envelope.content.decode("utf-8", "replace"),
        }
        name = os.path.join(wants["folder"], f"{time.time_ns():020}")
        with open(name + ".new", "w") as file:
            json.dump(kept, file)
        os.rename(name + ".new", name + ".mail")
        await asyncio.sleep(wants["delay"])
        return "250 OK: kept"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == login
    return AuthResult(success=known, handled=known)


async def main():
    context = None
    if wants["privacy"] != "nothing":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(wants["certificate"], wants["key"])
    starttls = wants["privacy"] == "starttls"

    def smtp():
        return SMTP(
            Keeper(),
            hostname="mail.doktolib.test",
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=authenticate if login else None,
            auth_required=bool(login),
            # It knows of STARTTLS only; within TLS from the first byte it would refuse.
            auth_require_tls=starttls,
            enable_SMTPUTF8=False,
        )

    implicit = context if wants["privacy"] == "tls" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(smtp, "127.0.0.1", wants["port"], ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
