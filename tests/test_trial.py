import numpy as np
import tensorflow as tf

from mtl_keras import trial
from mtl_keras.weighting import (
    RLW,
    Combined,
    Equal,
    GramianWeighting,
    LossWeighting,
    MoCo,
    SDMGrad,
    Uncertainty,
)

ALL = tf.constant([True] * 4)


def test_facts_are_the_same_every_time():
    for found, wanted in zip(trial.facts(3), trial.facts(3)):
        np.testing.assert_array_equal(found, wanted)
    losses, first, second = trial.facts(3, scale=[1.0, 0.0, 2.0, 1.0], rows=[1, 2])
    assert losses.shape == (2,)
    assert first.shape == second.shape == (2, trial.PARAMETERS)
    np.testing.assert_allclose(losses, [0, 2 * trial.facts(3)[0][2]])
    assert not first[0].any()
    assert (first != second)[1].all()


def test_what_is_random_shows_in_the_config():
    for random in (RLW(), Combined("equal", "pcgrad"), Combined("rlw", "mgda")):
        assert trial.is_random(random)
    for other in (Equal(), Combined("equal", "mgda")):
        assert not trial.is_random(other)


def test_copies_draw_the_same():
    answers = [trial.run(trial.make(Combined("rlw", "pcgrad")), steps=range(2)) for _ in range(2)]
    for found, wanted in zip(*answers):
        np.testing.assert_array_equal(found["weights"], wanted["weights"])


def test_copies_are_built_and_know_the_number_of_parameters():
    given = Uncertainty(0.5)
    method = trial.make(given, "ab")
    assert method.task_names == ["a", "b"]
    assert method.get_config() == given.get_config()
    assert given.task_names is None
    assert trial.make(MoCo()).averages.shape == (4, trial.PARAMETERS)


def test_each_method_sees_what_it_looks_at():
    losses, first, second = trial.facts()
    assert list(trial.seen(Equal(), losses, first, second)) == ["losses"]
    np.testing.assert_allclose(
        trial.seen(SDMGrad(), losses, first, second)["gramian"], first @ second.T
    )
    np.testing.assert_allclose(
        trial.seen(Combined(), losses, first, second)["gramian"], first @ first.T
    )
    shown = trial.seen(MoCo(), losses, first, second)
    np.testing.assert_allclose(shown["jacobian"], first, rtol=1e-6)


def test_answer_of_a_loss_method():
    method = trial.make(Uncertainty(0.5), "ab")
    answer = trial.ask(method, ALL[:2], {"losses": tf.constant([1.0, 3.0])})
    half = np.exp(-0.5) / 2
    np.testing.assert_allclose(answer["objective"], 4 * half + 0.5, rtol=1e-6)
    np.testing.assert_allclose(answer["weights"], [half] * 2, rtol=1e-6)
    np.testing.assert_allclose(answer["slope_0"], [0.5 - half, 0.5 - 3 * half], rtol=1e-6)


class Everything(GramianWeighting):
    """Has all that a gradient method may have, and remembers what it heard."""

    def setup(self):
        self.learned = self.add_weight(shape=(self.num_tasks,), initializer="ones")
        self.heard = []

    def weights(self, gramian):
        return tf.linalg.diag_part(gramian)

    def own_weights(self, weights, losses):
        return weights + losses

    def objective(self, losses):
        return tf.reduce_sum(self.learned.value**2 * losses)

    def after_step(self, losses, present):
        self.heard.append(("after_step", losses.numpy(), present.numpy()))

    def on_epoch_end(self, mean_losses, present):
        self.heard.append(("on_epoch_end", mean_losses, present))


def test_everything_that_a_method_has_is_called():
    method = trial.make(Everything(), "ab")
    answer = trial.ask(
        method,
        tf.constant([True, False]),
        {"losses": tf.constant([4.0, np.nan]), "gramian": tf.constant(np.diag([3.0, 5.0]))},
    )
    np.testing.assert_allclose(answer["weights"], [3, 0])
    np.testing.assert_allclose(answer["own_weights"], [7, 0])
    np.testing.assert_allclose(answer["objective"], 4)
    np.testing.assert_allclose(answer["slope_0"], [8, 0])
    ((name, losses, present),) = method.heard
    assert name == "after_step"
    np.testing.assert_allclose(losses, [2, 0])
    np.testing.assert_array_equal(present, [True, False])


def test_every_step_of_a_run_is_an_epoch():
    method = trial.make(Everything(), "ab")
    answers = trial.run(
        method, lambda step: trial.facts(step, rows=[0, 1]), present=[True, False], steps=range(3)
    )
    assert len(answers) == 3
    assert [name for name, *_ in method.heard] == ["after_step", "on_epoch_end"] * 3
    _, losses, present = method.heard[-1]
    np.testing.assert_allclose(losses, [trial.facts(2)[0][0], 0])
    np.testing.assert_array_equal(present, [True, False])


def test_a_loss_method_without_gradient_has_weights_of_zero():
    class Constant(LossWeighting):
        def combine(self, losses):
            return tf.constant(1.0)

    answer = trial.ask(trial.make(Constant()), ALL, {"losses": tf.ones(4)})
    np.testing.assert_array_equal(answer["weights"], np.zeros(4))
