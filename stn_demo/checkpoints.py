"""Weights on disk: one .safetensors file a network, with what it is and where it comes from in its header.

The header's metadata holds the model config and the provenance as JSON. Nothing executes on load: safetensors
is a table of names, shapes and bytes, and everything in the header is checked (types, lengths, depth) when it is
read: the config field by field by ``ModelConfig``, the provenance by ``read_provenance``.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as pack_tensors
from torch import Tensor

from .model import ModelConfig, Network, build_model
from .names import CHECKPOINT, LONGEST_CHECKPOINT
from .provenance import ProvenanceError, read_provenance

FORMAT = "stn_demo checkpoint 1"
SUFFIX = ".safetensors"
LARGEST_FILE = 64 << 20  # bytes; ours are about a hundred thousand
LARGEST_HEADER = 256 << 10  # bytes; ours have about 5,000
LONGEST_CONFIG = 128 << 10  # characters; a thousand classes have names
MOST_TENSORS = 2000
MOST_DIMENSIONS = 8
STATISTICS = ("__metadata__", ".running_mean", ".running_var", ".num_batches_tracked")  # no weights: not learnt


class CheckpointError(ValueError):
    """A checkpoint cannot be read or written; the message is one sentence for people."""


class Info(NamedTuple):
    """What a checkpoint says of itself, without its weights."""

    name: str
    path: Path
    config: ModelConfig
    provenance: dict
    parameters: int
    bytes: int


def default_folder() -> Path:
    """``STN_DEMO_CHECKPOINTS``, else ``checkpoints/`` beside the package."""
    return Path(os.environ.get("STN_DEMO_CHECKPOINTS") or Path(__file__).resolve().parents[1] / "checkpoints")


def path_of(name: str, folder: str | os.PathLike | None = None) -> Path:
    """Where the checkpoint ``name`` lies in ``folder``; what comes from a page goes through here.

    Raises:
        CheckpointError: not a plain name, so that none leads out of the folder.
    """
    if not isinstance(name, str) or not CHECKPOINT.fullmatch(name):
        raise CheckpointError(
            f"{str(name)[:80]!r} is no checkpoint name; use up to {LONGEST_CHECKPOINT} letters, "
            "digits, dots, dashes and underscores."
        )
    return Path(folder or default_folder()) / (name.removesuffix(SUFFIX) + SUFFIX)


def load(name_or_path: str | os.PathLike, folder: str | os.PathLike | None = None) -> Network:
    """The network of a checkpoint, on the CPU, in eval mode; ``.config`` says what it is.

    Args:
        name_or_path: a name in ``folder``; or, as a ``Path`` or ending in .safetensors, the path of a file.
        folder: see ``default_folder``.

    Raises:
        CheckpointError: no such file, or one that is damaged, truncated, foreign, oversized or of the wrong
            shape.
    """
    path = _resolve(name_or_path, folder)
    return loads(_read(path, LARGEST_FILE), path.name)


def loads(data: bytes, source: str = "The file") -> Network:
    """``load`` for the bytes of a checkpoint, e.g. of an upload; ``source`` is what errors call it."""
    if len(data) > LARGEST_FILE:
        raise CheckpointError(f"{source} has {len(data):,} bytes; a checkpoint has at most {LARGEST_FILE:,}.")
    config, _ = _described(read_header(data, source), source)
    try:
        tensors = parse_tensors(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{source} is damaged: {_line(error)}.") from None
    with torch.random.fork_rng(devices=[]):  # the initial weights are thrown away; no one else's randomness moves
        model = build_model(config)
    _check_tensors(tensors, model.state_dict(), source)
    model.load_state_dict(tensors)
    return model.eval()


def read_info(name_or_path: str | os.PathLike, folder: str | os.PathLike | None = None) -> Info:
    """What the checkpoint says of itself; reads its header only. Raises CheckpointError as ``load`` does,
    except for faults of the weights."""
    path = _resolve(name_or_path, folder)
    header = read_header(_read(path, LARGEST_HEADER + 8), path.name)
    config, provenance = _described(header, path.name)
    shapes = [entry["shape"] for key, entry in header.items() if not key.endswith(STATISTICS)]
    parameters = sum(math.prod(shape) for shape in shapes)
    return Info(path.name.removesuffix(SUFFIX), path, config, provenance, parameters, path.stat().st_size)


def available(folder: str | os.PathLike | None = None, on_broken: Callable[[str], None] = warnings.warn) -> list[Info]:
    """The checkpoints in ``folder``, by name. Broken ones are left out, and ``on_broken`` gets a sentence for
    each."""
    found = []
    for path in sorted(Path(folder or default_folder()).glob("*" + SUFFIX)):
        try:
            found.append(read_info(path))
        except CheckpointError as error:
            on_broken(str(error))
    return found


def save(path: str | os.PathLike, model: Network, provenance: dict) -> None:
    """Write ``model`` with its config and ``provenance`` (JSON): wholly or not at all.

    Raises:
        CheckpointError: the file cannot be written (folder missing, read-only, disk full ...), or ``provenance`` is
            nothing that ``load`` would accept.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    text = json.dumps(provenance)
    try:
        read_provenance(text)
    except ProvenanceError as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from None
    metadata = {"format": FORMAT, "config": model.config.to_json(), "provenance": text}
    write_whole(path, pack_tensors(tensors, metadata))


