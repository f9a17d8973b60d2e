import keras
import numpy as np
import pytest

from mtl_keras.text import Positions, transformer


def reference(branch, tokens, heads):
    """The paper's formulas in NumPy on one text without padding, float64."""

    def norm(x, name):
        gamma, beta = weights(name)
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(
            x.var(-1, keepdims=True) + 1e-6
        ) * gamma + beta

    def weights(name):
        layer = branch.get_layer(f"transformer_{name}")
        return [w.astype("float64") for w in layer.get_weights()]

    def attention(x, name):
        q, bq, k, bk, v, bv, o, bo = weights(name)
        query, key, value = (np.einsum("tw,whd->htd", x, m) + b[:, None] for m, b in
                             ((q, bq), (k, bk), (v, bv)))  # fmt: skip
        scores = np.einsum("htd,hsd->hts", query, key) / np.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return np.einsum("hts,hsd,hdw->tw", scores, value, o) + bo

    def gelu(x):
        from scipy.stats import norm as normal

        return x * normal.cdf(x)

    x = weights("vectors")[0][tokens] + weights("positions")[0][: len(tokens)]
    x = x + attention(norm(x, "block0_attention_norm"), "block0_attention")
    wide, bias = weights("block0_mlp_wide")
    narrow, shift = weights("block0_mlp")
    x = x + gelu(norm(x, "block0_mlp_norm") @ wide + bias) @ narrow + shift
    return norm(x, "norm").mean(0)


def test_is_the_encoder_of_the_paper():
    x = keras.Input((None,), dtype="int32")
    branch = keras.Model(x, transformer(9, width=6, depth=1, heads=2, max_length=8)(x))
    for variable in branch.trainable_variables:
        variable.assign(keras.random.normal(variable.shape))
    tokens = [3, 8, 1, 5]
    found = branch(np.array([[*tokens, 0, 0]]))[0]
    np.testing.assert_allclose(found, reference(branch, tokens, 2), atol=1e-4)


def test_parameters():
    """A block: 4d² + 4d (attention), 2dm + m + d (dense), 4d (norms); then 2d and the tables."""
    d, m, words, positions = 8, 20, 9, 11
    x = keras.Input((5,), dtype="int32")
    options = {"width": d, "depth": 3, "heads": 4, "mlp_width": m, "max_length": positions}
    block = 4 * d * d + 4 * d + 2 * d * m + m + d + 4 * d
    wanted = 3 * block + 2 * d + (words + positions) * d
    assert keras.Model(x, transformer(words, **options)(x)).count_params() == wanted


def test_positions_count_the_words_only():
    layer = Positions(4)
    tokens = np.array([[7, 8, 9, 0], [0, 7, 8, 9], [7, 0, 8, 9]])
    added = layer([np.zeros((3, 4, 2), "float32"), tokens]).numpy()
    wanted = layer.positions.numpy()[:3]
    for row, ids in zip(added, tokens):
        np.testing.assert_array_equal(row[ids > 0], wanted)


def test_bad_input():
    with pytest.raises(ValueError, match=r"must divide `width`\. Received: heads=3, width=8"):
        transformer(9, width=8, heads=3)
    with pytest.raises(ValueError, match=r"Received: max_length=4, texts of 5 tokens"):
        transformer(9, max_length=4)(keras.Input((5,), dtype="int32"))
