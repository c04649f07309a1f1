"""The training of one network, step by step."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm

from ..data.digits import Digits
from ..data.distortions import Distortion
from ..model import Network
from .batches import Batches, BatchSource
from .distributed import Group
from .events import Step, TrainingStopped
from .objective import Staged, label_loss, staged_loss
from .settings import TrainingSettings
from .stages import OWN, Moment, Stage
from .start import readers, split, untrained
from .state import State, fingerprint
from .weights import averaged, spread

PATIENCE = 500  # steps that the loss may stay above twice that of guessing


class Trainer:
    """One run. ``advance`` trains one step, ``report`` summarises the steps since the last report; ``loop.run`` calls
    both.

    Attributes:
        step, steps: steps done, and total.
        learning_rate: at the top of the schedule; may be changed between two steps.
        model: the network in training; ``result()`` gives the one to use.
        seconds: time spent in ``advance``.
    """

    def __init__(
        self, settings: TrainingSettings, digits: Digits, *, resume_from: State | None = None, group: Group = Group()
    ):
        """The last ``settings.holdout`` of ``digits`` are held out. ValueError if digits, processes or state do not
        fit.
        """
        torch.set_flush_denormal(True)  # Adam's moments become denormal: ten times slower on CPUs
        self.settings, self.group = settings, group
        digits, self.holdout = split(digits, settings.holdout)
        if settings.batch_size % group.processes:
            raise ValueError(
                f"A batch of {settings.batch_size} cannot be divided among {group.processes} processes; change batch_size."
            )
        self.chance = math.log(settings.model.classes)  # loss of guessing, nats
        self.step, self.steps = 0, settings.steps(len(digits.labels))
        self.learning_rate, self.seconds = settings.learning_rate, 0.0
        self._digits = fingerprint(digits)
        self.batches: BatchSource = Batches(
            digits,
            settings.distort,
            settings.undistorted,
            settings.seed,
            settings.batch_size,
            group.device,
            group.rank,
            group.processes,
            at=self._poses,
        )
        # channels last: with so few channels, convolutions on a CPU run twice as fast
        self.model = untrained(settings).to(group.device).to(memory_format=torch.channels_last)
        self.readers = readers(settings).to(group.device).to(memory_format=torch.channels_last)
        self.parameters = dict(self.model.named_parameters())
        self.parameters |= {f"readers.{name}": value for name, value in self.readers.named_parameters()}
        self.optimizer = self._optimizer()
        self._averaged = [*averaged(self.model), *averaged(self.readers)]
        self.average = self._flat() if settings.averaging else None
        if resume_from is not None:
            self._load(resume_from)
        self._stage: int | None = None
        self._network = None if settings.stages else group.wrap(self.model)
        self._high_since: int | None = None
        self._start_report()
        self._good = self.state()

    def _optimizer(self) -> torch.optim.AdamW:
        """Groups: the localization networks, with their own learning rate, and the rest; each with and without weight
        decay. Biases have none: it would pull the transform towards zero.
        """
        groups: dict[tuple[bool, bool], list[Tensor]] = {}
        for name, value in self.parameters.items():
            decays = value.dim() > 1 and ".sampler." not in name
            groups.setdefault((".localization." in name, decays), []).append(value)
        factor, decay = self.settings.localization_factor, self.settings.weight_decay
        return torch.optim.AdamW(
            [
                {
                    "params": values,
                    "locates": locates,
                    "factor": factor if locates else 1.0,
                    "weight_decay": decay if decays else 0.0,
                }
                for (locates, decays), values in groups.items()
            ],
            lr=self.learning_rate,
            fused=True,
        )

    def _flat(self) -> Tensor:
        return torch.cat([value.detach().flatten() for value in self._averaged])

    @property
    def done(self) -> bool:
        return self.step >= self.steps

    def rate(self) -> float:
        """The learning rate of the next step: a linear rise, then half a cosine down to 0 at the end of the run, or of
        each stage.
        """
        first, end, factor = 0, self.steps, 1.0
        if now := self.settings.moment(self.step, self.steps):
            first, end, factor = now.first, now.end, self.settings.stages[now.stage].rate
        progress, rise = (self.step - first + 0.5) / (end - first), self.settings.warm_up
        if progress < rise:
            return factor * self.learning_rate * progress / rise
        return factor * self.learning_rate * (1 + math.cos(math.pi * (progress - rise) / max(1 - rise, 1e-9))) / 2

    def _poses(self, step: int) -> tuple[Distortion, ...]:
        """The distortions of a step: one, or two for two views."""
        now, settings = self.settings.moment(step, self.steps), self.settings
        if now is None:
            return (settings.distort.narrowed(settings.poses(step / self.steps)),)
        stage = settings.stages[now.stage]
        distortion = settings.distort.reaching(stage.reach((step - now.first) / (now.end - now.first)))
        last = replace(distortion, ends=True) if stage.ends else distortion
        return (replace(distortion, rotation=distortion.rotation * stage.near), last) if stage.views else (last,)

    def _enter(self, now: Moment) -> Stage:
        """The stage of the next step. The first step of a stage starts from the averaged weights of the previous stage."""
        stage = self.settings.stages[now.stage]
        if self.step == now.first and now.stage and self.average is not None:
            spread(self.average, self._averaged)
        if self._stage != now.stage:
            self._stage = now.stage
            self._reader = self.model.classifier if stage.reader == OWN else self.readers[stage.reader]
            self._network = self.group.wrap(Staged(self.model, self._reader, stage))
        return stage

    def advance(self) -> None:
        """Train one step."""
        start = time.perf_counter()
        rate, widening = self.rate(), self.settings.is_widening(self.step / self.steps)
        slower, self._last_rate = self.settings.widening_factor if widening else 1.0, rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"] * (slower if not group["locates"] else 1.0)
        loss, log_probs, labels = self._loss()
        self.optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            reported = loss if not self.settings.stages else F.nll_loss(log_probs, labels)
            self._watch(reported.detach(), (log_probs.argmax(1) == labels).sum())
        self.optimizer.step()
        if self.average is not None:
            # at first the mean over all steps (of the stage), then an exponential mean, so that the initial weights are
            # forgotten
            now = self.settings.moment(self.step, self.steps)
            done = self.step - (now.first if now else 0)
            decay = min(self.settings.averaging, done / (done + 10))
            self.average.lerp_(self._flat(), 1 - decay)
        self.step += 1
        self.seconds += time.perf_counter() - start

    def _loss(self) -> tuple[Tensor, Tensor, Tensor]:
        """The next step's loss, log-probabilities [B, classes] and labels [B]."""
        now, smoothing = self.settings.moment(self.step, self.steps), self.settings.label_smoothing
        stage = self._enter(now) if now else None
        assert self._network is not None  # with stages: set by _enter
        self._network.train()
        images, labels, matrix = self.batches(self.step)
        with torch.autocast(self.group.device.type, torch.bfloat16, self.settings.precision == "bfloat16"):
            answer = self._network(images)
        if stage is None:
            log_probs = answer.float()
            return label_loss(log_probs, labels, smoothing), log_probs, labels
        loss = staged_loss(answer, labels, matrix, self.model, self._reader, stage, smoothing)
        return loss, answer.log_probs[0], labels

    def _watch(self, loss: Tensor, right: Tensor) -> None:
        """Clip the gradient, and add the step to the sums of the next report. Does not wait for the device."""
        parts = [self.model.transformer(point).localization for point in self.model.transformers]
        pulls = [get_total_norm([one.grad for one in part.parameters() if one.grad is not None]) for part in parts]
        longest = self.settings.clip_norm or math.inf
        norm = clip_grad_norm_(self.parameters.values(), longest)
        self._locating += self._stage is None or self.settings.stages[self._stage].learns != "reader"
        self._sums += torch.stack([loss, right.float()])
        self._norms += torch.stack([norm, *pulls])

    def _start_report(self) -> None:
        self._from, self._from_seconds, self._locating = self.step, self.seconds, 0
        self._sums = torch.zeros(2, device=self.group.device)
        self._norms = torch.zeros(1 + len(self.model.transformers), device=self.group.device)

    def report(self) -> Step:
        """Statistics of the steps since the last report.

        Raises:
            TrainingStopped: the training diverged: the loss, a gradient or a weight is not finite; or the loss has
                stayed far above that of guessing; or a transformer gets no gradient because its grid lies outside the
                image.
        """
        steps = self.step - self._from
        if not steps:
            raise ValueError("No step was trained since the last report.")
        sums, norms = (self.group.total(self._sums) / self.group.processes).tolist(), self._norms.tolist()
        weights = self._flat().abs().sum().item()
        seconds, loss = self.seconds - self._from_seconds, sums[0] / steps
        if not all(map(math.isfinite, (*sums, *norms, weights))):
            self._stop("diverged_gradient" if math.isfinite(sums[0]) else "diverged_loss")
        for point, pull in zip(self.model.transformers, norms[1:], strict=True):
            if pull == 0 and norms[0] > 0 and self._locating == steps:
                self._stop("diverged_outside", point=point)
        self._high_since = (
            None if loss < 2 * self.chance else self._from if self._high_since is None else self._high_since
        )
        if self._high_since is not None and self.step - self._high_since >= PATIENCE:
            self._stop("diverged_high", high=f"{2 * self.chance:.1f}")
        event = Step(
            step=self.step,
            steps=self.steps,
            loss=loss,
            accuracy=sums[1] * self.group.processes / (steps * self.settings.batch_size),
            samples_per_second=steps * self.settings.batch_size / max(seconds, 1e-9),
            learning_rate=self._last_rate,
            seconds=self.seconds,
        )
        self._start_report()
        self._good = self.state()
        return event

    def _stop(self, kind: str, **values: object) -> None:
        raise TrainingStopped(kind, self._good, step=self._good.step, **values)

    def result(self) -> Network:
        """A copy of the current network, with averaged weights if the run averages; eval mode, CPU."""
        model = copy.deepcopy(self.model).cpu().to(memory_format=torch.contiguous_format).requires_grad_(True)
        if self.average is not None:
            spread(self.average.cpu(), averaged(model))
        return model.eval()

    def state(self) -> State:
        """A copy of everything that resuming from here needs."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"readers.{name}": value for name, value in self.readers.state_dict().items()}
        for name, value in self.parameters.items():
            for key, moment in self.optimizer.state.get(value, {}).items():
                tensors[f"optimizer.{key}.{name}"] = moment
        if self.average is not None:
            tensors["average"] = self.average
        return State(
            settings=self.settings,
            step=self.step,
            learning_rate=self.learning_rate,
            seconds=self.seconds,
            digits=self._digits,
            processes=self.group.processes,
            tensors={name: value.detach().clone() for name, value in tensors.items()},
        )

    def _load(self, state: State) -> None:
        if state.settings != self.settings:
            expected, found = self.settings.to_dict(), state.settings.to_dict()
            name = next(name for name in expected if expected[name] != found[name])
            raise ValueError(
                f"The run to resume has {name} = {found[name]!r}, not {expected[name]!r}; the settings must be equal."
            )
        if state.digits != self._digits:
            raise ValueError("The run to resume was trained on other digits; use the same digits.")
        try:
            weights = {name: state.tensors[f"model.{name}"] for name in self.model.state_dict()}
            self.model.load_state_dict(weights)
            self.readers.load_state_dict({name: state.tensors[f"readers.{name}"] for name in self.readers.state_dict()})
            for name, value in self.parameters.items():
                if f"optimizer.step.{name}" not in state.tensors and (self.settings.stages or not state.step):
                    continue  # not trained yet
                self.optimizer.state[value] = {
                    "step": state.tensors[f"optimizer.step.{name}"].to(value.device, copy=True),
                    # in the memory layout of the weights, which the fused optimizer requires
                    "exp_avg": torch.zeros_like(value).copy_(state.tensors[f"optimizer.exp_avg.{name}"]),
                    "exp_avg_sq": torch.zeros_like(value).copy_(state.tensors[f"optimizer.exp_avg_sq.{name}"]),
                }
            if self.average is not None:
                self.average.copy_(state.tensors["average"])
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"The run to resume is damaged: {str(error).splitlines()[0]}.") from None
        self.step, self.learning_rate, self.seconds = state.step, state.learning_rate, state.seconds
