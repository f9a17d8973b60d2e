import keras

from mtl_keras.trunks import inception


def test_parameters_are_the_published_ones():
    """1,649,402 in table 1 of Zhang et al., whose normalisation learns no scale."""
    x = keras.Input((28, 28, 3))
    model = keras.Model(x, keras.layers.Dense(10)(inception()(x)))
    learned = sum(v.shape.num_elements() for v in model.trainable_variables if v.name != "gamma")
    assert learned == 1_649_402


def test_any_size():
    trunk = inception(width=1, pooling=None)
    sizes = [trunk(keras.Input((*size, 3))).shape[1:] for size in ((32, 32), (29, 1))]
    assert sizes == [(8, 8, 21), (8, 1, 21)]
