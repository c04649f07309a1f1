"""The loss of a training step: the classification loss and, for a run in stages, the two-view term."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..model import Network, Transform
from ..model.grids import GridGenerator
from .stages import Stage

BEND = 0.3  # radians
_POINTS = torch.tensor([[0.0, 0.0], [1.0, 0.0]])  # the middle, and a point to its right


class Answer(NamedTuple):
    """log_probs: list of [N, classes], for each look, the last look first. transform: the ``Transform`` that produced
    them; None in a run without stages.
    """

    log_probs: list[Tensor]
    transform: Transform | None


class Staged(nn.Module):
    """The network of a stage: the transformer of ``network``, followed by ``reader``, see ``Stage``."""

    def __init__(self, network: Network, reader: nn.Module, stage: Stage):
        super().__init__()
        self.transformer, self.reader = network.transformer(), reader
        self.stage = stage
        learns = {"transformer": self.transformer, "reader": self.reader}
        for name, part in learns.items():
            part.requires_grad_(stage.learns in (name, "all"))
        # an untrained transformer passes its input through, so it need not run while the reader learns
        self.passes = stage.learns == "reader" and not (stage.looks or stage.views) and untouched(network)

    def train(self, mode: bool = True) -> Staged:
        """Set only the learning part to training mode: the other part uses the running means of its batch
        normalisation.
        """
        super().train(mode)
        if mode and self.stage.learns != "all":
            (self.reader if self.stage.learns == "transformer" else self.transformer).eval()
        return self

    def forward(self, x: Tensor) -> Answer:
        if self.passes:
            return Answer([self.reader(x).float()], None)
        if self.stage.learns == "reader":
            with torch.no_grad():
                transform = self.transformer.trace(x, looks=self.stage.depth)
        else:
            transform = self.transformer.trace(x, looks=self.stage.depth)
        log_probs = [self.reader(transform.warped).float()]
        if self.stage.looks:
            size = self.transformer.output_size
            for theta in transform.looks[:, :-1].unbind(1):
                log_probs.append(self.reader(self.transformer.read(x, theta, size)[1]).float())
        return Answer(log_probs, transform)


def untouched(network: Network) -> bool:
    """Whether the transformer at the input still has its initial weights, so that theta is the identity for any input,
    and its output has the size of its input.
    """
    transformer = network.transformer()
    last = cast(nn.Linear, transformer.localization.theta)
    return (
        network.config.input_size == network.config.output_size
        and not last.weight.any()
        and torch.equal(last.bias.cpu(), transformer.grid.identity())
    )


def label_loss(log_probs: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Mean negative log-likelihood; the fraction ``smoothing`` of each label is spread over all classes (Szegedy et al.
    2016, section 7).
    """
    loss = F.nll_loss(log_probs, labels)
    return (1 - smoothing) * loss - smoothing * log_probs.mean() if smoothing else loss


def staged_loss(
    answer: Answer, labels: Tensor, matrix: Tensor, network: Network, reader: nn.Module, stage: Stage, smoothing: float
) -> Tensor:
    """The loss of a step in ``stage``. ``matrix`` [N, 3, 3]: the poses, digit -> frame, px from the middle of each."""
    last, *earlier = [label_loss(log_probs, labels, smoothing) for log_probs in answer.log_probs]
    loss = stage.labels * last
    for one in earlier:
        loss = loss + stage.looks * one
    transform = answer.transform
    if stage.quarters and transform is not None:
        loss = loss + stage.quarters * quarter_term(transform, labels, network, reader)
    if stage.views and transform is not None:
        transformer = network.transformer()
        for theta in transform.looks.unbind(1):
            term = view_term(transformer.grid.at(theta, _POINTS.to(theta)), matrix, network.config.side, stage.teaching)
            loss = loss + stage.views * term
    return loss


