"""The command line of ``app.py``."""

from __future__ import annotations

import argparse
import errno
import importlib.util
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..limits import LONGEST_TRAINING, MOST_FOR_RUNS
from ..names import DEVICE, LANGUAGES
from .gate.hosts import is_loopback
from .local import runtime

PORT = 7860  # as Gradio
FIRST_TRAINED = ("turn-affine", "seed-cnn")  # trained at the first start if there is no network: one and its twin
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"


HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:]{2,45}")
FRAME = re.compile(r"https?://[A-Za-z0-9.*-]{1,253}(:\d{1,5})?")


class OptionError(ValueError):
    """An option has a value that cannot work; the message is one line."""


@dataclass(frozen=True)
class Options:
    host: str = "127.0.0.1"
    port: int = PORT
    data: Path | None = None
    checkpoints: Path = CHECKPOINTS
    device: str = "cpu"
    language: str | None = None
    root_path: str | None = None
    runs: Path | None = None
    training: str | None = None  # "owner", "everyone" or "off"; None: everyone on this machine, else the owner
    allow_host: tuple[str, ...] = ()
    allow_frame: tuple[str, ...] = ()
    runtime: Path | None = None  # of the browser, see local.runtime
    mcp: bool = False
    longest_run: float = LONGEST_TRAINING  # minutes
    most_disk: int = MOST_FOR_RUNS  # MB, for all runs together

    @property
    def who_trains(self) -> str:
        """Who may train: "owner", "everyone" or "off"."""
        alone = (
            is_loopback(self.host) and not self.allow_host and not self.root_path
        )  # root_path: a proxy forwards visitors
        return self.training or ("everyone" if alone else "owner")

    @property
    def prefix(self) -> str:
        """The path part of ``root_path``, which may be a whole URL."""
        return urlsplit(self.root_path or "").path.rstrip("/")

    @property
    def uploads(self) -> Path:
        """The folder of saved, uploaded and half-trained networks: in this user's cache, outside the checkout."""
        return Path.home() / ".cache" / "stn_demo" / "networks"

    def model_names(self) -> list[str]:
        """The networks in the checkpoints folder, listed without loading torch."""
        return sorted(path.stem for path in self.checkpoints.glob("*.safetensors"))


def read_options(arguments: list[str] | None = None) -> Options:
    """Parse and check the command line; argparse exits with status 2 for what it cannot parse.

    Raises:
        OptionError: a value is not allowed, a folder cannot be read, or the name of a device is unknown.
    """
    values = vars(_parser().parse_args(arguments))
    port = values["port"]
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise OptionError(f"--port {port}: a port is a number from 1 to 65535.")
    hosts, frames = tuple(values["allow_host"]), tuple(values["allow_frame"])
    options = Options(**{**values, "port": int(port), "allow_host": hosts, "allow_frame": frames})
    _check_names(options)
    _check_folders(options)
    if options.mcp and importlib.util.find_spec("mcp") is None:
        raise OptionError('--mcp needs the package mcp: python -m pip install "gradio[mcp]".')
    if options.runtime is not None:
        try:
            runtime.known(options.runtime)
        except runtime.MissingRuntime as error:
            raise OptionError(f"--runtime: {error}") from None
    for name, most in (("--longest-run", options.longest_run), ("--most-disk", options.most_disk)):
        if not 0 < most < 1e9:
            raise OptionError(f"{name} {most}: give a number above 0.")
    if not DEVICE.fullmatch(options.device):
        raise OptionError(f"--device {options.device}: choose auto, cpu, cuda, cuda:N or mps.")
    return options


def _check_names(options: Options) -> None:
    for name in options.allow_host:
        if not HOST.fullmatch(name):
            raise OptionError(f"--allow-host {name}: give a plain name, such as digits.example.org.")
    for name in options.allow_frame:
        if not FRAME.fullmatch(name):
            raise OptionError(f"--allow-frame {name}: give an origin, such as https://huggingface.co.")


