import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.evaluation.cost import cost, flops

layers = keras.layers


def model_of(layer, shape, **options):
    x = keras.Input(shape, **options)
    return keras.Model(x, layer(x))


# Counted by hand: 2 * (output positions) * (output channels) * (window) * (input channels).
BY_HAND = {
    "dense": (layers.Dense(7), (5,), 2 * 5 * 7),
    "dense_over_positions": (layers.Dense(7), (3, 5), 2 * 3 * 5 * 7),
    "conv1d": (layers.Conv1D(4, 3), (10, 6), 2 * 8 * 4 * 3 * 6),
    "conv1d_causal": (layers.Conv1D(4, 3, padding="causal"), (10, 6), 2 * 10 * 4 * 3 * 6),
    "conv2d": (layers.Conv2D(4, (3, 5)), (8, 9, 2), 2 * 6 * 5 * 4 * 15 * 2),
    "conv2d_strided": (layers.Conv2D(4, 3, 2, "same"), (9, 9, 2), 2 * 25 * 4 * 9 * 2),
    "conv2d_dilated": (layers.Conv2D(4, 3, dilation_rate=2), (9, 9, 2), 2 * 25 * 4 * 9 * 2),
    "conv2d_grouped": (layers.Conv2D(6, 3, groups=2), (8, 8, 4), 2 * 36 * 6 * 9 * 2),
    "conv3d": (layers.Conv3D(3, 2), (4, 4, 4, 2), 2 * 27 * 3 * 8 * 2),
    "depthwise1d": (layers.DepthwiseConv1D(3, depth_multiplier=2), (8, 4), 2 * 6 * 8 * 3),
    "depthwise2d": (
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        (8, 8, 4),
        2 * 36 * 8 * 9,
    ),
    "depthwise2d_dilated": (layers.DepthwiseConv2D(3, dilation_rate=2), (9, 9, 4), 2 * 25 * 4 * 9),
    "separable": (layers.SeparableConv2D(5, 3), (8, 8, 4), 2 * 36 * 4 * 9 + 2 * 36 * 4 * 5),
    "transpose1d": (layers.Conv1DTranspose(5, 3, 2), (4, 6), 2 * 4 * 6 * 3 * 5),
    "transpose2d": (layers.Conv2DTranspose(5, 3, 2), (4, 4, 6), 2 * 16 * 6 * 9 * 5),
    "transpose3d": (layers.Conv3DTranspose(5, 3, 2), (2, 2, 2, 6), 2 * 8 * 6 * 27 * 5),
    "einsum": (layers.EinsumDense("abc,cde->abde", (3, 4, 5)), (3, 6), 2 * 3 * 6 * 4 * 5),
    "einsum_ellipsis": (layers.EinsumDense("...x,xy->...y", 5), (3, 6), 2 * 3 * 6 * 5),
    "lstm": (layers.LSTM(5), (7, 3), 2 * 7 * 4 * 5 * (3 + 5)),
    "lstm_unrolled": (layers.LSTM(5, unroll=True), (7, 3), 2 * 7 * 4 * 5 * (3 + 5)),
    "gru": (layers.GRU(5, return_sequences=True), (7, 3), 2 * 7 * 3 * 5 * (3 + 5)),
    "bidirectional": (layers.Bidirectional(layers.LSTM(5)), (7, 3), 4 * 7 * 4 * 5 * (3 + 5)),
    "free": (layers.GlobalAveragePooling2D(), (8, 8, 3), 0),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_flops_by_hand(name):
    layer, shape, expected = BY_HAND[name]
    assert flops(model_of(layer, shape)) == expected


def test_attention_by_hand():
    length, width, heads, key = 6, 10, 2, 4
    x = keras.Input((length, width))
    model = keras.Model(x, layers.MultiHeadAttention(heads, key)(x, x))
    projections = 4 * length * width * heads * key
    products = 2 * heads * length * length * key
    assert flops(model) == 2 * (projections + products)


def test_masked_recurrent_layer_turns_for_every_position():
    x = keras.Input((7,), dtype="int32")
    embedded = layers.Embedding(20, 3, mask_zero=True)(x)
    assert flops(keras.Model(x, layers.GRU(5)(embedded))) == 2 * 7 * 3 * 5 * (3 + 5)


def test_resnet50_is_of_the_published_order():
    """He et al. 2016 give 3.8e9 multiply-adds; 4.1e9 with the stride in the 3x3 convolution."""
    found = cost(keras.applications.ResNet50(weights=None))
    assert found.parameters == 25_636_712
    assert found.trainable_parameters == 25_583_592
    assert 3.8e9 <= found.flops / 2 <= 4.1e9


def test_shared_and_nested_layers():
    """A layer called twice works twice and is stored once."""
    body = keras.Sequential([layers.Dense(4), layers.Dense(4, trainable=False)])
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    found = cost(keras.Model({"a": a, "b": b}, {"u": body(a), "v": body(b)}))
    assert found == (40, 20, 2 * 2 * (16 + 16))


def test_what_no_output_needs_is_not_counted():
    x = keras.Input((5,))

    class Wasteful(layers.Layer):
        def call(self, x):
            keras.ops.matmul(keras.ops.transpose(x), x)
            return x

    assert flops(keras.Model(x, Wasteful()(x))) == 0


def test_functions_conditions_and_loops():
    kernel = np.ones((5, 5), "float32")

    class Nested(layers.Layer):
        def call(self, x):
            product = tf.function(lambda v: tf.matmul(v, kernel))
            dear = tf.cond(tf.reduce_sum(x) > 0, lambda: product(product(x)), lambda: product(x))
            return tf.while_loop(
                lambda i, v: i < 3,
                lambda i, v: (i + 1, product(v)),
                (0, dear),
                maximum_iterations=3,
            )[1]

    assert flops(model_of(Nested(), (5,))) == 2 * 25 * (2 + 3)


def test_a_loop_without_end_is_refused():
    kernel = np.ones((5, 5), "float32")

    class Endless(layers.Layer):
        def call(self, x):
            small = lambda v: tf.reduce_sum(v) < 9  # noqa: E731
            return tf.while_loop(small, lambda v: (tf.matmul(v, kernel),), (x,))[0]

    with pytest.raises(ValueError, match="how often it"):
        flops(model_of(Endless(), (5,)))


def test_open_shapes():
    model = model_of(layers.Conv2D(4, 3, padding="same"), (None, None, 3), name="picture")
    with pytest.raises(ValueError, match=r"open shape.*input_shapes"):
        flops(model)
    assert flops(model, {"picture": (8, 8, 3)}) == 2 * 64 * 4 * 27
    with pytest.raises(ValueError, match="'text'"):
        flops(model, {"text": (8,)})


def test_batch_size_of_the_input_does_not_matter():
    x = keras.Input(batch_shape=(32, 5))
    assert flops(keras.Model(x, layers.Dense(7)(x))) == 2 * 5 * 7
