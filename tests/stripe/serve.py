"""Starts localstripe on a free port of this machine alone, says which, and ends with whoever started it."""

import asyncio
import sys

from aiohttp import web
from localstripe import server


async def main():
    # By itself it would listen everywhere, and keep what it is told in a file for the next run.
    type(server.store).dump_to_disk = lambda self: None
    runner = web.AppRunner(server.app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
