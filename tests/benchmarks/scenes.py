"""Finds the prepared scenes of the Explore page: poses in which the network with a transformer is right and its plain twin is
not, and one in which both are. Prints what belongs into stn_demo/ui/explore/static/scenes.json.

    python tests/benchmarks/scenes.py [MODEL [TWIN]]

Of the ready digits of the page's own handwriting (``ui.live.samples``), and of each kind of pose the first choice is where the
network is surest while the twin errs; a digit is taken once, and only where both are right when it is not posed.
"""

import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from stn_demo import checkpoints
from stn_demo.analysis.turning import answers
from stn_demo.data import handwriting
from stn_demo.data.pose import Pose, pose_images
from stn_demo.ui.live.samples import HANDWRITING_COUNT, HANDWRITING_SEED

KINDS = {  # name: poses to try, the mildest first
    "turned-digit": [{"rotation": angle} for angle in (60, -60, 75, -75)],
    "small-digit": [{"scale": 0.6, "rotation": 30 * side, "shift_x": 5 * side, "shift_y": -5} for side in (1, -1)],
    "large-digit": [{"scale": 1.3, "rotation": angle} for angle in (-45, 45, -60, 60)],
    "far-digit": [{"scale": 0.7, "shift_x": x, "shift_y": y} for x in (-6, 6) for y in (-6, 6)],
    "quarter-turn": [{"rotation": angle} for angle in (90, -90)],
}
BOTH = {"rotation": 30}  # both are right


def main(model="upright", twin="upright-cnn"):
    networks = [checkpoints.load(name) for name in (model, twin)]
    digits = handwriting.digits(HANDWRITING_COUNT, HANDWRITING_SEED)
    images = digits.images[:, None].float() / 255

    def sure(pose):
        """Probability of the right class [2, N] in the pose, and whether it is the winner."""
        posed = pose_images(images, [Pose(**pose)] * len(images), 28)
        with torch.inference_mode():
            probs = [network(posed).exp() for network in networks]
        right = torch.stack([one.argmax(1) == digits.labels for one in probs])
        return torch.stack([one.gather(1, digits.labels[:, None])[:, 0] for one in probs]), right

    def missed(pose):
        """By how many degrees the frame misses the turn [N]."""
        params = torch.tensor([[pose.get("rotation", 0), 1, 1, 0, 0, 0]], dtype=torch.float32).expand(len(images), 6)
        rest = torch.tensor([[0.0, 1, 1, 0, 0, 0]]).expand(len(images), 6)
        angles = [
            torch.rad2deg(torch.atan2(m[:, 1, 0], m[:, 0, 0]))
            for m in (answers(networks[0], images, p) for p in (params, rest))
        ]
        return ((angles[0] - angles[1] - pose.get("rotation", 0) + 180) % 360 - 180).abs()

    _, plain = sure({})
    upright = plain.all(0)
    taken, scenes = set(), []
    for name, poses in KINDS.items():
        best = None
        for pose in poses:
            probs, right = sure(pose)
            good = upright & right[0] & ~right[1] & (missed(pose) < 8)
            score = torch.where(good, probs[0] - probs[1], -1.0)
            for index in score.argsort(descending=True)[:5].tolist():
                if (
                    score[index] > 0
                    and int(digits.labels[index]) not in taken
                    and (best is None or score[index] > best[0])
                ):
                    best = float(score[index]), index, pose
        if best is None:
            print(f"no digit for {name}", file=sys.stderr)
            continue
        taken.add(int(digits.labels[best[1]]))
        scenes.append(scene(name, best[1], best[2], model, twin, False))
    probs, right = sure(BOTH)
    score = torch.where(upright & right.all(0), probs.min(0).values, -1.0)
    index = next(i for i in score.argsort(descending=True).tolist() if int(digits.labels[i]) not in taken)
    scenes.append(scene("both-right", index, BOTH, model, twin, True))
    print("[\n" + ",\n".join("  " + json.dumps(one) for one in scenes) + "\n]")


def scene(name, index, pose, model, twin, twin_right):
    return {
        "id": name,
        "digit": f"handwriting.{index}",
        "pose": pose,
        "model": model,
        "twin": twin,
        "right": {"model": True, "twin": twin_right},
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
