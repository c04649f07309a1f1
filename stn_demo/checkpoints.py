"""Weights on disk: one .safetensors file per network, with its config and provenance in the header.

The header's metadata holds the model config and the provenance as JSON. Loading executes no code: safetensors is a
table of names, shapes and bytes. Everything in the header is checked (types, lengths, depth) when it is read: the
config by ``ModelConfig``, the provenance by ``read_provenance``.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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
LARGEST_FILE = 64 << 20  # bytes; the shipped ones have about a hundred thousand
LARGEST_HEADER = 256 << 10  # bytes; the shipped ones have about 5,000
LONGEST_CONFIG = 128 << 10  # characters; enough for the names of a thousand classes
MOST_TENSORS = 2000
MOST_DIMENSIONS = 8
STATISTICS = ("__metadata__", ".running_mean", ".running_var", ".num_batches_tracked")  # tensors that are not learnt


class CheckpointError(ValueError):
    """A checkpoint cannot be read or written; the message is one sentence for the user."""


class Info(NamedTuple):
    """The header of a checkpoint, without its weights."""

    name: str
    path: Path
    config: ModelConfig
    provenance: dict[str, Any]
    parameters: int
    bytes: int


def default_folder() -> Path:
    """``STN_DEMO_CHECKPOINTS``, else ``checkpoints/`` beside the package."""
    return Path(os.environ.get("STN_DEMO_CHECKPOINTS") or Path(__file__).resolve().parents[1] / "checkpoints")


def path_of(name: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """The path of the checkpoint ``name`` in ``folder``. Every name that comes from a page passes through here.

    Raises:
        CheckpointError: not a plain name; so no name can point outside the folder.
    """
    if not isinstance(name, str) or not CHECKPOINT.fullmatch(name):
        raise CheckpointError(
            f"{str(name)[:80]!r} is not a checkpoint name; use up to {LONGEST_CHECKPOINT} letters, "
            "digits, dots, dashes and underscores."
        )
    return Path(folder or default_folder()) / (name.removesuffix(SUFFIX) + SUFFIX)


def load(name_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> Network:
    """Load the network of a checkpoint on the CPU, in eval mode; ``.config`` describes it.

    Args:
        name_or_path: a name in ``folder``; or a path, given as a ``Path`` or as a string that ends in .safetensors.
        folder: see ``default_folder``.

    Raises:
        CheckpointError: no such file, or a file that is damaged, truncated, too large, of another format or of the
            wrong shape.
    """
    path = _resolve(name_or_path, folder)
    return loads(_read(path, LARGEST_FILE), path.name)


def loads(data: bytes, source: str = "The file") -> Network:
    """``load`` for the bytes of a checkpoint, e.g. an upload; ``source`` is its name in error messages."""
    if len(data) > LARGEST_FILE:
        raise CheckpointError(f"{source} has {len(data):,} bytes; a checkpoint has at most {LARGEST_FILE:,}.")
    config, _ = _described(read_header(data, source), source)
    try:
        tensors = parse_tensors(data)
    except KeyError:
        raise CheckpointError(f"{source} contains weights of an unknown type.") from None
    except SafetensorError:
        raise CheckpointError(f"{source} is damaged: its table of weights does not fit the file.") from None
    except (ValueError, RuntimeError):
        raise CheckpointError(f"{source} is damaged: its weights do not fit the shapes in its table.") from None
    with torch.random.fork_rng(devices=[]):  # keeps torch's random state unchanged
        model = build_model(config)
    _check_tensors(tensors, model.state_dict(), source)
    model.load_state_dict(tensors)
    return model.eval()


def read_info(name_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> Info:
    """Read the header of a checkpoint only. Raises CheckpointError as ``load`` does, except for faults in the weights."""
    path = _resolve(name_or_path, folder)
    header = read_header(_read(path, LARGEST_HEADER + 8), path.name)
    config, provenance = _described(header, path.name)
    shapes = [entry["shape"] for key, entry in header.items() if not key.endswith(STATISTICS)]
    parameters = sum(math.prod(shape) for shape in shapes)
    return Info(path.name.removesuffix(SUFFIX), path, config, provenance, parameters, path.stat().st_size)


def available(
    folder: str | os.PathLike[str] | None = None, on_broken: Callable[[str], None] = warnings.warn
) -> list[Info]:
    """The checkpoints in ``folder``, sorted by name. Broken ones are left out; ``on_broken`` gets a sentence for each."""
    found = []
    for path in sorted(Path(folder or default_folder()).glob("*" + SUFFIX)):
        try:
            found.append(read_info(path))
        except CheckpointError as error:
            on_broken(str(error))
    return found


def save(path: str | os.PathLike[str], model: Network, provenance: dict[str, Any]) -> None:
    """Write ``model`` with its config and ``provenance`` (JSON): completely or not at all.

    Raises:
        CheckpointError: the file cannot be written (folder missing, read-only, disk full ...), or ``load`` would reject
            ``provenance``.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    text = json.dumps(provenance)
    try:
        read_provenance(text)
    except ProvenanceError as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from None
    metadata = {"format": FORMAT, "config": model.config.to_json(), "provenance": text}
    write_whole(path, pack_tensors(tensors, metadata))


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that at any moment, even during a power cut, either the old or the new content is there: write to
    a temporary file in the same folder, sync it, then rename it.

    Raises:
        CheckpointError: the file cannot be written; the old content stays.
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
            os.fsync(handle)  # syncs the new name as well
        finally:
            os.close(handle)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def read_header(data: bytes, source: str) -> dict[str, Any]:
    """Parse the JSON table at the head of a safetensors file (https://huggingface.co/docs/safetensors: 8 bytes length,
    little endian, then that many bytes of JSON). CheckpointError if there is none.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 9 or length > LARGEST_HEADER or data[8:9] != b"{":
        raise CheckpointError(f"{source} is not a checkpoint: it is not a .safetensors file.")
    if length > len(data) - 8:
        raise CheckpointError(f"{source} is incomplete: it ends within its header.")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError):
        raise CheckpointError(f"{source} is damaged: its header cannot be read.") from None
    if not isinstance(header, dict):
        raise CheckpointError(f"{source} is damaged: its header is not a JSON object.")
    if not all(_is_entry(entry) for key, entry in header.items() if key != "__metadata__"):
        raise CheckpointError(f"{source} is damaged: its table of weights cannot be read.")
    if len(header) > MOST_TENSORS:
        raise CheckpointError(f"{source} contains {len(header):,} tensors; a checkpoint has at most {MOST_TENSORS:,}.")
    return header


def _is_entry(entry: object) -> bool:
    """Whether ``entry`` describes a tensor: {"dtype": ..., "shape": [...], ...}."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return False
    shape = entry.get("shape")
    return (
        isinstance(shape, list)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(side) is int and 0 <= side <= LARGEST_FILE for side in shape)
    )


