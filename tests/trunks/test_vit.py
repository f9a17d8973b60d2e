import keras
import numpy as np
import pytest

from mtl_keras.trunks import vit
from tests.trunks.trunk_cases import counts


def test_counts():
    assert counts(vit(input_size=(28, 28)), (28, 28, 1)) == (139_018, 7.884)


def test_parameters_of_the_published_tiny_one():
    x = keras.Input((224, 224, 3))
    y = vit(192, 12, 3, 768, 16, input_size=(224, 224))(x)
    assert keras.Model(x, keras.layers.Dense(1000)(y)).count_params() == 5_717_416


def test_places_count_and_patches_are_tokens():
    """Without positions a transformer does not see the order of its tokens."""
    x = keras.Input((8, 8, 1))
    model = keras.Model(x, vit(8, 1, 2, 8, patch_size=4, input_size=(8, 8))(x))
    picture = np.random.default_rng(0).normal(size=(1, 8, 8, 1)).astype("float32")
    swapped = np.concatenate([picture[:, 4:], picture[:, :4]], axis=1)
    assert np.abs(model(picture) - model(swapped)).max() > 1e-4
    model.get_layer("vit_positions").positions.assign(np.zeros((1, 5, 8)))
    np.testing.assert_allclose(model(picture), model(swapped), atol=1e-5)


def test_dropout_is_within_the_blocks():
    x = keras.Input((8, 8, 1))
    model = keras.Model(x, vit(8, 2, 2, 8, dropout=0.5, input_size=(8, 8))(x))
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.5] * 4
    assert len(vit(depth=3).stages()) == 4


def test_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = keras.Input((8, 8, 1))
        model = keras.Model(x, vit(8, 1, 2, 8, input_size=(8, 8))(x))
    finally:
        keras.config.set_dtype_policy(policy)
    assert model(np.ones((2, 8, 8, 1))).dtype == "float16"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_size": (28, 30)}, r"multiples of patch_size=4\. Received: input_size=\(28, 30\)"),
        ({"width": 30}, r"multiple of num_heads=4\. Received: width=30"),
    ],
)
def test_numbers_that_do_not_divide(options, message):
    with pytest.raises(ValueError, match=message):
        vit(**options)
