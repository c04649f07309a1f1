"""One whole frame as a graph of tensors, for machines without Python: what ``frames`` does for one scene, exported to
ONNX.

It calls the same functions as ``frames``, with tensors in place of a ``Scene``. Two modules are exported (see
``graph_file``): ``FrameGraph`` for each network, and ``ReadingGraph``, independent of any network, for each mode and
padding of the sampler. The latter computes what a visitor may request in addition: another sampler, the read density, a
pixel to inspect.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..data.pose import DIGIT, affine_matrix, homography, resample
from ..model import ModelConfig, Network, Sampler
from ..model.grids import GRIDS, GridGenerator, ProjectiveGrid
from ..model.transformer import SpatialTransformer
from . import decompose, readers
from .computed import MAPS, maps
from .landscape import classify
from .outline import CORNERS, outline_of, theta_of_corners, untouched_grid
from .scene import Scene

POSE = ("rotation", "scale", "shift_x", "shift_y", "shear")  # order of a graph's ``pose``
_GRABS = ("grab", "grab_theta", "grab_parts", "grab_corners")
FRAME_INPUTS = ("digit", "pose", "corners", "elastic", *_GRABS, "given", "use_given")
_LOOKS = ("looks", "look_outlines", "look_grids")
FRAME_OUTPUTS = ("input", "warped", "grid", "outline", "theta", "predicted", "probs", "words", "bend", *_LOOKS)
STILL = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]  # the matrix of an upright digit
READING_INPUTS = ("image", "grid", "kernel", "x", "y")
READING_OUTPUTS = ("warped", "density", "weights", "source", "outside", "readers")


class Exportable(nn.Module):
    """A module with example inputs of the right shapes."""

    def examples(self) -> tuple[Tensor, ...]:
        raise NotImplementedError


class FrameGraph(Exportable):
    """``forward(*inputs)`` -> the tensors of one ``frame.Frame``, in the order of ``FRAME_OUTPUTS``.

    Inputs, in the order of ``FRAME_INPUTS``; S, O: sides of the network's input and of the warped output, P: length of
    theta:
        digit uint8 [28, 28]; pose [5], see ``POSE``; corners [4, 2]; elastic [16, 2], ``Pose.displacement``.
        grab [3]: at most one is 1, the others 0: theta is taken from ``grab_theta`` [P], ``grab_parts`` [6] (see
        ``decompose.PARTS``) or ``grab_corners`` [4, 2] (projective only); all 0: theta of the network.
        given [O, O], use_given []: if the latter is 1, the classifier sees ``given`` (the output of another sampler,
        for every channel) instead of the output of the network's own sampler.

    Outputs: as in ``Frame``. words [len(MAPS), 6] are its decompositions, NaN if undefined; bend []; looks [L, O, O],
    look_outlines [L, 4 k, 2] and look_grids [L, O, O, 2]: what the L looks read and where. A network without a
    transformer at its input has P = L = 0.
    """

    def __init__(self, network: Network):
        super().__init__()
        self.network = network
        self.size, self.output = network.config.side, network.config.output_side

    @property
    def first(self) -> SpatialTransformer | None:
        """The transformer at the input. (A property, because an attribute would give its weights two names.)"""
        return self.network.input_transformer

    def examples(self) -> tuple[Tensor, ...]:
        """Example inputs with the right shapes."""
        length = self.first.grid.num_params if self.first is not None else 0
        return (
            torch.zeros(DIGIT, DIGIT, dtype=torch.uint8),
            torch.tensor([20.0, 0.9, 1, -1, 0.1]),
            torch.tensor([[1.0, 0], [0, 1], [0, 0], [-1, 0]]),
            torch.zeros(16, 2),
            torch.zeros(3),
            self.first.grid.identity() if self.first is not None else torch.zeros(length),
            torch.tensor([10.0, 1, 1, 0, 0, 0]),
            CORNERS.clone(),
            torch.zeros(self.output, self.output),
            torch.tensor(0.0),
        )

    def forward(
        self,
        digit: Tensor,
        pose: Tensor,
        corners: Tensor,
        elastic: Tensor,
        grab: Tensor,
        grab_theta: Tensor,
        grab_parts: Tensor,
        grab_corners: Tensor,
        given: Tensor,
        use_given: Tensor,
    ) -> tuple[Tensor, ...]:
        rotation, scale, shift_x, shift_y, shear = pose.double().unbind()  # as in ``pose_matrices``
        factors = torch.stack([rotation, scale, scale, shear, shift_x, shift_y])
        matrix = homography(corners[None].double(), self.size) @ affine_matrix(factors[None])
        drawn, channels = digit[None, None].float() / 255, self.network.config.in_channels
        image = resample(drawn, matrix, elastic[None], self.size).expand(-1, channels, -1, -1)
        applied = decompose.perspective_matrix(matrix.float(), DIGIT)
        first = self.first
        if first is None:
            grid, warped, about = untouched_grid(image), image, self._nothing(applied)
        else:
            as_drawn = resample(drawn, matrix.new_tensor(STILL)[None], None, self.size)
            both = first.trace(torch.cat([image, as_drawn.expand(-1, channels, -1, -1)]))
            own = both.theta[:1]
            wanted = self._wanted(first.grid, grab, grab_theta, grab_parts, grab_corners)
            theta = torch.where(grab.sum() > 0, wanted[None], own)
            grid, warped = first.read(image, theta, self.output)
            about = self._about(first, image, applied, theta, both.theta, both.looks[0])
        probs = classify(self.network, torch.where(use_given > 0, given[None, None], warped))[0].exp()
        outline, theta, own, *rest = about
        return (image[0, 0], warped[0, 0], grid[0], outline, theta, own, probs, *rest)

    def _nothing(self, applied: Tensor) -> tuple[Tensor, ...]:
        """The outputs that describe a transformer, for a network without one: outline, theta, predicted, words, bend,
        looks, look_outlines, look_grids.
        """
        none = torch.full((len(MAPS) - 1, len(decompose.PARTS)), torch.nan)
        words = torch.cat([decompose.factors(applied), none])
        empty = applied.new_zeros(0), applied.new_zeros(0)
        side = self.output
        looks = applied.new_zeros(0, side, side), applied.new_zeros(0, 4, 2), applied.new_zeros(0, side, side, 2)
        return (CORNERS.clone(), *empty, words, applied.new_zeros(()), *looks)

    def _about(
        self, first: SpatialTransformer, image: Tensor, applied: Tensor, theta: Tensor, both: Tensor, looks: Tensor
    ) -> tuple[Tensor, ...]:
        """The same outputs for ``theta``; ``both`` [2, P]: the network's own theta for the posed digit and for the
        digit as drawn.
        """
        grid = first.grid
        found, bend = maps(grid, applied, theta, both[:1], both[1:], self.size, self.output)
        words = decompose.factors(torch.cat(list(found.values())))
        grids, read = first.read(image.expand(len(looks), -1, -1, -1), looks, self.output)
        seen = read[:, 0], outline_of(grid, looks), grids
        return outline_of(grid, theta)[0], theta[0], both[0], words, bend[0], *seen

    def _wanted(self, grid: GridGenerator, grab: Tensor, theta: Tensor, parts: Tensor, corners: Tensor) -> Tensor:
        wanted = torch.where(grab[1] > 0, decompose.theta_from_factors(grid, parts, self.size, self.output), theta)
        if isinstance(grid, ProjectiveGrid):
            wanted = torch.where(grab[2] > 0, theta_of_corners(corners), wanted)
        return wanted


def inputs_of(scene: Scene, config: ModelConfig, given: Tensor | None = None) -> dict[str, Tensor]:
    """The inputs of a ``FrameGraph`` for a scene, by name. The graph ignores its density, inspect and gradient."""
    grid = GRIDS[config.transform]()
    length = grid.num_params if "input" in config.placement else 0
    grab, pose = scene.grab or {}, scene.pose
    parts = [grab["parts"][name] for name in decompose.PARTS] if "parts" in grab else [0] * len(decompose.PARTS)
    side = config.output_side
    values = (
        scene.digit,
        torch.tensor([getattr(pose, name) for name in POSE], dtype=torch.float32),
        torch.tensor(pose.corners, dtype=torch.float32),
        pose.displacement(),
        torch.tensor([float(name in grab) for name in ("theta", "parts", "corners")]),
        torch.tensor(grab.get("theta", [0] * length), dtype=torch.float32),
        torch.tensor(parts, dtype=torch.float32),
        torch.tensor(grab.get("corners", [[0, 0]] * 4), dtype=torch.float32),
        torch.zeros(side, side) if given is None else given,
        torch.tensor(float(given is not None)),
    )
    return dict(zip(FRAME_INPUTS, values, strict=True))


class ReadingGraph(Exportable):
    """``forward(image, grid, kernel, x, y)`` -> what one kind of sampler reads and how, in the order of
    ``READING_OUTPUTS``.

    image [S, S], grid [O, O, 2] as in a frame, of any size; kernel [4, 4]: of the deconvolution (ignored by the
    others); x, y []: a pixel of the warped output, or, for ``readers``, of the input. warped [O, O]; density [S, S];
    weights [S, S], source [2], outside [4, 4], readers [O, O]: see ``analysis.readers``.
    """

    def __init__(self, mode: str, padding: str):
        super().__init__()
        self.sampler = Sampler(mode, padding).requires_grad_(False)

    def examples(self) -> tuple[Tensor, ...]:
        grid = untouched_grid(torch.zeros(1, 1, 20, 20))[0]
        return torch.zeros(28, 28), grid, torch.full((4, 4), 0.25), torch.tensor(3), torch.tensor(4)

    def forward(self, image: Tensor, grid: Tensor, kernel: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        size, grid, sampler = image.shape[0], grid[None], self.sampler
        if sampler.mode == "deconvolution":
            sampler = WithKernel(sampler.padding, kernel)
        warped = sampler(image[None, None], grid)[0, 0]
        source = readers.source(grid, size, x, y)
        return (
            warped,
            readers.density(sampler, grid, size)[0],
            readers.weights(sampler, grid, size, x, y),
            source,
            readers.outside(sampler, source, size),
            readers.readers(sampler, grid, size, x, y),
        )


class WithKernel(Sampler):
    """A deconvolution whose kernel is an input of the graph instead of a weight."""

    def __init__(self, padding: str, kernel: Tensor):
        super().__init__("bilinear", padding)
        self.mode = "deconvolution"
        self.kernel = kernel[None, None]
