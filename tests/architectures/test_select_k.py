import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_keras.architectures import SelectK
from mtl_keras.architectures.select_k import smooth_step


def built(n, k=1, **options):
    select = SelectK(["a"], [str(i) for i in range(n)], k=k, **options)
    width = [(None, 3)] if options.get("per_example") else []
    select.build([*width, *[(None, 2)] * n])
    return select


def choose(select, *z, w=None):
    select.z.assign([np.reshape(z, (select.k, -1))])
    if w is not None:
        select.w.assign([w])
    return select.mixing().numpy()[0]


def penalty(select):
    return float(select._penalty(select._selectors(None)[0]))


@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.5])
def test_smooth_step(gamma):
    t = np.linspace(-gamma, gamma, 41).astype("float32")
    u = t.astype(float) / gamma
    wanted = np.where(u <= -0.5, 0, np.where(u >= 0.5, 1, -2 * u**3 + 1.5 * u + 0.5))
    np.testing.assert_allclose(smooth_step(t, gamma), wanted, rtol=0, atol=1e-6)
    assert smooth_step(np.float32([gamma / 2, -gamma / 2]), gamma).numpy().tolist() == [1, 0]
    variable = tf.constant([0.0, gamma / 2, -gamma / 2])
    with tf.GradientTape() as tape:
        tape.watch(variable)
        y = smooth_step(variable, gamma)
    np.testing.assert_allclose(tape.gradient(y, variable), [1.5 / gamma, 0, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("n", "z", "wanted"),
    [
        (4, (0.6, -0.6), (0, 0, 1, 0)),
        (4, (0.0, 0.0), (0.25, 0.25, 0.25, 0.25)),
        (4, (0.25, -0.25), (0.1318, 0.0244, 0.7119, 0.1318)),
        (3, (0.0, 0.0), (0.25, 0.25, 0.25)),
        (3, (0.6, 0.6), (0, 0, 0)),
        (5, (0.0, 0.0, 0.0), (0.125,) * 5),
    ],
)
def test_worked_cases(n, z, wanted):
    np.testing.assert_allclose(choose(built(n), *z), wanted, rtol=0, atol=1e-4)


def test_two_selectors():
    """softmax(w) = (1/4, 3/4), selectors on experts 2 and 1."""
    found = choose(built(4, k=2), 0.6, -0.6, -0.6, 0.6, w=[0.0, np.log(3)])
    np.testing.assert_allclose(found, [0, 0.75, 0.25, 0], rtol=1e-6)
    same = choose(built(4, k=2), 0.6, -0.6, 0.6, -0.6)
    np.testing.assert_allclose(same, [0, 0, 1, 0], rtol=1e-6)


def test_a_made_choice_has_no_gradient():
    select = built(4)
    choose(select, 0.6, -0.7)
    parts = [np.full((2, 2), float(i + 1), "float32") for i in range(4)]
    with tf.GradientTape() as tape:
        y = select(parts)
    np.testing.assert_array_equal(y, parts[2])
    assert not np.any(tape.gradient(y, select.z.value))


def test_penalties():
    select = built(4)
    select.entropy_weight.assign(1.0)
    choose(select, 0.0, 0.0)
    assert penalty(select) == pytest.approx(np.log(4), abs=1e-4)
    choose(select, 0.6, 0.6)
    assert penalty(select) == pytest.approx(0, abs=1e-5)
    three = built(3)
    choose(three, 0.0, 0.0)
    assert penalty(three) == pytest.approx(4 / 3, rel=1e-5)
    choose(three, 0.6, 0.6)
    assert np.isfinite(penalty(three))
    assert penalty(three) > 100
    y = three([np.ones((2, 2))] * 3)
    assert not np.any(y)
    assert np.isfinite(sum(three.losses))


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(2, 9), seed=st.integers(0, 2**31), scale=st.sampled_from([0.01, 0.3, 1.0, 10.0])
)
def test_weights_are_a_part_of_one(n, seed, scale):
    """They sum to 1 where n is a power of 2, to less where codes have no expert."""
    select = built(n, k=2)
    random = np.random.default_rng(seed)
    weights = choose(select, random.normal(0, scale, 2 * select.bits), w=random.normal(size=2))
    assert (weights >= 0).all()
    total = weights.sum()
    if n & (n - 1) == 0:
        assert total == pytest.approx(1, abs=1e-5)
    else:
        assert total <= 1 + 1e-5


def test_for_each_example():
    select = built(4, k=2, per_example=True)
    random = np.random.default_rng(0)
    for variable in select.trainable_variables:
        variable.assign(random.normal(0, 0.3, variable.shape))
    x = random.normal(size=(6, 3)).astype("float32")
    parts = random.normal(size=(4, 6, 2)).astype("float32")
    z = np.einsum("bd,dkm->bkm", x, select.z.numpy()) + select.z_bias.numpy()
    w = x @ select.w.numpy() + select.w_bias.numpy()
    s = np.array(smooth_step(z.astype("float32")))
    codes = np.stack(
        [(1 - s[..., 0]) * (1 - s[..., 1]), (1 - s[..., 0]) * s[..., 1],
         s[..., 0] * (1 - s[..., 1]), s[..., 0] * s[..., 1]], axis=-1
    )  # fmt: skip
    shares = np.exp(w) / np.exp(w).sum(axis=1, keepdims=True)
    q = np.einsum("bk,bkn->bn", shares, codes)
    found = tf.function(select, jit_compile=True)([x, *parts])
    np.testing.assert_allclose(found, np.einsum("bn,nbd->bd", q, parts), rtol=0, atol=1e-5)
    np.testing.assert_allclose(select.mixing(x), q.mean(axis=0)[None], rtol=1e-5)


def test_one_expert():
    select = built(1, k=2)
    part = np.ones((2, 2), "float32")
    assert not select.trainable_variables
    np.testing.assert_array_equal(select([part]), part)
    assert select.mixing().numpy().tolist() == [[1.0]]


def test_training_comes_to_a_choice_with_the_entropy():
    """The target is what expert 2 says; without pressure the last step is never made."""
    select = built(4)
    select.entropy_weight.assign(0.01)
    parts = [tf.constant(row[None]) for row in np.eye(4, dtype="float32")]
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(select.trainable_variables)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((select(parts) - parts[2]) ** 2) + sum(select.losses)
        optimizer.apply(tape.gradient(loss, [v.value for v in select.trainable_variables]))

    for _ in range(800):
        train()
    np.testing.assert_allclose(select.mixing(), [[0, 0, 1, 0]], rtol=0, atol=1e-2)


def test_scale_of_the_start():
    select = built(8, k=3, gamma=2.0)
    assert 0 < np.abs(select.z).max() <= 0.02
    assert 0 < np.abs(select.w).max() <= 0.05
