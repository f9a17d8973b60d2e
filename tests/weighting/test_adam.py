import keras
import numpy as np

from mtl_keras.weighting import Equal
from mtl_keras.weighting.adam import TaskAdam


class Learner(Equal):
    def setup(self):
        self.adam = TaskAdam(self, 0.1)


def learner(tasks=3):
    method = Learner()
    method.build([f"task{index}" for index in range(tasks)])
    return method


def test_is_adam_of_keras():
    slopes = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
    variable, adam = keras.Variable(np.zeros(3)), keras.optimizers.Adam(0.1, epsilon=1e-8)
    adam.build([variable])
    method, place = learner(), np.zeros(3)
    for slope in slopes:
        adam.apply([slope])
        place += method.adam.step(slope, [True] * 3).numpy()
    np.testing.assert_allclose(place, variable, rtol=1e-4)


def test_a_task_that_sits_out_goes_on_as_if_it_had_not():
    slopes = np.random.default_rng(0).normal(size=(6, 3))
    method, alone = learner(), learner(1)
    for step, slope in enumerate(slopes):
        present = step % 2 == 0
        change = method.adam.step(slope, [True, present, True]).numpy()
        wanted = alone.adam.step(slope[1:2], [True]).numpy()[0] if present else 0.0
        assert change[1] == wanted


def test_large_slopes():
    assert np.isfinite(learner().adam.step([1e30, 1e-30, 0.0], [True] * 3)).all()
