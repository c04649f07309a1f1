"""The current state of the app, sent to every open page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.websockets import WebSocket

from .live.batcher import Batcher
from .options import Options


class Status:
    """``state`` is loading, ready, training or failed; ``key`` names the sentence in the catalogue, ``args`` its
    values.
    """

    def __init__(self, options: Options):
        self.options = options
        self.sockets: set[WebSocket] = set()
        self.values: dict[str, Any] = {"state": "loading", "key": "status.loading", "args": {}, "models": []}

    def text(self) -> str:
        return json.dumps({"status": self.values})

    def set(self, state: str, **args: object) -> None:
        """Set the state and send it to every open page."""
        self.values = {**self.values, "state": state, "key": f"status.{state}", "args": args}
        for socket in list(self.sockets):
            task = asyncio.ensure_future(socket.send_text(self.text()))
            # an exception here means that the page has disconnected, which its route handles
            task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def refresh(self, batcher: Batcher) -> None:
        """Send the current list of networks to every open page."""
        self.values["models"] = await batcher.run(lambda engine: engine.networks.infos())
        self.set(self.values["state"], **self.values["args"])

    def failed(self, message: str) -> None:
        self.set("failed", message=message)