def _described(header: dict[str, Any], source: str) -> tuple[ModelConfig, dict[str, Any]]:
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"{source} is a .safetensors file, but not a checkpoint of this program.")
    config, text = metadata.get("config"), metadata.get("provenance", "{}")
    if not isinstance(config, str) or len(config) > LONGEST_CONFIG:
        raise CheckpointError(f"{source} does not say what network it holds.")
    try:
        described = ModelConfig.from_json(config), read_provenance(text)
        "".join(described[0].class_names).encode()  # an unpaired surrogate raises UnicodeError, which is a ValueError
        return described
    except ProvenanceError as error:
        raise CheckpointError(f"{source} is damaged: {error}") from None
    except UnicodeError:
        raise CheckpointError(f"{source} is damaged: its names of classes are not valid text.") from None
    except TypeError:
        raise CheckpointError(f"{source} is damaged: a field of its model config has the wrong type.") from None
    except RecursionError:
        raise CheckpointError(f"{source} is damaged: its model config is nested too deeply.") from None
    except ValueError as error:  # from ModelConfig
        raise CheckpointError(f"{source} does not say what network it holds: {_line(error)}.") from None


def _check_tensors(tensors: dict[str, Tensor], expected: dict[str, Tensor], source: str) -> None:
    strangers = sorted(set(tensors) ^ set(expected))
    if strangers:
        what = "lacks the weights" if strangers[0] in expected else "has weights that its config does not have:"
        raise CheckpointError(f"{source} {what} {strangers[0]!r}.")
    for name, value in tensors.items():
        if value.shape != expected[name].shape or value.dtype != expected[name].dtype:
            raise CheckpointError(
                f"{source} has the wrong shape: {name} is {_shape(value)}, but its config requires "
                f"{_shape(expected[name])}."
            )
        if not value.isfinite().all():
            raise CheckpointError(f"{source} contains weights that are not finite numbers, in {name}.")


def _resolve(name_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None) -> Path:
    is_path = not isinstance(name_or_path, str) or name_or_path.endswith(SUFFIX)
    path = Path(name_or_path) if is_path else path_of(str(name_or_path), folder)
    if path.is_file():
        return path
    names = sorted(file.name.removesuffix(SUFFIX) for file in path.parent.glob("*" + SUFFIX))
    there = f"it has: {', '.join(names[:20])}" if names else "it has none"
    raise CheckpointError(f"There is no checkpoint {path.name.removesuffix(SUFFIX)} in {path.parent}; {there}.")


def _read(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a file of limited size."""
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


def _line(error: ValueError) -> str:
    return str(error).partition("\n")[0][:400].rstrip(".")
