"""A few lines of Python that reproduce the picture on the page."""

from __future__ import annotations

from ...analysis.frame import Frame
from ...analysis.scene import Scene
from ...model import Network
from ..live.codec import as_base64
from ..live.request import Request

TEMPLATE = """\
import base64

import torch
from stn_demo import checkpoints
from stn_demo.data.pose import Pose, pose_images{imports}

digit = base64.b64decode(
    "{digit}"
)
digit = torch.tensor(list(digit)).view({shape}) / 255
model = checkpoints.load("{model}")  # {summary}
pose = {pose}
with torch.no_grad():
    seen = pose_images(digit, [pose], frame=model.config.side){channels}
    {theta}trace = model.trace(seen{arguments})
probs = trace.log_probs.exp()[0]
print("digit", int(probs.argmax()), f"{{probs.max():.1%}}")
for transform in trace.transforms:
    print("theta", transform.theta[0].tolist())
    print("warped", tuple(transform.warped.shape))
"""


def snippet(request: Request, scene: Scene, model: Network, frame: Frame) -> str:
    """The code for one request; ``scene``, ``model`` and ``frame`` are what ``Engine.frame`` returned for it."""
    pose = {name: value for name, value in request.pose.items() if value != getattr(type(scene.pose)(), name)}
    arguments, imports, theta = "", "", ""
    if request.grab is not None and frame.theta:
        theta = f"theta = torch.tensor([{frame.theta}])  # set by hand\n    "
        arguments += ", theta=theta"
    first = model.input_transformer
    own = first and first.sampler
    if own is not None and (request.sampler or request.padding):
        imports = "\nfrom stn_demo.model import Sampler"
        arguments += f', sampler=Sampler("{request.sampler or own.mode}", "{request.padding or own.padding}")'
    transform = f"{model.config.transform} transformer" if own is not None else "no transformer"
    planes, taken = scene.digit.shape[0] if scene.digit.dim() == 3 else 1, model.config.in_channels
    return TEMPLATE.format(
        digit=as_base64(scene.digit),
        shape=f"1, {planes}, {scene.digit.shape[-2]}, {scene.digit.shape[-1]}",
        channels="" if planes == taken else f".expand(-1, {taken}, -1, -1)",
        model=request.model,
        summary=f"{transform}, {model.config.classifier} classifier",
        pose=f"Pose({', '.join(f'{name}={value!r}' for name, value in pose.items())})",
        arguments=arguments,
        imports=imports,
        theta=theta,
    )
