"""One step of training: learning rates, averages, smoothed labels, precision, weight decay; each compared with its formula."""

import pytest
import torch
from training_helpers import SHORT, assert_same

from stn_demo.training import Trainer


def test_the_localization_network_has_a_learning_rate_of_its_own(digits):
    trainer = Trainer(SHORT.but(localization_factor=0.0), digits)
    before = {name: value.detach().clone() for name, value in trainer.model.named_parameters()}
    for _ in range(3):
        trainer.advance()
    for name, value in trainer.model.named_parameters():
        assert torch.equal(value, before[name]) == (".localization." in name), name


def test_averaged_weights_are_a_mean_over_the_steps(digits):
    trainer = Trainer(SHORT.but(averaging=0.5), digits)
    mean = None
    for decay in (0.0, 1 / 11, 2 / 12, 3 / 13):  # min(0.5, t / (t + 10))
        trainer.advance()
        now = torch.cat([value.detach().flatten() for value in trainer.model.parameters()])
        mean = now if mean is None else decay * mean + (1 - decay) * now
    result = torch.cat([value.detach().flatten() for value in trainer.result().parameters()])
    torch.testing.assert_close(result, mean)


def test_batch_normalisation_statistics_are_averaged_and_resumed(digits):
    settings = SHORT.but(averaging=0.5, epochs=0.5, classifier="deep", localization="deep")
    trainer, mean = Trainer(settings, digits), None
    for decay in (0.0, 1 / 11, 2 / 12):
        trainer.advance()
        now = trainer.model.classifier.stages["input"][1][1].running_mean.clone()
        mean = now if mean is None else decay * mean + (1 - decay) * now
    assert mean.abs().max() > 0.01
    torch.testing.assert_close(trainer.result().classifier.stages["input"][1][1].running_mean, mean)
    resumed = Trainer(settings, digits, resume_from=trainer.state())
    for one in (trainer, resumed):
        one.advance()
    assert_same(trainer.state().tensors, resumed.state().tensors)


def test_smoothed_labels_are_the_cross_entropy_that_torch_computes(digits):
    trainer = Trainer(SHORT.but(label_smoothing=0.2, clip_norm=0.0, averaging=0.0), digits)
    images, labels, _ = trainer.batches(0)
    log_probs = trainer.model(images)
    expected = torch.nn.functional.cross_entropy(log_probs, labels, label_smoothing=0.2)
    trainer.advance()
    assert trainer.report().loss == pytest.approx(expected.item(), rel=1e-5)


def test_in_bfloat16_theta_and_grid_stay_exact_and_the_network_learns_the_same(digits):
    settings = SHORT.but(classifier="deep", localization="deep", epochs=4)
    exact, short = (Trainer(settings.but(precision=name), digits) for name in ("float32", "bfloat16"))
    seen = []
    transformer = short.model.transformers["input"]
    transformer.grid.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
    transformer.localization.fc.register_forward_hook(lambda module, inputs, output: seen.append(output))
    while not short.done:
        short.advance()
        exact.advance()
    hidden, (theta, grid) = seen[-2:]
    assert hidden.dtype == torch.bfloat16 and theta.dtype == grid.dtype == torch.float32
    assert all(value.dtype == torch.float32 for value in short.result().parameters())
    assert short.report().loss == pytest.approx(exact.report().loss, rel=0.1)


def test_decay_shrinks_weights_and_leaves_biases(digits):
    settings = SHORT.but(learning_rate=1e-3, warm_up=0.0)
    ends = [Trainer(settings.but(weight_decay=decay), digits) for decay in (0.0, 10.0)]
    for trainer in ends:
        trainer.advance()
    plain, decayed = (dict(trainer.model.named_parameters()) for trainer in ends)
    start = dict(Trainer(settings, digits).model.named_parameters())
    for name in plain:
        shrunk = 10.0 * ends[0].optimizer.param_groups[0]["lr"] * start[name] if plain[name].dim() > 1 else 0.0
        torch.testing.assert_close(decayed[name], plain[name] - shrunk, atol=1e-6, rtol=1e-4)
