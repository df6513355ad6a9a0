"""Starts a server that takes mail on a free port of this machine alone, says which, and ends with whoever started it.

Arguments: a port, or 0 for any; `plain`, `starttls` or `tls`; with one of the last two, a certificate and its key, and then
whoever sends has to sign in as `shop` with `hush`. It says each message that it has, as its own library reads it, as a line of
JSON. A line of its input says what becomes of the next ones, and is said back: `take`, a status such as `451` or `550`, or
`drop`: it has the message, and hangs up before it says so.
"""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
from functools import partial

from aiosmtpd.smtp import SMTP, AuthResult


class Takes:
    def __init__(self):
        self.mood = "take"

    def says(self, **what):
        print(json.dumps(what), flush=True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mood.isdigit():
            return f"{self.mood} {address} is not taken"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.says(
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            headers=[[name, str(value)] for name, value in read.items()],
            parts=[[part.get_content_type(), part.get_content()] for part in read.walk() if not part.is_multipart()],
            hello=session.host_name,
            tls=server.transport.get_extra_info("ssl_object") is not None,
            signed_in=session.authenticated,
        )
        if self.mood == "drop":
            server.transport.abort()
        return "250 OK"


def signs_in(server, session, envelope, mechanism, data):
    # Whoever is not let in is told so by the library.
    return AuthResult(success=(data.login, data.password) == (b"shop", b"hush"), handled=False)


async def main(port, way, files):
    takes = Takes()
    context = None
    if way != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    secure = {} if way == "plain" else {"auth_required": True, "authenticator": signs_in}
    if way == "starttls":
        secure |= {"tls_context": context, "require_starttls": True}
    if way == "tls":
        secure |= {"auth_require_tls": False}
    make = partial(SMTP, takes, hostname="mail.test", enable_SMTPUTF8=True, **secure)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", int(port), ssl=context if way == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        takes.mood = line.strip()
        takes.says(mood=takes.mood)


# Handshakes that fail are what some stories are about.
logging.disable(logging.CRITICAL)
asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
