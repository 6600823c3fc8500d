"""A server and its web process's parts in one loop: the real socket between them, no second process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from acd.ports import Channel, Journal
from acd.server.app import App
from acd.web import PREFIX
from acd.web.protocol import socket_path
from acd.web.serving import Web
from acd.web.token_file import own_token
from config.schema import Site

PATIENCE_S = 10.0


class Served:
    """Asks as a client does; what is asked sees all that was decided before."""

    def __init__(self, app: App, web: Web, client: httpx.AsyncClient) -> None:
        self.app, self.web, self.client = app, web, client

    async def caught_up(self) -> None:
        """The web's copy is as new as the server."""
        assert await self.web.following.follower.reached(self.app.driver.seq, PATIENCE_S)

    async def request(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        await self.caught_up()
        return await self.client.request(method, PREFIX + path, json=body, headers=headers)


@asynccontextmanager
async def served(site: Site, *channels: Channel, journal: Journal | None = None) -> AsyncIterator[Served]:
    app = App(site, channels, journal=journal, web=False)
    await app.start()
    web = Web(socket_path(site.server.data_dir), app.followers.listening.dup())
    headers = {"Authorization": f"Bearer {own_token(site.server.data_dir)}"}
    try:
        await web.start()
        async with httpx.AsyncClient(base_url=app.followers.url, headers=headers, trust_env=False) as client:
            yield Served(app, web, client)
    finally:
        await web.stop()
        await app.stop()
