"""A network that only the server has (uploaded, or of a run), for the worker of a page that may lose its connection: how the worker
runs it, and its weights. Only networks whose config's graphs are already written are handed out: nothing is exported for a request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ...analysis import graph_file
from ..live.networks import Networks
from ..live.request import RequestError
from . import losses, networks

ROUTE = "stn/local/weights"


def entry(kept: Networks, name: str, visitor: str, folder: Path) -> dict[str, Any] | None:
    """What ``networks.entry`` says about a network; the address of its weights is relative to the data folder ``folder``. None: there is no
    such network for this visitor, or no graphs of its config."""
    try:
        network, version = kept.in_file(name, visitor)
    except RequestError:
        return None
    of_losses = losses.addresses(network)
    if not all((folder / address).is_file() for address in networks.addresses(network).values()):
        return None
    found = networks.entry(network, f"../weights?{urlencode({'name': name, 'version': version})}")
    written = of_losses is not None and all((folder / one).is_file() for one in of_losses.values())
    return found if written else {**found, "losses": None}


def weights(kept: Networks, name: str, visitor: str) -> bytes | None:
    """See ``graph_file.pack_weights``; None: there is no such network for this visitor."""
    try:
        return graph_file.pack_weights(kept.in_file(name, visitor)[0])
    except RequestError:
        return None
