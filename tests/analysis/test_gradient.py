"""The gradient of the loss by each grid point and by theta: against finite differences, the paper's equation 7, and closed
forms."""

import pytest
import torch

from stn_demo import checkpoints
from stn_demo.analysis.gradient import LONGEST_STEP, RATE, descend, loss_gradient, stepped
from stn_demo.analysis.landscape import classify
from stn_demo.data import handwriting
from stn_demo.data.pose import Pose, pose_images
from stn_demo.model import ModelConfig, Sampler, build_model
from stn_demo.model.grids import GRIDS, base_points

TILTED = {  # a theta of each family that reads between pixels everywhere
    "attention": [0.93, 0.05, -0.03],
    "similarity": [0.93, 0.4, 0.05, -0.03],
    "affine": [0.85, -0.3, 0.05, 0.35, 0.9, -0.03],
    "projective": [0.85, -0.3, 0.05, 0.35, 0.9, -0.03, 0.07, -0.04],
}


def network(transform="affine"):
    torch.manual_seed(5)
    return build_model(ModelConfig(transform=transform)).double().eval().requires_grad_(False)


def tilted(transform):
    if transform == "tps":
        identity = GRIDS["tps"]().identity().double()
        return identity + 0.07 * torch.sin(torch.arange(len(identity)) * 1.7)
    return torch.tensor(TILTED[transform], dtype=torch.float64)


@pytest.fixture(scope="module")
def digits():
    made = handwriting.digits(4, seed=3)
    images = pose_images(made.images[:, None].double() / 255, [Pose(rotation=25)] * 4)
    return images, made.labels


def loss_at(model, images, grid, labels, padding="zeros"):
    log_probs = classify(model, Sampler("bilinear", padding)(images, grid))
    return -log_probs.gather(1, labels[:, None])[:, 0]


@pytest.mark.parametrize("transform", ["affine", "projective", "tps"])
def test_arrows_agree_with_finite_differences_within_a_thousandth(digits, transform):
    images, labels = digits
    model, theta = network(transform), tilted(transform).expand(len(images), -1)
    by_grid = loss_gradient(model, images, theta, labels).by_grid
    grid = model.transformers["input"].grid(theta, 28, 28)
    strongest = by_grid[0].norm(dim=-1).flatten().topk(24).indices.tolist()
    step = 1e-7
    for place in strongest:
        row, column = divmod(place, 28)
        for axis in (0, 1):
            moved = [grid.clone(), grid.clone()]
            moved[0][0, row, column, axis] += step
            moved[1][0, row, column, axis] -= step
            ahead, behind = (loss_at(model, images, one, labels)[0] for one in moved)
            slope = (ahead - behind) / (2 * step)
            exact = by_grid[0, row, column, axis]
            scale = by_grid[0, row, column].norm()
            assert abs(slope - exact) <= 1e-3 * scale, (row, column, axis)


@pytest.mark.parametrize("transform", ["attention", "similarity", "affine", "projective", "tps"])
def test_the_gradient_of_theta_agrees_with_finite_differences_within_a_thousandth(digits, transform):
    images, labels = digits
    model, theta = network(transform), tilted(transform).expand(len(images), -1)
    exact = loss_gradient(model, images, theta, labels).by_theta
    generator, step = model.transformers["input"].grid, 1e-7
    slopes = torch.zeros_like(exact)
    for index in range(generator.num_params):
        change = torch.zeros(generator.num_params, dtype=torch.float64)
        change[index] = step
        ahead, behind = (loss_at(model, images, generator(theta + sign * change, 28, 28), labels) for sign in (1, -1))
        slopes[:, index] = (ahead - behind) / (2 * step)
    assert ((slopes - exact).norm(dim=1) / exact.norm(dim=1)).max() <= 1e-3