def _check_folders(options: Options) -> None:
    for name, folder in (("--checkpoints", options.checkpoints), ("--data", options.data), ("--runs", options.runs)):
        if folder is None:
            continue
        if folder.exists() and not folder.is_dir():
            raise OptionError(f"{name} {folder}: this is a file; give a folder.")
        if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
            raise OptionError(f"{name} {folder}: no permission to read this folder.")
    if options.data is not None and not options.data.exists():
        raise OptionError(f"--data {options.data}: there is no such folder.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Serve the page: draw a digit and watch a spatial transformer network read it, in the browser.",
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1",
        help="address to listen on; 0.0.0.0: all addresses (default: GRADIO_SERVER_NAME, else this machine only)",
    )
    parser.add_argument(
        "--port",
        default=os.environ.get("GRADIO_SERVER_PORT") or str(PORT),
        help=f"port to listen on (default: GRADIO_SERVER_PORT, else {PORT})",
    )
    parser.add_argument("--data", type=Path, help="folder with MNIST (default: STN_DEMO_DATA, else ~/.cache/stn_demo)")
    parser.add_argument(
        "--checkpoints", type=Path, default=CHECKPOINTS, help="folder with the networks (default: checkpoints/)"
    )
    parser.add_argument(
        "--device",
        default="cpu",
        help="device for the first training if there is no network yet: auto, cpu, cuda, cuda:N or mps (default: cpu)",
    )
    parser.add_argument("--language", choices=LANGUAGES, help="language of the page (default: the browser's)")
    parser.add_argument("--root-path", help="path under which a proxy serves the page, such as /stn")
    parser.add_argument(
        "--runs", type=Path, help="folder of the training runs (default: STN_DEMO_RUNS, else ~/.cache/stn_demo/runs)"
    )
    _add_access(parser)
    parser.add_argument(
        "--longest-run",
        type=float,
        default=LONGEST_TRAINING,
        metavar="MINUTES",
        help=f"longest training time of a run (default: {LONGEST_TRAINING:g})",
    )
    parser.add_argument(
        "--most-disk",
        type=int,
        default=MOST_FOR_RUNS,
        metavar="MB",
        help=f"disk space for all runs together (default: {MOST_FOR_RUNS})",
    )
    return parser


def _add_access(parser: argparse.ArgumentParser) -> None:
    """The options that control who may use the app, and from where."""
    parser.add_argument(
        "--training",
        choices=("owner", "everyone", "off"),
        help="who may start, stop, rename and delete runs; the owner opens the page with the secret address that the app prints "
        "when it starts (default: everyone if only this machine can reach the app, that is, without --host, --allow-host and "
        "--root-path; else owner)",
    )
    parser.add_argument(
        "--no-training", dest="training", action="store_const", const="off", help="the same as --training off"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which a proxy serves the app, such as digits.example.org; may be given several times",
    )
    parser.add_argument(
        "--allow-frame",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a page that may show this one in a frame, such as https://huggingface.co; may be given several times",
    )
    parser.add_argument(
        "--mcp", action="store_true", help="also offer /explain to AI assistants (Model Context Protocol), at /stn/mcp"
    )
    parser.add_argument(
        "--runtime",
        type=Path,
        metavar="DIR",
        help="folder of the unpacked npm package onnxruntime-web: with it the browser computes while the connection is lost or "
        "the app is overloaded (default: the one downloaded by `python -m stn_demo publish`; needs onnx and onnxscript)",
    )


def bound_socket(options: Options) -> socket.socket:
    """A socket bound to the host and port, so that a port in use is reported before anything is loaded.

    Raises:
        OptionError: it cannot be bound; the message says why.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        return listener
    except PermissionError:
        raise OptionError(
            f"No permission to listen on port {options.port}; choose one above 1023 with --port."
        ) from None
    except socket.gaierror:
        raise OptionError(f"--host {options.host}: this machine has no such address.") from None
    except OSError as error:
        hint = "choose another with --port" if error.errno == errno.EADDRINUSE else "check --host and --port"
        raise OptionError(f"Cannot listen on {options.host}:{options.port} ({error.strerror}); {hint}.") from None
