"""The training loop."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils import clip_grad_norm_, get_total_norm, vector_to_parameters

from ..data.digits import Digits
from ..model import Network, build_model
from .batches import Batches, derived_seed
from .distributed import Group
from .evaluation import evaluate
from .events import Evaluated, Event, Finished, Snapshot, Step, TrainingStopped
from .faults import RunError, sentence
from .settings import TrainingSettings
from .state import State, fingerprint

CHANCE = math.log(10)  # the loss of a network that knows nothing, nats
PATIENCE = 500  # steps that the loss may stay above twice that


class Trainer:
    """One run, a step at a time. ``advance`` trains, ``report`` looks at how it went; ``train`` drives both.

    Attributes:
        step, steps: steps done, and in all.
        learning_rate: at the top of the schedule; may be changed between two steps.
        model: the network in training. ``result()`` is the one to use.
        seconds: spent in ``advance``.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        digits: Digits,
        *,
        resume_from: State | None = None,
        group: Group = Group(),
    ):
        """Takes the training digits, of which ``settings.holdout`` stay apart. ValueError where these, the
        number of processes or the state to resume from do not fit the settings."""
        torch.set_flush_denormal(True)  # Adam's means decay through the denormals, which CPUs compute ten times slower
        self.settings, self.group = settings, group
        digits, self.holdout = split(digits, settings.holdout)
        if settings.batch_size % group.processes:
            raise ValueError(
                f"A batch of {settings.batch_size} does not divide among {group.processes} processes; choose another."
            )
        self.step, self.steps = 0, settings.steps(len(digits.labels))
        self.learning_rate, self.seconds = settings.learning_rate, 0.0
        self._digits = fingerprint(digits)
        self.batches = Batches(
            digits,
            settings.distort,
            settings.undistorted,
            settings.seed,
            settings.batch_size,
            group.device,
            group.rank,
            group.processes,
            part=lambda step: settings.poses(step / self.steps),
        )
        # channels last: with so few channels, CPU convolutions then run twice as fast
        self.model = untrained(settings).to(group.device, memory_format=torch.channels_last)
        self.parameters = dict(self.model.named_parameters())
        self.optimizer = self._optimizer()
        # what is averaged: the weights, and the running means and variances of batch normalisation
        buffers = [value for value in self.model.buffers() if value.is_floating_point()]
        self._averaged = [*self.parameters.values(), *buffers]
        self.average = self._flat() if settings.averaging else None
        if resume_from is not None:
            self._load(resume_from)
        self._network = group.wrap(self.model)
        self._high_since: int | None = None
        self._start_report()
        self._good = self.state()

    def _optimizer(self) -> torch.optim.AdamW:
        """Groups: the localization networks, with a learning rate of their own, and the rest; each with and
        without decay, which would pull a bias, so a whole transformer, towards zero."""
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
        """The learning rate of the next step: a linear rise, then half a cosine down to 0 at the end of the
        run."""
        progress, rise = (self.step + 0.5) / self.steps, self.settings.warm_up
        if progress < rise:
            return self.learning_rate * progress / rise
        return self.learning_rate * (1 + math.cos(math.pi * (progress - rise) / max(1 - rise, 1e-9))) / 2

    def advance(self) -> None:
        """Train one step."""
        start = time.perf_counter()
        rate, widening = self.rate(), self.settings.is_widening(self.step / self.steps)
        slower, self._last_rate = self.settings.widening_factor if widening else 1.0, rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"] * (slower if not group["locates"] else 1.0)
        self.model.train()
        images, labels = self.batches(self.step)
        with torch.autocast(self.group.device.type, torch.bfloat16, self.settings.precision == "bfloat16"):
            log_probs = self._network(images).float()
        loss, spread = F.nll_loss(log_probs, labels), self.settings.label_smoothing
        if spread:
            loss = (1 - spread) * loss - spread * log_probs.mean()
        self.optimizer.zero_grad()
        loss.backward()
        self._watch(loss.detach(), (log_probs.detach().argmax(1) == labels).sum())
        self.optimizer.step()
        if self.average is not None:
            # the mean over all steps at first, then a decaying one: the first weights do not linger
            decay = min(self.settings.averaging, self.step / (self.step + 10))
            self.average.lerp_(self._flat(), 1 - decay)
        self.step += 1
        self.seconds += time.perf_counter() - start

    def _watch(self, loss: Tensor, right: Tensor) -> None:
        """Shorten the gradient, and add the step to what is reported. Nothing here waits for the device."""
        pulls = [
            get_total_norm([value.grad for value in transformer.localization.parameters()])
            for transformer in self.model.transformers.values()
        ]
        longest = self.settings.clip_norm or math.inf
        norm = clip_grad_norm_(self.parameters.values(), longest)
        self._sums += torch.stack([loss, right.float()])
        self._norms += torch.stack([norm, *pulls])

    def _start_report(self) -> None:
        self._from, self._from_seconds = self.step, self.seconds
        self._sums = torch.zeros(2, device=self.group.device)
        self._norms = torch.zeros(1 + len(self.model.transformers), device=self.group.device)

    def report(self) -> Step:
        """How the steps since the last report went.

        Raises:
            TrainingStopped: they led nowhere: loss, gradient or weights not finite; the loss far above chance
                for long; or a transformer without any gradient, because it looks past the picture.
        """
        steps = self.step - self._from
        if not steps:
            raise ValueError("There is no step to report since the last report.")
        sums, norms = (self.group.total(self._sums) / self.group.processes).tolist(), self._norms.tolist()
        weights = self._flat().abs().sum().item()
        seconds, loss = self.seconds - self._from_seconds, sums[0] / steps
        if not all(map(math.isfinite, (*sums, *norms, weights))):
            self._stop("diverged_gradient" if math.isfinite(sums[0]) else "diverged_loss")
        for point, pull in zip(self.model.transformers, norms[1:], strict=True):
            if pull == 0 and norms[0] > 0:
                self._stop("diverged_outside", point=point)
        self._high_since = None if loss < 2 * CHANCE else self._from if self._high_since is None else self._high_since
        if self._high_since is not None and self.step - self._high_since >= PATIENCE:
            self._stop("diverged_high", high=f"{2 * CHANCE:.1f}")
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
        values["step"] = self._good.step
        raise TrainingStopped(sentence(kind, **values), self._good, kind, **values)

    def result(self) -> Network:
        """A copy of the network as it is now, with averaged weights where the run averages; eval mode,
        CPU."""
        model = copy.deepcopy(self.model).to("cpu", memory_format=torch.contiguous_format)
        if self.average is not None:
            buffers = [value for value in model.buffers() if value.is_floating_point()]
            vector_to_parameters(self.average.cpu(), [*model.parameters(), *buffers])
        return model.eval()

    def state(self) -> State:
        """A copy of everything that going on from here needs."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
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
            mine, its = self.settings.to_dict(), state.settings.to_dict()
            name = next(name for name in mine if mine[name] != its[name])
            raise ValueError(f"The run to resume has {name} = {its[name]!r}, not {mine[name]!r}; settings must agree.")
        if state.digits != self._digits:
            raise ValueError("The run to resume was trained on other digits; give the same ones.")
        try:
            weights = {name: state.tensors[f"model.{name}"] for name in self.model.state_dict()}
            self.model.load_state_dict(weights)
            for name, value in self.parameters.items() if state.step else ():
                self.optimizer.state[value] = {
                    "step": state.tensors[f"optimizer.step.{name}"].to(value.device, copy=True),
                    # in the memory layout of the weights, which the fused kernel takes for granted
                    "exp_avg": torch.zeros_like(value).copy_(state.tensors[f"optimizer.exp_avg.{name}"]),
                    "exp_avg_sq": torch.zeros_like(value).copy_(state.tensors[f"optimizer.exp_avg_sq.{name}"]),
                }
            if self.average is not None:
                self.average.copy_(state.tensors["average"])
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"The run to resume is damaged: {str(error).splitlines()[0]}.") from None
        self.step, self.learning_rate, self.seconds = state.step, state.learning_rate, state.seconds


def untrained(settings: TrainingSettings) -> Network:
    """The network of a run before its first step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(settings.seed, "weights"))
        return build_model(settings.model)