def test_arrows_are_the_papers_equation_7_times_the_gradient_of_the_pixel(digits):
    images, labels = digits
    model, theta = network(), tilted("affine").expand(len(images), -1)
    by_grid = loss_gradient(model, images, theta, labels).by_grid[0]
    grid = model.transformers["input"].grid(theta, 28, 28)
    warped = Sampler()(images, grid).requires_grad_()
    loss = -classify(model, warped).gather(1, labels[:, None]).sum()
    by_pixel = torch.autograd.grad(loss, warped)[0][0, 0]

    x, y = ((grid[0] + 1) * 14 - 0.5).unbind(-1)  # in pixels, as the paper writes them
    m = torch.arange(28, dtype=torch.float64)
    tent_x = (1 - (x[..., None] - m).abs()).clamp(min=0)
    tent_y = (1 - (y[..., None] - m).abs()).clamp(min=0)
    near_x, near_y = (x[..., None] - m).abs() < 1, (y[..., None] - m).abs() < 1
    sign_x, sign_y = torch.where(m >= x[..., None], 1.0, -1.0), torch.where(m >= y[..., None], 1.0, -1.0)
    picture = images[0, 0]
    by_x = torch.einsum("rcn,rcm,nm->rc", tent_y, near_x * sign_x, picture)
    by_y = torch.einsum("rcn,rcm,nm->rc", near_y * sign_y, tent_x, picture)
    expected = by_pixel[..., None] * torch.stack([by_x, by_y], dim=-1) * 14  # 14 px for one unit of the grid
    torch.testing.assert_close(by_grid, expected, rtol=1e-9, atol=1e-12)


def test_the_arrows_sum_to_the_gradient_of_an_affine_theta(digits):
    images, labels = digits
    model, theta = network(), tilted("affine").expand(len(images), -1)
    gradient = loss_gradient(model, images, theta, labels)
    points = torch.cat([base_points(28, 28, theta), theta.new_ones(784, 1)], dim=1)  # (x, y, 1): equation 1
    expected = gradient.by_grid.flatten(1, 2).mT @ points
    torch.testing.assert_close(gradient.by_theta.view(-1, 2, 3), expected)
    torch.testing.assert_close(gradient.loss, -model.trace(images, theta).log_probs.gather(1, labels[:, None])[:, 0])


def test_a_frame_outside_the_picture_gets_no_gradient_at_all(digits):
    images, labels = digits
    outside = torch.tensor([1.0, 0, 5, 0, 1, 5], dtype=torch.float64).expand(len(images), -1)
    gradient = loss_gradient(network(), images, outside, labels)
    assert not gradient.by_grid.any() and not gradient.by_theta.any()
    partly = torch.tensor([1.0, 0, 0.8, 0, 1, 0.8], dtype=torch.float64).expand(len(images), -1)
    edge = loss_gradient(network(), images, partly, labels)
    assert edge.by_theta.any(dim=1).all()


def test_reading_the_nearest_pixel_has_no_gradient(digits):
    images, labels = digits
    theta = tilted("affine").expand(len(images), -1)
    assert not loss_gradient(network(), images, theta, labels, Sampler("nearest", "zeros")).by_theta.any()


def test_a_plain_network_is_refused_with_a_sentence(digits):
    images, labels = digits
    plain = build_model(ModelConfig(placement=())).double()
    with pytest.raises(ValueError, match="no transformer at its input"):
        loss_gradient(plain, images, torch.zeros(4, 6), labels)


def test_a_step_goes_against_the_gradient_and_is_bounded():
    theta = torch.zeros(2, 3)
    by_theta = torch.tensor([[0.5, 0, 0], [0, 300.0, -400.0]])
    moved = stepped(theta, by_theta)
    torch.testing.assert_close(moved[0], torch.tensor([-RATE * 0.5, 0, 0]))
    torch.testing.assert_close(moved[1], LONGEST_STEP * torch.tensor([0, -0.6, 0.8]))


def test_descent_leaves_the_weights_and_lowers_the_loss(digits):
    images, labels = digits
    model = checkpoints.load("turn-affine").requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    start = GRIDS["affine"]().identity().expand(len(images), -1)
    turned = pose_images(images.float(), [Pose(rotation=60)] * len(images))
    thetas, losses = descend(model, turned, start, labels, 20)
    assert thetas.shape == (21, len(images), 6) and losses.shape == (21, len(images))
    assert (losses[-1] < losses[0]).all()
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
