"""The lesson's statements about a network, measured on the network itself.

A claim is data: {"claim": its kind, "stage": {network, digit, pose ...}, ...}. ``measure`` returns the numbers that the
texts contain; ``fault`` says why a claim does not hold, so that a test can check every claim on the shipped networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from .. import checkpoints
from ..data.distortions import DISTORTIONS
from ..data.pose import Pose
from ..model import Network, Sampler
from . import decompose
from .frame import Frame, frames
from .gradient import descend
from .landscape import landscape
from .scene import Scene

Load = Callable[[str], Network]
Claim = Mapping[str, Any]  # JSON of the lesson
Numbers = dict[str, float]
Digits = Mapping[str, Mapping[str, Any]]  # by name: {image: uint8 [28, 28], label}
STUCK = 1.0  # nats: the correct digit has a probability below e^-1 = 37 % after the descent
STANDS = 15.0  # remaining rotation, degrees, up to which a digit counts as upright
FAR = 60  # degrees from upright, of a descent that is stuck


class Stage:
    """One state of the stage: network, digit, label, pose, grab, padding."""

    def __init__(self, stage: Claim, load: Load, digits: Digits):
        self.network, self.model = stage["network"], load(stage["network"])
        self.digit, self.label = digits[stage["digit"]]["image"], digits[stage["digit"]]["label"]
        self.pose, self.grab, self.padding = stage.get("pose", {}), stage.get("grab"), stage.get("padding")

    def sampler(self) -> Sampler | None:
        if not self.padding or "input" not in self.model.transformers:
            return None
        return Sampler(self.model.transformer().sampler.mode, self.padding)

    def frame(self, gradient: bool = False, inspect: tuple[str, int, int] | None = None, **pose: float) -> Frame:
        scene = Scene(self.digit, Pose(**{**self.pose, **pose}), self.grab, False, inspect, gradient, self.label)
        return frames(self.model, [scene], None, self.sampler())[0]


def measure(claim: Claim, load: Load, digits: Digits) -> Numbers:
    """The numbers of a claim.

    Args:
        load: returns the network of a name.
        digits: by name, {image: uint8 [28, 28], label}.

    Raises:
        KeyError: the kind of claim is unknown.
    """
    return _KINDS[claim["claim"]][0](claim, Stage(claim["stage"], load, digits))


def fault(claim: Claim, numbers: Numbers) -> str | None:
    """Why the claim does not hold, given its numbers, as a sentence; None if it holds."""
    return _KINDS[claim["claim"]][1](claim, numbers)


def _reads(claim: Claim, stage: Stage) -> Numbers:
    frame = stage.frame()
    best = int(frame.probs.argmax())
    return {"digit": best, "percent": round(100 * float(frame.probs[best]), 1), "label": stage.label}


def _reads_fault(claim: Claim, numbers: Numbers) -> str | None:
    wanted = claim.get("as", numbers["label"])
    if claim.get("wrong") and "as" not in claim:
        return None if numbers["digit"] != numbers["label"] else "It reads the digit correctly."
    return None if numbers["digit"] == wanted else f"It reads a {numbers['digit']}, not a {wanted}."


def _fails_beyond(claim: Claim, stage: Stage) -> Numbers:
    """The first whole degree, clockwise, at which the answer is another digit."""
    for angle in range(181):
        best = int(stage.frame(rotation=angle).probs.argmax())
        if best != stage.label:
            return {"angle": angle, "digit": best, "label": stage.label}
    return {"angle": math.inf, "digit": stage.label, "label": stage.label}


def _fails_beyond_fault(claim: Claim, numbers: Numbers) -> str | None:
    low, high = claim["between"]
    return None if low <= numbers["angle"] <= high else f"It fails at {numbers['angle']} degrees."


def _turns(claim: Claim, stage: Stage) -> Numbers:
    """How far the frame rotates when the digit is rotated, compared with its frame for the upright digit."""
    turned = stage.frame()
    frame = _predicted(turned)
    moved = _wrapped(frame - _predicted(stage.frame(rotation=0)))
    by = stage.pose["rotation"]
    return {
        "turned": by,
        "moved": round(moved),
        "share": round(100 * moved / by),
        "frame": round(frame),
        "digit": int(turned.probs.argmax()),
        "label": stage.label,
    }


def _predicted(frame: Frame) -> float:
    """The rotation of the network's own theta, degrees."""
    if frame.predicted_parts is None:
        raise ValueError("This network has no rotation of its own to measure.")
    return frame.predicted_parts["rotation"]


