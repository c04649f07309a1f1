"""The gradient of the loss of one digit with respect to theta, through the sampling grid: the signal that trains the
transformer.

The loss is -log p of the correct digit. Its gradient passes the sampler (Jaderberg et al. 2015, equations 6 and 7) to
each grid point, and from there the grid generator to theta. Autograd computes it through the same modules that are used
in training.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..model import Network, Sampler

RATE = 0.1
LONGEST_STEP = 0.1  # largest norm of the change of theta: 6 degrees if only the angle of a similarity changes


class Gradient(NamedTuple):
    """The loss of N digits and its gradient.

    Attributes:
        loss: [N], nats.
        by_grid: [N, O, O, 2], the derivative of the loss with respect to the position (x, y) of each grid point, in
            normalised input coordinates.
        by_theta: [N, num_params], the derivative with respect to theta.
    """

    loss: Tensor
    by_grid: Tensor
    by_theta: Tensor


def loss_gradient(
    model: Network, inputs: Tensor, theta: Tensor, targets: Tensor, sampler: Sampler | None = None
) -> Gradient:
    """The loss at ``theta`` and its gradient; the localization network does not run.

    Args:
        model: a network with a transformer at its input.
        inputs: [N, 1, S, S] in [0, 1].
        theta: [N, num_params], finite.
        targets: int64 [N], the correct digits.
        sampler: replaces the model's own. With mode "nearest" the gradient is 0.

    Raises:
        ValueError: the model has no transformer at its input, or the sampler is not the transformer's kind.
    """
    check_transformer(model)
    with torch.enable_grad():
        theta = theta.detach().clone().requires_grad_()
        trace = model.trace(inputs.detach(), theta, sampler)
        loss = -trace.log_probs.gather(1, targets[:, None])[:, 0]
        grid = trace.transforms[0].grid
        by_grid, by_theta = torch.autograd.grad(loss.sum(), (grid, theta))
    return Gradient(loss.detach(), by_grid, by_theta)


class Push(NamedTuple):
    """The gradient of the loss of one digit, as drawn on the page.

    Attributes:
        target: the digit that counts as correct.
        loss: nats.
        arrows: [O, O, 2], the negative gradient with respect to each grid point.
        theta: the gradient with respect to theta.
        following: theta after one step of gradient descent.
    """

    target: int
    loss: float
    arrows: Tensor
    theta: list[float]
    following: list[float]


def pushes(
    model: Network, inputs: Tensor, theta: Tensor, targets: list[int], sampler: Sampler | None = None
) -> list[Push]:
    """A ``Push`` for each of N digits; arguments as for ``loss_gradient``."""
    found = loss_gradient(model, inputs, theta, torch.tensor(targets), sampler)
    following = stepped(theta, found.by_theta).tolist()
    by_theta, losses = found.by_theta.tolist(), found.loss.tolist()
    return [Push(target, losses[i], -found.by_grid[i], by_theta[i], following[i]) for i, target in enumerate(targets)]


def check_transformer(model: Network) -> None:
    """Raises ValueError if ``model`` has no transformer at its input, and so no sampling grid."""
    if "input" not in model.transformers:
        raise ValueError("This network has no transformer at its input, so there is no gradient of the sampling grid.")


def stepped(theta: Tensor, by_theta: Tensor) -> Tensor:
    """Theta [N, num_params] after one step of gradient descent: against the gradient, ``RATE`` times its length, but at
    most ``LONGEST_STEP``.
    """
    step = RATE * by_theta
    length = step.norm(dim=1, keepdim=True)
    return theta - step * (LONGEST_STEP / length.clamp(min=LONGEST_STEP))


def descend(
    model: Network, inputs: Tensor, theta: Tensor, targets: Tensor, steps: int, sampler: Sampler | None = None
) -> tuple[Tensor, Tensor]:
    """Gradient descent on theta alone; the weights of the network stay fixed.

    Returns:
        thetas [steps + 1, N, num_params] and losses [steps + 1, N], starting with the initial ones.
    """
    thetas, losses = [theta], []
    for _ in range(steps):
        gradient = loss_gradient(model, inputs, thetas[-1], targets, sampler)
        losses.append(gradient.loss)
        thetas.append(stepped(thetas[-1], gradient.by_theta))
    losses.append(loss_gradient(model, inputs, thetas[-1], targets, sampler).loss)
    return torch.stack(thetas), torch.stack(losses)
