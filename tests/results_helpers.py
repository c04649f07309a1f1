"""A few small networks for the generated digits, and their measurements."""

import torch

from stn_demo import checkpoints
from stn_demo.analysis import analyse, results
from stn_demo.model import ModelConfig, build_model
from stn_demo.training import datasets

ZOO = {  # name: distortion, config
    "r-stcnn-affine": ("r", ModelConfig()),
    "r-cnn": ("r", ModelConfig(placement=())),
    "r-cnn-seed1": ("r", ModelConfig(placement=())),
    "e-stcnn-tps": ("e", ModelConfig(transform="tps")),
    "tc-stcnn-affine": ("tc", ModelConfig(input_size=60, output_size=28)),
    "upright": ("pose", ModelConfig(transform="similarity", looks=2)),
    "upright-labels": ("pose", ModelConfig(transform="similarity", looks=2)),
    "turn-affine": ("pose", ModelConfig()),
    "seed-affine": ("pose", ModelConfig()),
    "seed-cnn": ("pose", ModelConfig(placement=())),
}


def small(patch) -> None:
    """Few digits and few points, for speed."""
    patch.setitem(datasets.WRITTEN, False, (100, 1))
    patch.setattr(analyse, "POINT", 40)
    patch.setattr(analyse, "LAID_OVER", 100)


def made(folder, names=tuple(ZOO)):
    """Untrained networks with different random weights, whose transformers predict other thetas than the identity."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        distortion, config = ZOO[name]
        torch.manual_seed(number)
        model = build_model(config)
        for transformer in model.transformers.values():
            torch.nn.init.normal_(transformer.localization.theta.weight, std=0.02)
        about = {"distortion": distortion, "training_seconds": 90.0 + number, "machine": "a desk", "device": "cpu"}
        checkpoints.save(folder / f"{name}.safetensors", model, about)
    return folder


def measured(folder, *names, force=False):
    """Bring the results up to date: how many measurements that took, and all there are now."""
    where, count = analyse.run(
        folder, list(names), analyse.Subjects("handwriting", None, torch.device("cpu")), force, lambda _: None
    )
    return count, results.read_all(where)
