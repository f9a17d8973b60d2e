import keras
import numpy as np
import pytest

from mtl_keras.fusion import Part, cross_attention_fusion

from .fusion_cases import close, prepared, weights

LENGTH, WIDTH = 4, 6


def build(num_heads=1):
    """A map of 2x2 places, and word vectors with padding; both may be absent."""
    image, ids = keras.Input((2, 2, 3)), keras.Input((LENGTH,), dtype="int32")
    masks = [keras.Input((), dtype="bool") for _ in range(2)]
    words = keras.layers.Embedding(9, 5, mask_zero=True, name="words")(ids)
    parts = {"a": Part(image, masks[0]), "b": Part(words, masks[1])}
    joined = cross_attention_fusion(WIDTH, num_heads)(parts)
    model = keras.Model([image, ids, *masks], joined)
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(random.normal(size=variable.shape))
    return model


def rows():
    random = np.random.default_rng(1)
    image = random.normal(size=(4, 2, 2, 3)).astype("float32")
    ids = np.array([[1, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0], [8, 1, 2, 0]])
    return image, ids, np.array([1, 1, 0, 1], bool), np.array([1, 1, 1, 0], bool)


def attend(model, key, x, other, mask):
    """Single-head attention with residual and normalisation, in float64."""
    w_q, b_q, w_k, b_k, w_v, b_v, w_o, b_o = weights(model, f"attention_{key}")
    q, k, v = (
        np.einsum("btd,dhk->bthk", s, w)[:, :, 0] + b[0]
        for s, w, b in ((x, w_q, b_q), (other, w_k, b_k), (other, w_v, b_v))
    )
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(WIDTH)
    scores = np.where(mask[:, None], scores, -np.inf)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    x = x + (scores @ v) @ w_o[0] + b_o
    gamma, beta = weights(model, f"attended_{key}")
    centred = x - x.mean(-1, keepdims=True)
    return gamma * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) + beta


def test_follows_the_equations():
    model, (image, ids, there, told) = build(), rows()
    words = np.float64(model.get_layer("words").embeddings.numpy())[ids]
    a = prepared(model, "a", image.reshape(4, 4, 3), there)
    b = prepared(model, "b", words, told)
    (w_a, b_a), (w_b, b_b) = weights(model, "dense_a"), weights(model, "dense_b")
    a, b, real, every = a @ w_a + b_a, b @ w_b + b_b, ids != 0, np.ones((4, 4), bool)
    first = attend(model, "a", a, b, real).mean(axis=1)
    second = attend(model, "b", b, a, every)
    second = (second * real[..., None]).sum(axis=1) / real.sum(axis=1, keepdims=True)
    kernel, bias = weights(model, "dense")
    wanted = np.maximum(np.concatenate([first, second], axis=1) @ kernel + bias, 0)
    close(model([image, ids, there, told]), wanted)


def test_padding_and_absent_tokens_have_no_influence():
    model, (image, ids, there, told) = build(num_heads=2), rows()
    found = np.array(model([image, ids, there, told]))
    other, longer = image.copy(), ids.copy()
    other[2] = 9.0  # absent
    longer[3] = [1, 1, 1, 0]  # absent
    np.testing.assert_allclose(model([other, longer, there, told]), found, rtol=1e-5)
    longer[0] = [1, 2, 4, 3]  # a mean and a softmax know no order
    np.testing.assert_allclose(model([other, longer, there, told]), found, rtol=1e-4, atol=1e-5)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match=r"multiple of `num_heads`.*width=10, num_heads=4"):
        cross_attention_fusion(10)
