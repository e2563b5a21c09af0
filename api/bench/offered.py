"""Offer reports at a steady rate over HTTP, and say how long each waited from the instant it was due."""

import asyncio
import json
import time
from collections.abc import Sequence
from uuid import uuid4

CONNECTIONS = 64
HEAD = b"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


async def offer(port: int, places: Sequence[tuple[float, float]], per_s: int) -> tuple[list[float], int]:
    """Send one report a place at ``per_s``; give the seconds that each waited, and how many weren't answered 201."""
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    waited: list[float] = []
    refused = 0

    async def client() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            at, body = await due.get()
            writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next(int(line[15:]) for line in answer.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            waited.append(time.perf_counter() - at)
            refused += not answer.startswith(b"http/1.1 201")
            due.task_done()

    clients = [asyncio.create_task(client()) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.5)
    start = time.perf_counter()
    for number, (lon, lat) in enumerate(places):
        at = start + number / per_s
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        report = {"id": str(uuid4()), "lon": lon, "lat": lat, "crs": "wgs84", "category": "井盖破损", "accuracy_m": 15}
        due.put_nowait((at, json.dumps(report).encode()))
    await due.join()
    for task in clients:
        task.cancel()
    return waited, refused
