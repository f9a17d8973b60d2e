import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.weighting import (
    MGDA,
    GramianWeighting,
    JacobianWeighting,
    LossWeighting,
    PCGrad,
    TwoBatchGramianWeighting,
    Weighting,
)


class Relative(LossWeighting):
    def weights(self, losses, present):
        return losses / tf.reduce_sum(losses)


class Product(LossWeighting):
    def combine(self, losses):
        return tf.reduce_prod(losses)


class Given(GramianWeighting):
    """Answers with what it was last given."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def weights(self, gramian):
        return self.answer


class Rows(JacobianWeighting):
    def direction(self, jacobian, losses, features, present):
        self.seen = losses, features, present
        return tf.reduce_sum(losses[:, None] * jacobian, axis=0)


def built(method, tasks="ab"):
    method.build(list(tasks))
    return method


def test_weights_of_a_loss_method_are_constants():
    losses = tf.constant([1.0, 3.0])
    method = built(Relative())
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = method(losses=losses)
    assert float(objective) == 2.5
    np.testing.assert_array_equal(tape.gradient(objective, losses), [0.25, 0.75])


def test_combine_is_differentiated_as_it_stands():
    losses = tf.constant([2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = built(Product())(losses=losses)
    np.testing.assert_array_equal(tape.gradient(objective, losses), [3, 2])


def test_loss_of_an_absent_task_leaks_nowhere():
    losses = tf.constant([1.0, float("nan"), 3.0])
    method = built(Relative(), "abc")
    with tf.GradientTape() as tape:
        tape.watch(losses)
        objective = method(losses=losses, present=[True, False, True])
    assert float(objective) == 2.5
    np.testing.assert_array_equal(tape.gradient(objective, losses), [0.25, 0, 0.75])


def test_gramian_methods_see_float64_and_zeros_where_absent():
    class Seen(GramianWeighting):
        def weights(self, gramian, losses, present):
            self.seen = gramian, losses, present
            return tf.ones(3)

    method = built(Seen(), "abc")
    gramian = np.full((3, 3), np.nan, "float32")
    gramian[::2, ::2] = 5.0
    weights = method(losses=[1, 2, 3], gramian=gramian, present=[True, False, True])
    np.testing.assert_array_equal(weights, [1, 0, 1])
    seen, losses, present = method.seen
    assert seen.dtype == tf.float64
    np.testing.assert_array_equal(seen, [[5, 0, 5], [0, 0, 0], [5, 0, 5]])
    np.testing.assert_array_equal(losses, [1, 0, 3])
    np.testing.assert_array_equal(present, [True, False, True])


def test_cross_gramian_keeps_its_sides_apart():
    class Left(TwoBatchGramianWeighting):
        def weights(self, gramian):
            return gramian[:, 0]

    method = built(Left())
    assert method.sees == "cross_gramian"
    weights = method(losses=[1.0, 1.0], gramian=[[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(weights, [1, 3])


def test_jacobian_methods():
    method = built(Rows())
    jacobian = [[1.0, 2.0], [np.nan, 4.0]]
    direction = method(
        losses=[2.0, 9.0], jacobian=jacobian, features=tf.ones(5), present=[True, False]
    )
    np.testing.assert_array_equal(direction, [2, 4])
    losses, features, present = method.seen
    np.testing.assert_array_equal(losses, [2, 0])
    np.testing.assert_array_equal(features, tf.ones(5))
    np.testing.assert_array_equal(present, [True, False])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_not_finite_weights_keep_the_last_good_ones(bad):
    method, facts = built(Given([0.5, 2.0])), {"losses": [1.0, 1.0], "gramian": np.eye(2)}
    method(**facts)
    assert int(method.failures) == 0
    method.answer = [bad, 1.0]
    np.testing.assert_array_equal(method(**facts), [0.5, 2])
    np.testing.assert_array_equal(method(**facts, present=[True, False]), [0.5, 0])
    assert int(method.failures) == 2
    np.testing.assert_array_equal(method.last_weights, [0.5, 2])


def test_first_fallback_is_the_sum():
    method = built(Given([float("nan"), 1.0]))
    np.testing.assert_array_equal(method(losses=[1.0, 1.0], gramian=np.eye(2)), [1, 1])


def test_what_is_said_of_an_absent_task_is_no_failure():
    method = built(Given([3.0, float("nan")]))
    facts = {"losses": [1.0, 1.0], "gramian": np.eye(2)}
    np.testing.assert_array_equal(method(**facts, present=[True, False]), [3, 0])
    assert int(method.failures) == 0
    np.testing.assert_array_equal(method.last_weights, [3, 1])


def test_finite_weights_too_large_for_float32_are_no_failure():
    method = built(Given(tf.constant([1e300, -1e300], tf.float64)))
    weights = method(losses=[1.0, 1.0], gramian=np.eye(2)).numpy()
    np.testing.assert_array_equal(weights, [tf.float32.max, tf.float32.min])
    assert int(method.failures) == 0


def test_a_direction_that_is_not_finite_becomes_the_sum():
    method = built(Rows())
    facts = {"jacobian": [[1.0, 2.0], [3.0, 4.0]]}
    np.testing.assert_array_equal(method(losses=[np.nan, 1.0], **facts), [4, 6])
    assert int(method.failures) == 1


def test_weights_are_the_rule_when_called_and_the_variables_when_not():
    method = built(MGDA())
    assert [variable.name for variable in method.weights] == ["last_weights", "failures"]
    assert len(method.get_weights()) == 2
    gramian = tf.constant(np.diag([1.0, 3.0]))
    called = method.weights(gramian, losses=tf.ones(2), present=tf.constant([True, True]))
    np.testing.assert_allclose(called, [0.75, 0.25])
    assert len(built(Rows()).weights) == 2
    assert built(Product()).weights == []


def test_a_rule_may_call_its_parent_s():
    class Twice(MGDA):
        def weights(self, gramian, losses, present):
            return 2 * super().weights(gramian, losses, present)

    weights = built(Twice())(losses=[1.0, 1.0], gramian=np.diag([1.0, 3.0]))
    np.testing.assert_allclose(weights, [1.5, 0.5], rtol=1e-6)


@pytest.mark.parametrize(
    ("base", "facts", "message"),
    [
        (LossWeighting, {}, "neither weights nor combine"),
        (GramianWeighting, {"gramian": np.eye(2)}, r"weights\(gramian\)"),
        (JacobianWeighting, {"jacobian": np.eye(2)}, r"direction\(jacobian\)"),
    ],
)
def test_a_method_without_a_rule_says_so(base, facts, message):
    with pytest.raises(NotImplementedError, match=message):
        built(base())(losses=[1.0, 1.0], **facts)


def test_must_be_built():
    with pytest.raises(ValueError, match="Relative must be built"):
        Relative()(losses=[1.0])


@pytest.mark.parametrize("losses", [[1.0], [[1.0, 2.0]], 1.0])
def test_refuses_losses_of_another_shape(losses):
    with pytest.raises(ValueError, match=r"`losses` must have shape \(2,\).*Received: shape"):
        built(Relative())(losses=losses)


def test_refuses_gradients_of_another_shape():
    with pytest.raises(ValueError, match=r"`gramian` must have shape \(2, 2\)"):
        built(MGDA())(losses=[1.0, 1.0], gramian=np.eye(3))
    for wrong in (np.ones((3, 5)), np.ones(5)):
        with pytest.raises(ValueError, match=r"`jacobian` must have shape \(2, P\)"):
            built(Rows())(losses=[1.0, 1.0], jacobian=wrong)


def test_config_is_the_constructor():
    assert Given(3).get_config() == {"answer": 3}
    assert Relative().get_config() == {}


def test_comes_back_built_or_not_built():
    for method in (PCGrad(seed=3), built(PCGrad(seed=3))):
        copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(method))
        assert copy.get_config() == {"shuffle": True, "seed": 3}
        assert copy.task_names == method.task_names
        assert copy.built == method.built


def test_state_of_random_draws_is_saved(tmp_path):
    facts = {"losses": [1.0] * 3, "gramian": 1.5 * np.eye(3) - 0.6}
    method, other = built(PCGrad(seed=3), "abc"), built(PCGrad(seed=4), "abc")
    method(**facts)
    keras.saving.save_weights(method, tmp_path / "method.weights.h5")
    keras.saving.load_weights(other, tmp_path / "method.weights.h5")
    for _ in range(3):
        np.testing.assert_array_equal(method(**facts), other(**facts))


def test_a_model_keeps_a_method_in_its_file(tmp_path):
    @keras.saving.register_keras_serializable("tests")
    class Holder(keras.Model):
        def __init__(self, weighting):
            super().__init__()
            self.weighting = weighting
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def get_config(self):
            return {"weighting": keras.saving.serialize_keras_object(self.weighting)}

        @classmethod
        def from_config(cls, config):
            return cls(keras.saving.deserialize_keras_object(config["weighting"]))

    model = Holder(built(PCGrad(seed=3), "abc"))
    model(np.ones((1, 2)))
    facts = {"losses": [1.0] * 3, "gramian": 1.5 * np.eye(3) - 0.6}
    model.weighting(**facts)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").weighting
    assert isinstance(loaded, Weighting)
    for mine, its in zip(model.weighting.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(mine, its)
    np.testing.assert_array_equal(model.weighting(**facts), loaded(**facts))