def split(digits: Digits, holdout: int) -> tuple[Digits, Digits]:
    """The training digits, and the last ``holdout`` of them, kept apart. RunError where none would be
    left."""
    kept = len(digits.labels) - holdout
    if kept < 1:
        raise RunError("settings_holdout", holdout=holdout, count=len(digits.labels))
    return Digits(*(part[:kept] for part in digits)), Digits(*(part[kept:] for part in digits))


def train(
    settings: TrainingSettings,
    digits: Digits,
    *,
    test: Digits | None = None,
    resume_from: State | None = None,
    group: Group = Group(),
    report_every: int = 20,
    evaluate_every: int = 0,
    snapshot_every: int = 0,
) -> Iterator[Event]:
    """Train, and tell: a ``Step`` every ``report_every`` steps, a ``Snapshot`` every ``snapshot_every`` (0:
    none), an ``Evaluated`` on the digits held out, else on ``test``, every ``evaluate_every`` (0: none), and
    ``Finished``.

    How often it tells does not change the weights. Raises as ``Trainer`` and ``Trainer.report`` do.
    """
    trainer = Trainer(settings, digits, resume_from=resume_from, group=group)
    yield from run(trainer, test, report_every, evaluate_every, snapshot_every)


def run(
    trainer: Trainer,
    test: Digits | None = None,
    report_every: int = 20,
    evaluate_every: int = 0,
    snapshot_every: int = 0,
) -> Iterator[Event]:
    """``train`` for a trainer at hand, which may be asked for its state or given another learning rate
    between two events."""

    def due(every: int) -> bool:
        return bool(every) and (trainer.step % every == 0 or trainer.done)

    name, measured = ("holdout", trainer.holdout) if trainer.settings.holdout else ("test", test)
    while not trainer.done:
        trainer.advance()
        if any(map(due, (report_every, evaluate_every, snapshot_every))):
            yield trainer.report()
        if due(snapshot_every):
            yield Snapshot(trainer.step, trainer.state())
        if due(evaluate_every) and measured is not None:
            yield Evaluated(trainer.step, name, evaluate(trainer.result(), measured, trainer.settings.distort))
    yield Finished(trainer.step, trainer.seconds, trainer.result(), trainer.state())