def _turns_fault(claim: Claim, numbers: Numbers) -> str | None:
    low, high = claim["share"]
    if numbers["digit"] != numbers["label"]:
        return f"It reads a {numbers['digit']}."
    if low <= numbers["share"] <= high:
        return None
    return f"The frame rotates by {numbers['share']} % of the digit's rotation."


def _descends(claim: Claim, stage: Stage) -> Numbers:
    """Gradient descent on theta from the identity. The digit stands upright when the frame has rotated as far as the
    digit.
    """
    thetas, losses = _descent(stage, claim["steps"])
    turned = _rotation(stage, thetas[-1])
    return {
        "turned": stage.pose["rotation"],
        "rotation": round(turned),
        "steps": claim["steps"],
        "loss": round(float(losses[0, 0]), 2),
        "last": round(float(losses[-1, 0]), 2),
    }


def _descends_fault(claim: Claim, numbers: Numbers) -> str | None:
    left = abs(_wrapped(numbers["turned"] - numbers["rotation"]))
    if left <= STANDS and numbers["last"] < numbers["loss"] / 4:
        return None
    return f"It ends {left:.0f} degrees from upright, at a loss of {numbers['last']}."


def _stuck(claim: Claim, stage: Stage) -> Numbers:
    """Whether the same descent ends far from upright, and its loss is high at every step: 1 or 0. Its path begins where the sampler's derivative
    jumps, so where exactly it ends differs between processors, and only bounds are stated."""
    thetas, losses = _descent(stage, claim["steps"])
    left = abs(_wrapped(stage.pose["rotation"] - _rotation(stage, thetas[-1])))
    return {
        "turned": stage.pose["rotation"],
        "steps": claim["steps"],
        "loss": round(float(losses[0, 0]), 2),
        "far": FAR,
        "high": STUCK,
        "stuck": int(left > FAR and float(losses.min()) > STUCK),
    }


def _stuck_fault(claim: Claim, numbers: Numbers) -> str | None:
    return None if numbers["stuck"] else f"It ends within {FAR} degrees of upright, or its loss falls below {STUCK}."


def _never_stands(claim: Claim, stage: Stage) -> Numbers:
    """Whether the digit stands upright at any step of a longer descent: 1 or 0. The path itself differs between processors."""
    thetas, losses = _descent(stage, claim["steps"])
    left = [abs(_wrapped(stage.pose["rotation"] - _rotation(stage, theta))) for theta in thetas]
    stands = any(angle <= STANDS and loss < losses[0, 0] / 4 for angle, loss in zip(left, losses[:, 0], strict=True))
    return {"steps": claim["steps"], "stands": int(stands)}


def _never_stands_fault(claim: Claim, numbers: Numbers) -> str | None:
    return f"It stands upright within {numbers['steps']} steps." if numbers["stands"] else None


def _descent(stage: Stage, steps: int) -> tuple[Tensor, Tensor]:
    """Gradient descent on theta from the identity: thetas [steps + 1, 1, ...], losses [steps + 1, 1]."""
    identity, image = stage.model.transformer().grid.identity()[None], stage.frame().input[None, None]
    return descend(stage.model, image, identity, torch.tensor([stage.label]), steps, stage.sampler())


