import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

from mtl_keras.evaluation import cost
from mtl_keras.text import BagOfWords, bag_of_words

TEXTS = ["a good film", "a bad bad film", "good good plot", "the plot of the film", "unheard"]
IDS = st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), min_size=2, max_size=5)


def test_is_what_scikit_learn_computes():
    reference = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b")
    wanted = reference.fit_transform(TEXTS[:4])
    words = list(reference.get_feature_names_out())
    vectorizer = keras.layers.TextVectorization(vocabulary=words, output_sequence_length=6)
    layer = BagOfWords(len(words) + 2, idf=True, normalize=True)
    layer.adapt(vectorizer(TEXTS[:4]))
    found = layer(vectorizer(TEXTS)).numpy()
    assert not found[:, :2].any()
    np.testing.assert_allclose(found[:4, 2:], wanted.toarray(), atol=1e-6)
    assert not found[4].any()


@settings(max_examples=10, deadline=None)
@given(ids=IDS, binary=st.booleans(), idf=st.booleans(), normalize=st.booleans())
def test_words_and_pairs_for_any_texts(ids, binary, idf, normalize):
    """Against scikit-learn's weights over counts by hand; no two pairs share a bucket."""
    ids, buckets = np.array(ids, "int32"), 500
    options = {"binary": binary, "idf": idf, "normalize": normalize, "stop_ids": [5]}
    layer = BagOfWords(10, pairs=buckets, **options)
    if idf:
        layer.adapt(ids)
    pairs = [pair for pair in itertools.product(range(10), repeat=2) if {0, 1, 5}.isdisjoint(pair)]
    counts = np.array(
        [
            [(row == word).sum() * (word not in (0, 1, 5)) for word in range(10)]
            + [sum(pair == both for both in itertools.pairwise(row)) for pair in pairs]
            for row in ids
        ]
    )
    reference = TfidfTransformer(norm="l2" if normalize else None, use_idf=idf).fit(counts)
    wanted = reference.transform(np.minimum(counts, 1) if binary else counts).toarray()
    found = layer(ids).numpy()
    np.testing.assert_allclose(found[:, :10], wanted[:, :10], atol=1e-5)
    for row, other in zip(found, wanted):
        np.testing.assert_allclose(np.sort(row[10:])[-49:], np.sort(other[10:]), atol=1e-5)


def test_pairs_know_their_order_and_spread_over_the_buckets():
    layer = BagOfWords(200, pairs=1000)
    ids = np.array(list(itertools.permutations(range(2, 200), 2)))
    buckets = layer(ids).numpy()[:, 200:].argmax(1)
    sizes = np.bincount(buckets, minlength=1000)
    # 39 pairs a bucket; were it random, the standard deviation would be about 6.
    assert sizes.sum() == len(ids)
    assert sizes.std() < 9
    assert (buckets[:197] != layer(ids[:197, ::-1]).numpy()[:, 200:].argmax(1)).mean() > 0.95


def test_xla_counts_the_same():
    layer = BagOfWords(10, pairs=20)
    ids = np.random.default_rng(0).integers(0, 10, (3, 7), "int32")
    compiled = tf.function(layer, jit_compile=True)
    np.testing.assert_array_equal(compiled(tf.constant(ids)), layer(ids))


def test_a_data_set_of_batches_teaches_the_same():
    ids = np.random.default_rng(0).integers(0, 20, (300, 5))
    one, other = (BagOfWords(20, pairs=7, idf=True) for _ in range(2))
    one.adapt(ids)
    other.adapt(tf.data.Dataset.from_tensor_slices(ids).batch(32))
    np.testing.assert_array_equal(one.scale, other.scale)


def test_with_a_dense_head_it_is_logistic_regression():
    """The solution of scikit-learn is where the gradient of the Keras model vanishes."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    ids = rng.integers(0, 8, (60, 5))
    labels = (ids == 3).any(1) ^ (rng.random(60) < 0.1)
    branch, x = bag_of_words(8), keras.Input((5,), dtype="int32")
    penalty = keras.regularizers.L2(1 / (2 * 60))
    head = keras.layers.Dense(1, kernel_regularizer=penalty)
    model = keras.Model(x, head(branch(x)))
    solved = LogisticRegression(C=1.0, tol=1e-8).fit(branch.bag(ids).numpy(), labels)
    head.set_weights([solved.coef_.T, solved.intercept_])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        total = loss(labels[:, None], model(ids)) + sum(model.losses)
    for gradient in tape.gradient(total, [v.value for v in head.trainable_variables]):
        np.testing.assert_allclose(gradient, np.zeros(gradient.shape), atol=1e-4)


def test_its_cost_is_that_of_the_dense_head():
    x = keras.Input((6,), dtype="int32")
    model = keras.Model(x, keras.layers.Dense(3)(bag_of_words(20, pairs=10)(x)))
    found = cost(model)
    assert (found.flops, found.trainable_parameters) == (2 * 30 * 3, 30 * 3 + 3)


def test_what_is_learned_is_saved(tmp_path):
    branch = bag_of_words(20, pairs=9, idf=True, normalize=True, stop_ids=np.array([4, 7]))
    ids = np.random.default_rng(0).integers(0, 20, (30, 5))
    branch.adapt(ids)
    x = keras.Input((None,), dtype="int32")
    model = keras.Model(x, branch(x))
    model.save(tmp_path / "bag.keras")
    again = keras.saving.load_model(tmp_path / "bag.keras")
    np.testing.assert_array_equal(again(ids), model(ids))
    assert not model.trainable_variables


def test_large_counts_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = BagOfWords(3, normalize=True)(np.full((1, 400), 2))
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(found, [[0, 0, 1]], atol=1e-6)


def test_bad_input():
    with pytest.raises(ValueError, match=r"`stop_ids` must hold ids below 9\. Received: \[9\]"):
        bag_of_words(9, stop_ids=[2, 9])
    with pytest.raises(ValueError, match=r"call `adapt\(ids\)` before"):
        bag_of_words(9, idf=True)(keras.Input((4,), dtype="int32"))
    with pytest.raises(ValueError, match=r"`idf=True` learns\. Received: idf=False"):
        bag_of_words(9).adapt(np.ones((2, 3), "int32"))
    with pytest.raises(ValueError, match=r"`data` must hold at least one text"):
        bag_of_words(9, idf=True).adapt(np.ones((0, 3), "int32"))
