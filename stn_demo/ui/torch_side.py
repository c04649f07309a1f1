"""Everything of one app that needs torch.

``server`` imports this module in the engine's thread while the page is already up, and nothing else imports it: that is why
the modules named here import torch at their top, and why the page need not wait for it. Routes get it from ``Batcher.ready``.
"""

from __future__ import annotations

from ..data import picture
from ..runs.process import WorkerProcess
from ..runs.runs import Limits, Runs
from ..training import memory
from .explore import answers, uploaded
from .live import codec
from .live.batcher import Batcher
from .live.engine import Engine
from .live.networks import Networks
from .live.samples import Samples
from .local import at_hand
from .options import Options
from .results.measured import Measured
from .train import first, form, replay
from .train.strip import Pictures


class TorchSide:
    """What an app has once torch is loaded.

    Attributes:
        runs: its training runs.
        engine: answers requests; called in the engine's thread only.
        samples: ready digits.
        measured: what the Results page shows.
        strips: ten digits as the networks of a run see them, for the Train page.
        answers, at_hand, codec, first, form, memory, picture, replay, uploaded: modules that need torch.
    """

    answers, codec, first, form, memory, picture, replay = answers, codec, first, form, memory, picture, replay
    at_hand, uploaded = at_hand, uploaded

    def __init__(self, options: Options, batcher: Batcher, spare: WorkerProcess | None):
        """``spare``: the process that is to train the first run."""
        limits = Limits(minutes=options.longest_run, bytes=options.most_disk << 20)
        self.runs = Runs(options.runs, data_root=options.data, limits=limits, spare=spare)
        self.engine = Engine(Networks(options.checkpoints, options.uploads, self.runs))
        self.samples = Samples(options.data)
        self.measured = Measured(options, batcher)
        self.strips = Pictures(self.samples, batcher)
        self.engine.networks.warm(batcher.defaults)
