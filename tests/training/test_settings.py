"""Settings as data: they survive JSON, and wrong ones are refused with a sentence that names the field."""

import pytest

from stn_demo.data.distortions import Distortion
from stn_demo.training import RECIPES, TrainingSettings


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_survive_json(name):
    assert TrainingSettings.from_json(RECIPES[name].to_json()) == RECIPES[name]


def test_custom_distortion_survives_json():
    settings = TrainingSettings(distortion={"rotation": 30.0, "scale": [0.8, 1.1], "shift": "ink"})
    assert settings.distort == Distortion(rotation=30.0, scale=(0.8, 1.1), shift="ink")
    assert TrainingSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": float("nan")}, "epochs is nan"),
        ({"batch_size": 1.5}, "batch_size is 1.5; give a whole number"),
        ({"batch_size": True}, "batch_size"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"averaging": 1}, "averaging"),
        ({"data": "svhn"}, "choose one of mnist, handwriting"),
        ({"distortion": "q"}, "choose one of none, pose"),
        ({"distortion": {"spin": 3}}, "Unknown field 'spin' in the distortion"),
        ({"distortion": {"rotation": "x"}}, "distortion"),
        ({"distortion": "rts"}, "42 px, but the model's input_size is 28"),
        ({"undistorted": 0.1, "distortion": "tc", "model": {"input_size": 60}}, "undistorted is 0.1, but"),
        ({"settling": 0.7, "widening": 0.7}, "settling is 0.7"),
        ({"precision": "float8"}, "choose one of float32, bfloat16"),
        ({"label_smoothing": 1}, "label_smoothing"),
        ({"momentum": 0.9}, "Unknown field 'momentum' in the training settings"),
        ({"model": {"transform": "spiral"}}, "transform is 'spiral'"),
        ({"model": {"sampler": "nearest"}}, "nearest sampler has no gradient"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence_that_names_the_field(values, expected):
    with pytest.raises(ValueError, match=expected):
        TrainingSettings.from_dict(values)


def test_nearest_sampler_is_refused_only_with_a_transformer():
    assert TrainingSettings().but(sampler="nearest", placement=()).model.sampler == "nearest"
