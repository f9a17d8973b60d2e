import keras
import numpy as np
import pytest
from scipy.special import expit

from mtl_keras.heads import reconstruction
from tests.heads import missing

RANDOM = np.random.default_rng(0)
OUTPUTS = RANDOM.normal(size=(4, 3, 5, 2)).astype("float32")
PICTURES = RANDOM.random((4, 3, 5, 2)).astype("float32")


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_single_values_may_be_missing(loss):
    head = reconstruction((3, 5, 2), loss=loss)
    holes = PICTURES.copy()
    holes[RANDOM.random(PICTURES.shape) < 0.3] = np.nan
    holes[1] = np.nan
    outputs = OUTPUTS.astype("float64")
    made = outputs if loss == "mse" else expit(outputs)
    squares = (made - holes) ** 2
    terms = squares if loss == "mse" else np.log1p(np.exp(outputs)) - holes * outputs
    seen = ~np.isnan(holes)
    # A pixel is the mean over its channels, the loss the mean over the pixels that have one.
    pixels = [t[s].mean() for t, s in zip(terms.reshape(-1, 2), seen.reshape(-1, 2)) if s.any()]
    value, gradient = missing.mean_and_gradient(head.loss, holes, OUTPUTS)
    assert value == pytest.approx(np.mean(pixels), rel=1e-5)
    assert ((gradient != 0) == seen).all()
    assert missing.scores(head.loss, head.metrics, holes, OUTPUTS) == {
        "psnr": pytest.approx(-10 * np.log10(squares[seen].mean()), rel=1e-5)
    }
    missing.check_nothing_labelled(head.loss, PICTURES, OUTPUTS)
    missing.check_fillers_cannot_leak(head.loss, PICTURES, OUTPUTS, [np.nan, np.inf, 1e30])


@pytest.mark.parametrize("features", [(7,), (4, 4, 3), (2, 5, 3), (28, 28, 3), (1, 1, 8)])
def test_vectors_and_maps_become_pictures(features):
    x = keras.Input(features)
    model = keras.Model(x, reconstruction((28, 28, 1), width=2, name="copy")(x))
    assert model.output.shape == (None, 28, 28, 1)
    assert model.layers[-1].name == "copy"
    assert model(np.zeros((2, *features), "float32")).shape == (2, 28, 28, 1)


def test_it_learns_to_copy():
    """Eight pictures that differ, from a feature map too small for them."""
    keras.utils.set_random_seed(0)
    pictures = RANDOM.integers(0, 2, (8, 2, 2, 1)).repeat(4, axis=1).repeat(4, axis=2)
    x = keras.Input((8,))
    head = reconstruction((8, 8, 1), width=8, loss="bce")
    model = keras.Model(x, head(x))
    model.compile(keras.optimizers.Adam(0.03), head.loss, metrics=head.metrics, jit_compile=False)
    before = model.evaluate(np.eye(8), pictures, verbose=0, return_dict=True)
    model.fit(np.eye(8), pictures, epochs=40, verbose=0)
    after = model.evaluate(np.eye(8), pictures, verbose=0, return_dict=True)
    assert before["psnr"] < 8
    assert after["psnr"] > 15


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (8, 8)}, r"`shape` must be \(height, width, channels\)"),
        ({"shape": (8, 8, 1), "width": 0}, "`width` must be a whole number >= 1"),
        ({"shape": (8, 8, 1), "loss": "mae"}, "Unknown loss of a reconstruction 'mae'.*mse"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        reconstruction(**options)


@pytest.mark.parametrize("features", [(9, 4, 2), (None, None, 2), (3, 2)])
def test_features_that_do_not_fit(features):
    with pytest.raises(ValueError, match=r"not larger than the picture, 8 x 8. Received: shape"):
        reconstruction((8, 8, 1))(keras.Input(features))
