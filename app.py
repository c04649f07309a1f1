"""Starts the app: draw a digit, rotate it, and watch a spatial transformer network undo the rotation.

python app.py --help
"""

import os
import sys
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before Gradio is imported: no call to another host
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")

from stn_demo.limits import LARGEST_REQUEST
from stn_demo.runs.process import WorkerProcess
from stn_demo.ui import heap
from stn_demo.ui.options import OptionError, bound_socket, read_options


def main() -> int:
    heap.limit()
    try:
        options = read_options()
        listener = bound_socket(options)
    except OptionError as error:
        print(f"app.py: {error}", file=sys.stderr)
        return 2
    # torch takes as long to load as Gradio; loading both in parallel shows the page a second sooner. The process for the
    # first run also starts now, so that the first visitor who presses Start need not wait. It ends when the app ends.
    spare = WorkerProcess.spare(nice=10) if options.who_trains != "off" else None
    threading.Thread(target=__import__, args=("torch",), daemon=True).start()

    import uvicorn  # noqa: PLC0415 (after the process and the thread have started)

    from stn_demo.ui.gate.visitors import Visitors  # noqa: PLC0415 (likewise)
    from stn_demo.ui.server import build_app  # noqa: PLC0415 (likewise)

    # By default Python lets a thread run for 5 ms before another. A batch of frames consists of hundreds of short torch
    # calls, each of which would wait that long for the event loop, which sends the messages of all visitors.
    sys.setswitchinterval(0.0001)
    visitors = Visitors(options.port)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(options, spare, visitors),
            log_level="warning",
            ws_max_size=LARGEST_REQUEST,
            ws_per_message_deflate=False,  # a frame is 6 kB and changes 60 times a second
            timeout_graceful_shutdown=2,
        )
    )
    host = "localhost" if options.host in ("127.0.0.1", "0.0.0.0", "::") else options.host
    address = f"http://{f'[{host}]' if ':' in host else host}:{options.port}"
    print(f"Spatial Transformer: {address}", flush=True)
    if options.who_trains == "owner":
        print(f"Only you may train, after opening {address}/?token={visitors.token}", flush=True)
    server.run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