def write_whole(path: str | os.PathLike, data: bytes) -> None:
    """Write a file so that at any moment, even at a power cut, either the old or the new content is there: to
    a temporary file beside it, to the disk, then renamed.

    Raises:
        CheckpointError: the file cannot be written; what was there stays.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)  # the new name, too
        finally:
            os.close(handle)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def read_header(data: bytes, source: str) -> dict:
    """The JSON table at the head of a safetensors file (https://huggingface.co/docs/safetensors: 8 bytes
    length, little endian, then that many bytes of JSON). CheckpointError where there is none."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 9 or length > LARGEST_HEADER or data[8:9] != b"{":
        raise CheckpointError(f"{source} is not a checkpoint: it is no .safetensors file.")
    if length > len(data) - 8:
        raise CheckpointError(f"{source} is cut off: it ends within its header.")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise CheckpointError(f"{source} is damaged: its header cannot be read.") from None
    if not isinstance(header, dict):
        raise CheckpointError(f"{source} is damaged: its header is no table.")
    if not all(_is_entry(entry) for key, entry in header.items() if key != "__metadata__"):
        raise CheckpointError(f"{source} is damaged: its table of weights cannot be read.")
    if len(header) > MOST_TENSORS:
        raise CheckpointError(f"{source} holds {len(header):,} tensors; a checkpoint has at most {MOST_TENSORS:,}.")
    return header


def _is_entry(entry: object) -> bool:
    """Whether this describes a tensor: {"dtype": ..., "shape": [...], ...}."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return False
    shape = entry.get("shape")
    return (
        isinstance(shape, list)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(side) is int and 0 <= side <= LARGEST_FILE for side in shape)
    )


def _described(header: dict, source: str) -> tuple[ModelConfig, dict]:
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"{source} is a .safetensors file, but not a checkpoint of this program.")
    config, text = metadata.get("config"), metadata.get("provenance", "{}")
    if not isinstance(config, str) or len(config) > LONGEST_CONFIG:
        raise CheckpointError(f"{source} does not say what network it holds.")
    try:
        described = ModelConfig.from_json(config), read_provenance(text)
        "".join(described[0].class_names).encode()  # half a character is a UnicodeError, which is a ValueError
        return described
    except ProvenanceError as error:
        raise CheckpointError(f"{source} is damaged: {error}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{source} does not say what network it holds: {_line(error)}.") from None


def _check_tensors(tensors: dict[str, Tensor], expected: dict[str, Tensor], source: str) -> None:
    strangers = sorted(set(tensors) ^ set(expected))
    if strangers:
        what = "lacks" if strangers[0] in expected else "has, against its config,"
        raise CheckpointError(f"{source} {what} the weights {strangers[0]!r}.")
    for name, value in tensors.items():
        if value.shape != expected[name].shape or value.dtype != expected[name].dtype:
            raise CheckpointError(
                f"{source} has the wrong shape: {name} is {_shape(value)}, its config asks for "
                f"{_shape(expected[name])}."
            )
        if not value.isfinite().all():
            raise CheckpointError(f"{source} holds weights that are not finite numbers, in {name}.")


def _resolve(name_or_path: str | os.PathLike, folder: str | os.PathLike | None) -> Path:
    is_path = not isinstance(name_or_path, str) or name_or_path.endswith(SUFFIX)
    path = Path(name_or_path) if is_path else path_of(name_or_path, folder)
    if path.is_file():
        return path
    names = sorted(file.name.removesuffix(SUFFIX) for file in path.parent.glob("*" + SUFFIX))
    there = f"there are: {', '.join(names[:20])}" if names else "there are none"
    raise CheckpointError(f"There is no checkpoint {path.name.removesuffix(SUFFIX)} in {path.parent}; {there}.")


def _read(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a file of bounded size."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise CheckpointError(f"{path.name} has {size:,} bytes; a checkpoint has at most {LARGEST_FILE:,}.")
        with open(path, "rb") as file:
            return file.read(most)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None


def _shape(value: Tensor) -> str:
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:400].rstrip(".")