def _downhill(claim: Claim, stage: Stage) -> Numbers:
    """The loss map around the identity, in its row of scale 1: at the identity, and at the rotation ``near``."""
    first, frame = stage.model.transformer(), stage.frame()
    found = landscape(stage.model, frame.input[None], first.grid.identity(), stage.label, stage.sampler())
    row = found.loss[len(found.loss) // 2]
    column = int((torch.linspace(-180, 180, len(row)) - claim["near"]).abs().argmin())
    return {"here": round(float(row[len(row) // 2]), 2), "there": round(float(row[column]), 2)}


def _downhill_fault(claim: Claim, numbers: Numbers) -> str | None:
    lower = numbers["there"] < numbers["here"] / 2
    return None if lower else f"The loss is {numbers['there']} there, {numbers['here']} here."


def _gradient(claim: Claim, stage: Stage) -> Numbers:
    frame = stage.frame(gradient=True)
    if frame.push is None:
        raise ValueError("A network without a transformer at its input has no gradient to measure.")
    norm = math.hypot(*frame.push.theta)
    return {"norm": norm, "ink": round(float(frame.warped.sum()), 3), "loss": round(frame.push.loss, 2)}


def _gradient_fault(claim: Claim, numbers: Numbers) -> str | None:
    if numbers["norm"] == 0 and numbers["ink"] == 0:
        return None
    return f"The norm of the gradient is {numbers['norm']:.2g}, and the ink that is read is {numbers['ink']}."


def _trained(claim: Claim, stage: Stage) -> Numbers:
    """The largest rotation in the network's training, degrees, and that of the digit."""
    trained = checkpoints.read_info(stage.network).provenance["distortion"]
    limit = DISTORTIONS[trained].rotation if isinstance(trained, str) else trained["rotation"]
    return {"limit": limit, "rotation": stage.pose.get("rotation", 0)}


def _trained_fault(claim: Claim, numbers: Numbers) -> str | None:
    if claim.get("beyond"):
        beyond = abs(numbers["rotation"]) > numbers["limit"]
        return None if beyond else f"The digit is rotated by only {numbers['rotation']} degrees, as in training."
    low, high = claim["limit"]
    return None if low <= numbers["limit"] <= high else f"The training has rotations up to {numbers['limit']} degrees."


def _pixel(claim: Claim, stage: Stage) -> Numbers:
    """One output pixel as a weighted sum of its four neighbours."""
    look = stage.frame(inspect=("warped", *claim["pixel"])).inspect
    if look is None:
        raise ValueError("A network without a transformer at its input reads no pixel between others.")
    found = {"x": claim["pixel"][0], "y": claim["pixel"][1], "value": round(look["value"], 3)}
    found |= {"sx": round(look["source"][0], 2), "sy": round(look["source"][1], 2)}
    for index, (_, _, weight, value, _) in enumerate(look["taps"], 1):
        found |= {f"w{index}": round(weight, 2), f"v{index}": round(value, 2), f"p{index}": round(weight * value, 3)}
    return found


def _pixel_fault(claim: Claim, numbers: Numbers) -> str | None:
    total = sum(numbers[f"p{index}"] for index in range(1, 5))
    if not all(numbers[f"w{index}"] >= 0.04 for index in range(1, 5)):
        return "One of its four neighbours has almost no weight."
    return (
        None
        if abs(total - numbers["value"]) < 5e-3 and numbers["value"] > 0.2
        else "The weighted sum differs from its value."
    )


def _ink(claim: Claim, stage: Stage) -> Numbers:
    """How much larger the digit is in the output than in the input: the ratio of the areas above 0.5."""
    frame = stage.frame()
    area = [float((picture > 0.5).float().mean()) for picture in (frame.warped, frame.input)]
    return {"area": round(area[0] / area[1], 2), "digit": int(frame.probs.argmax()), "label": stage.label}


def _ink_fault(claim: Claim, numbers: Numbers) -> str | None:
    low, high = claim["area"]
    return None if low <= numbers["area"] <= high else f"The ink's area is {numbers['area']} times as large."


def _rotation(stage: Stage, theta: Tensor) -> float:
    grid, config = stage.model.transformer().grid, stage.model.config
    return decompose.parts(decompose.theta_matrix(grid, theta, config.side, config.output_side)[0])[0]["rotation"]


def _wrapped(angle: float) -> float:
    return (angle + 180) % 360 - 180


_KINDS: dict[str, tuple[Callable[[Claim, Stage], Numbers], Callable[[Claim, Numbers], str | None]]] = {
    "reads": (_reads, _reads_fault),
    "fails_beyond": (_fails_beyond, _fails_beyond_fault),
    "turns": (_turns, _turns_fault),
    "descends": (_descends, _descends_fault),
    "stuck": (_stuck, _stuck_fault),
    "never_stands": (_never_stands, _never_stands_fault),
    "downhill": (_downhill, _downhill_fault),
    "no_gradient": (_gradient, _gradient_fault),
    "trained": (_trained, _trained_fault),
    "pixel": (_pixel, _pixel_fault),
    "ink": (_ink, _ink_fault),
}
