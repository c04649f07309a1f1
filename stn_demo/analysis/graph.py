"""A frame as graphs of tensors, for machines without Python: what ``frames`` does for one scene, exported to ONNX.

They call the same functions as ``frames``, with tensors in place of a ``Scene``. Two of them hold a network (see
``graph_file``):

    WarpGraph        digit and pose -> the posed digit, theta, the sampling grid, and what the transformer reads there
    ClassifyGraph    from there to the probabilities

The page in the browser runs one after the other, so that it shows the pictures before the classifier has answered, and a twin
without a transformer needs the second only. ``word_graphs`` and ``reading_graph`` have graphs without a network, ``frame_graph``
has all in one, for other programs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..data.pose import DIGIT, affine_matrix, homography, resample
from ..model import Network
from ..model.transformer import SpatialTransformer
from . import decompose
from .landscape import classify
from .outline import CORNERS, outline_of, untouched_grid
from .scene import Scene

POSE = ("rotation", "scale", "shift_x", "shift_y", "shear")  # order of a graph's ``pose``
STRAIGHT = (0.0, 1.0, 0.0, 0.0, 0.0)  # the ``pose`` of a digit as drawn
POSED = ("digit", "pose", "corners", "elastic")
WARP_INPUTS = (*POSED, "grab", "grab_theta")
LOOKS = ("looks", "look_outlines", "look_grids")
WARP_OUTPUTS = ("input", "warped", "grid", "outline", "theta", "predicted", "applied", *LOOKS)
CLASSIFY_INPUTS, CLASSIFY_OUTPUTS = ("warped",), ("probs",)


class Exportable(nn.Module):
    """A module with example inputs of the right shapes."""

    def examples(self) -> tuple[Tensor, ...]:
        raise NotImplementedError


class NetworkGraph(Exportable):
    """Base class of the graphs that hold a network. S, O: sides of the network's input and of the warped output, P: length of
    theta, L: number of looks, 0 for a transformer that looks once; P = L = 0 without a transformer at the input.
    """

    def __init__(self, network: Network):
        super().__init__()
        self.network = network
        self.size, self.output = network.config.side, network.config.output_side

    @property
    def first(self) -> SpatialTransformer | None:
        """The transformer at the input. (A property, because an attribute would give its weights two names.)"""
        return self.network.input_transformer

    def posed(self) -> tuple[Tensor, ...]:
        """Examples of the inputs ``POSED``, and of a given theta."""
        return (
            torch.zeros(DIGIT, DIGIT, dtype=torch.uint8),
            torch.tensor([20.0, 0.9, 1, -1, 0.1]),
            torch.tensor([[1.0, 0], [0, 1], [0, 0], [-1, 0]]),
            torch.zeros(16, 2),
            self.first.grid.identity() if self.first is not None else torch.zeros(0),
        )

    def warp(
        self, digit: Tensor, pose: Tensor, corners: Tensor, elastic: Tensor, grab: Tensor, grab_theta: Tensor
    ) -> tuple[Tensor, ...]:
        """See ``WarpGraph.forward``."""
        rotation, scale, shift_x, shift_y, shear = pose.double().unbind()  # as in ``pose_matrices``
        factors = torch.stack([rotation, scale, scale, shear, shift_x, shift_y])
        matrix = homography(corners[None].double(), self.size) @ affine_matrix(factors[None])
        drawn, channels = digit[None, None].float() / 255, self.network.config.in_channels
        image = resample(drawn, matrix, elastic[None], self.size).expand(-1, channels, -1, -1)
        applied = decompose.perspective_matrix(matrix.float(), DIGIT)[0]
        first, side = self.first, self.output
        no_looks = applied.new_zeros(0, side, side), applied.new_zeros(0, 4, 2), applied.new_zeros(0, side, side, 2)
        if first is None:
            nothing = applied.new_zeros(0), applied.new_zeros(0)  # two tensors: an output has a single name
            grid = untouched_grid(image)[0]
            return (image[0, 0], image[0, 0], grid, CORNERS.clone(), *nothing, applied, *no_looks)
        thetas = first.trace(image).looks[0]
        own = thetas[-1]
        theta = torch.where(grab > 0, grab_theta, own)
        grid, warped = first.read(image, theta[None], side)
        outline = outline_of(first.grid, theta[None])[0]
        looks = no_looks
        if first.looks > 1:
            grids, read = first.read(image.expand(len(thetas), -1, -1, -1), thetas, side)
            looks = read[:, 0], outline_of(first.grid, thetas), grids
        return (image[0, 0], warped[0, 0], grid[0], outline, theta, own, applied, *looks)

    def classify(self, warped: Tensor) -> Tensor:
        """See ``ClassifyGraph.forward``."""
        return classify(self.network, warped.expand(1, self.network.config.in_channels, -1, -1))[0].exp()


class WarpGraph(NetworkGraph):
    """``forward(*inputs)`` -> the tensors of a ``frame.Frame`` up to the classifier, in the order of ``WARP_OUTPUTS``.

    Inputs, in the order of ``WARP_INPUTS``:
        digit uint8 [28, 28]; pose [5], see ``POSE``; corners [4, 2]; elastic [16, 2], ``Pose.displacement``.
        grab []: if 1, theta is ``grab_theta`` [P]; if 0, that of the network.

    Outputs: as in ``Frame``; applied [3, 3], the affine part of the pose in px; looks [L, O, O], look_outlines [L, 4 k, 2] and
    look_grids [L, O, O, 2]: what the looks read and where.
    """

    def examples(self) -> tuple[Tensor, ...]:
        *posed, theta = self.posed()
        return (*posed, torch.tensor(0.0), theta)

    def forward(
        self, digit: Tensor, pose: Tensor, corners: Tensor, elastic: Tensor, grab: Tensor, grab_theta: Tensor
    ) -> tuple[Tensor, ...]:
        return self.warp(digit, pose, corners, elastic, grab, grab_theta)


class ClassifyGraph(NetworkGraph):
    """``forward(warped [O, O])`` -> probabilities [classes]: the classifier, with the transformers behind its input. Each of its
    channels gets the same picture. Without a transformer at the input, ``warped`` is the input itself.
    """

    def examples(self) -> tuple[Tensor, ...]:
        return (torch.zeros(self.output, self.output),)

    def forward(self, warped: Tensor) -> Tensor:
        return self.classify(warped)


def inputs_of(scene: Scene) -> dict[str, Tensor]:
    """The inputs ``POSED`` for a scene, by name."""
    pose = scene.pose
    values = (
        scene.digit,
        torch.tensor([getattr(pose, name) for name in POSE], dtype=torch.float32),
        torch.tensor(pose.corners, dtype=torch.float32),
        pose.displacement(),
    )
    return dict(zip(POSED, values, strict=True))