def view_term(points: Tensor, matrix: Tensor, size: int, teaching: bool = False) -> Tensor:
    """How far the thetas of one digit in two poses are from moving with the digit.

    Digit i is shown in pose ``matrix[i]`` and, as image N / 2 + i, in pose ``matrix[N / 2 + i]``. The second pose is
    the first rotated by delta, scaled and shifted by known amounts. Let v be the unit vector to which theta maps the x
    axis. The term is the mean of

        h(angle between R(delta) v1 and v2),   h(a) = a^2 / (2 BEND) up to BEND radians, |a| - BEND / 2 above (Huber
        1964),

    plus half of each of: the squared logarithm of the ratio between the scales of the thetas and of the poses; and the
    squared distance between the place that the second theta reads at its middle and the place that the first reads,
    moved as the digit was.

    The simpler 1 - <R(delta) v1, v2> has no gradient where theta turns a digit upside down, which is the typical error
    near the ends of the range.

    Args:
        points: [N, 2, 2], where theta reads the middle and the point (1, 0), normalised.
        matrix: [N, 3, 3], the poses, digit -> frame, px from the middle of each.
        size: side of the frame, px.
        teaching: gradients reach only the view that is rotated further.
    """
    half = len(points) // 2
    turned, scale = _polar(matrix[:, :2, 0])
    if teaching:
        further = (turned[half:].abs() > turned[:half].abs())[:, None, None]
        first, second = points[:half], points[half:]
        first, second = torch.where(further, first.detach(), first), torch.where(further, second, second.detach())
        points = torch.cat([first, second])
    angle, size_read = _polar(points[:, 1] - points[:, 0])
    delta = turned[half:] - turned[:half]
    direction = _huber(angle[half:] - angle[:half] - delta)
    scales = (size_read[half:] / size_read[:half] * scale[:half] / scale[half:]).log().square()
    between = matrix[half:] @ torch.linalg.inv(matrix[:half])
    middle = points[:half, 0] * (size / 2)
    moved = (between[:, :2, :2] @ middle[..., None])[..., 0] + between[:, :2, 2]
    places = (moved / (size / 2) - points[half:, 0]).square().sum(1)
    return (direction + (scales + places) / 2).mean()


def quarter_term(transform: Transform, labels: Tensor, network: Network, reader: nn.Module) -> Tensor:
    """Pulls theta's angle towards a rotation at which ``reader`` reads the label better: the output of the last look is
    also read rotated by one, two and three quarter turns. The gradient of the reader alone finds the nearest optimum
    only.

    For each image: the mean over the looks of the sum over the three rotations of h(angle to that rotation) times the
    gain in the probability of the label; h as in ``view_term``. A half turn goes through the angle 0.
    """
    grid = network.transformer().grid
    with torch.no_grad():
        # the output of a frame that is rotated further by k quarter turns, clockwise on the screen
        turned = [reader(torch.rot90(transform.warped, k, (2, 3))).float() for k in range(4)]
        right = torch.stack([log_probs.gather(1, labels[:, None])[:, 0].exp() for log_probs in turned], dim=1)
        gain = (right[:, 1:] - right[:, :1]).clamp(min=0)
        last, _ = _polar(_axis(grid, transform.theta))
        quarter = last.new_full((), math.pi / 2)
        target = last[:, None] + torch.stack(
            [quarter.expand_as(last), torch.where(last > 0, -2 * quarter, 2 * quarter), -quarter.expand_as(last)], dim=1
        )
    terms = [
        (gain * _huber(_polar(_axis(grid, theta))[0][:, None] - target)).sum(1).mean()
        for theta in transform.looks.unbind(1)
    ]
    return torch.stack(terms).mean()


def _axis(grid: GridGenerator, theta: Tensor) -> Tensor:
    """Tensor[N, 2]: the vector to which theta maps the x axis."""
    middle, right = grid.at(theta, _POINTS.to(theta)).unbind(1)
    return right - middle


def _huber(angle: Tensor) -> Tensor:
    return F.smooth_l1_loss(angle, torch.zeros_like(angle), reduction="none", beta=BEND)


def _polar(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Angles, radians, and lengths (at least 1e-6) of ``vectors`` [N, 2]."""
    length = vectors.square().sum(1).clamp(min=1e-12).sqrt()
    return torch.atan2(vectors[:, 1], vectors[:, 0]), length
