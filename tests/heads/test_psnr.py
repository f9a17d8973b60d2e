import keras
import numpy as np
import pytest
from scipy.special import logit
from skimage.metrics import peak_signal_noise_ratio

from mtl_keras import losses, metrics
from mtl_keras.heads import PSNR

RANDOM = np.random.default_rng(0)
TRUE = RANDOM.random((5, 4, 6, 3)).astype("float32")
MADE = np.clip(TRUE + RANDOM.normal(0, 0.1, TRUE.shape), 0.01, 0.99).astype("float32")


@pytest.mark.parametrize("from_logits", [False, True])
def test_of_all_pixels_over_batches(from_logits):
    metric = PSNR(from_logits=from_logits)
    for half in (slice(0, 2), slice(2, None)):
        metric.update_state(TRUE[half], logit(MADE[half]) if from_logits else MADE[half])
    expected = peak_signal_noise_ratio(TRUE, MADE, data_range=1)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    assert not metric.variables[0].numpy()


def test_missing_pixels_are_left_out():
    holes = TRUE.copy()
    gone = RANDOM.random(TRUE.shape) < 0.3
    holes[gone] = np.nan
    loss = keras.losses.MeanSquaredError()
    labels, mask, _ = losses.prepare("task", loss, holes, MADE)
    metric = PSNR()
    metrics.update_metric(metric, labels, mask, None, keras.ops.array(MADE))
    expected = peak_signal_noise_ratio(TRUE[~gone], MADE[~gone], data_range=1)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_its_config():
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(PSNR(from_logits=True, name="quality"))
    )
    assert (again.from_logits, again.name) == (True, "quality")
