import keras
import pytest
import tensorflow as tf

from mtl_keras.testing import WEIGHTING_CHECKS, check_non_conflict, check_weighting
from mtl_keras.weighting import (
    MGDA,
    DualProj,
    FairGrad,
    GramianWeighting,
    JacobianWeighting,
    LossWeighting,
    NashMTL,
    Static,
    TwoBatchGramianWeighting,
    UPGrad,
    get,
    names,
)

METHODS = [Static({"a": 0.5}) if name == "static" else get(name) for name in names()]
SLOW = ("check_jit", "check_tracing")  # of all methods in tests/full
QUICK = [check for check in WEIGHTING_CHECKS if check.__name__ not in SLOW]
NEVER_CONFLICTING = [MGDA, NashMTL, FairGrad, UPGrad, DualProj]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_our_methods_conform(method):
    for check in QUICK:
        check(method)


@pytest.mark.parametrize("cls", NEVER_CONFLICTING)
def test_methods_that_never_conflict(cls):
    assert cls.non_conflicting
    check_non_conflict(cls())


class Signs(JacobianWeighting):
    def direction(self, jacobian):
        return tf.sign(tf.reduce_sum(jacobian, axis=0))


class Cross(TwoBatchGramianWeighting):
    def weights(self, gramian):
        return 1 / (1 + tf.reduce_sum(gramian, axis=1) ** 2)


@pytest.mark.parametrize("method", [Signs, Cross()])
def test_other_base_classes_conform(method):
    check_weighting(method)


class WrongShape(LossWeighting):
    def combine(self, losses):
        return losses


class WrongType(JacobianWeighting):
    def direction(self, jacobian):
        return tf.cast(tf.reduce_sum(jacobian, axis=0), tf.float16)


class Overflows(LossWeighting):
    def combine(self, losses):
        return tf.reduce_sum(losses**4)


class DividesByZero(LossWeighting):
    def combine(self, losses, present):
        return tf.reduce_sum(tf.where(present, tf.math.log(losses), 0.0))


class Uphill(GramianWeighting):
    def weights(self, gramian):
        return -tf.ones([self.num_tasks])


class MeanOverAll(LossWeighting):
    def weights(self, losses):
        return tf.fill([self.num_tasks], 1 / self.num_tasks)


class AveragesAbsent(LossWeighting):
    def setup(self):
        self.mean = self.add_weight(shape=(self.num_tasks,), trainable=False, name="mean")

    def weights(self, losses):
        self.mean.assign(0.9 * self.mean + 0.1)
        return tf.ones_like(losses)


class FirstTaskFirst(LossWeighting):
    def weights(self, present):
        place = tf.cumsum(tf.cast(present, tf.float32))
        return 1 / tf.maximum(place, 1.0)


class MovesAbsent(LossWeighting):
    def setup(self):
        self.moved = self.add_weight(shape=(self.num_tasks,), trainable=False, name="moved")

    def weights(self, losses):
        return tf.ones_like(losses)

    def after_step(self, losses):
        self.moved.assign_add(1 + losses)


class OwnWeightsOverflow(Cross):
    def own_weights(self, losses):
        return losses**4


class LearnsFromAbsent(Cross):
    def setup(self):
        self.learned = self.add_weight(shape=(self.num_tasks,), name="learned")

    def objective(self, losses):
        return tf.reduce_sum(self.learned.value * (1 + losses))


class SaysItNeverConflicts(GramianWeighting):
    non_conflicting = True

    def weights(self, gramian):
        return tf.linalg.diag_part(gramian)


class RefusesAnyTask(LossWeighting):
    def setup(self):
        raise ValueError("never")


class CountsInPython(LossWeighting):
    def setup(self):
        self.steps = 0

    def weights(self, losses):
        self.steps += 1
        return tf.ones_like(losses) * self.steps


class LooksAtValues(LossWeighting):
    def weights(self, losses):
        return tf.constant(1 / (1 + losses.numpy()))


class SlicesByValue(LossWeighting):
    def weights(self, losses):
        return losses * losses[tf.cast(losses[0] > losses[-1], tf.int32)]


class MakesVariablesLate(LossWeighting):
    def setup(self):
        self.late = None

    def weights(self, losses):
        if self.late is None:
            self.late = tf.Variable(tf.ones([self.num_tasks]))
        return self.late * tf.ones_like(losses)


class FollowsThePolicy(LossWeighting):
    def weights(self, losses):
        return tf.cast(tf.cast(losses, keras.config.dtype_policy().compute_dtype), tf.float32)


class ForgetsAnOption(LossWeighting):
    def __init__(self, power=1.0):
        super().__init__()
        self.exponent = power

    def weights(self, losses):
        return tf.ones_like(losses)


class HidesAnOption(ForgetsAnOption):
    def get_config(self):
        return {}


class KeepsStateElsewhere(LossWeighting):
    def setup(self):
        self.means = tf.Variable(tf.ones([self.num_tasks]))

    def on_epoch_end(self, mean_losses, present):
        self.means.assign(tf.where(present, mean_losses, self.means))

    def weights(self, losses):
        return self.means


WRONG = [
    ("check_shapes", WrongShape),
    ("check_shapes", WrongType),
    ("check_finite", Overflows),
    ("check_finite", DividesByZero),
    ("check_shapes", RefusesAnyTask),
    ("check_finite", OwnWeightsOverflow),
    ("check_one_task", Uphill),
    ("check_absent_task", MeanOverAll),
    ("check_absent_task", AveragesAbsent),
    ("check_absent_task", MovesAbsent),
    ("check_absent_task", LearnsFromAbsent),
    ("check_permutation", FirstTaskFirst),
    ("check_non_conflict", SaysItNeverConflicts),
    ("check_jit", CountsInPython),
    ("check_jit", LooksAtValues),
    ("check_jit", SlicesByValue),
    ("check_tracing", MakesVariablesLate),
    ("check_precision", FollowsThePolicy),
    ("check_serialisation", ForgetsAnOption),
    ("check_serialisation", HidesAnOption),
    ("check_state", KeepsStateElsewhere),
]


@pytest.mark.parametrize(("name", "cls"), WRONG)
def test_wrong_methods_fail_the_right_check(name, cls):
    (check,) = [check for check in WEIGHTING_CHECKS if check.__name__ == name]
    with pytest.raises(AssertionError, match=f"{name}: {cls.__name__}: "):
        check(cls)


def test_every_check_has_caught_something():
    assert [check.__name__ for check in WEIGHTING_CHECKS] == list(dict(WRONG))


def test_check_weighting_runs_every_check():
    with pytest.raises(AssertionError, match="check_state: KeepsStateElsewhere: restored state"):
        check_weighting(KeepsStateElsewhere)


class AtLeastTwo(LossWeighting):
    def setup(self):
        if self.num_tasks < 2:
            raise ValueError("Argument `task_names` must hold two.")

    def weights(self, losses):
        return tf.ones_like(losses)


def test_a_method_may_refuse_few_tasks():
    check_weighting(AtLeastTwo)


def test_options_are_kept():
    with pytest.raises(AssertionError, match=r"check_shapes: Static: .*'z'"):
        check_weighting(Static({"z": 1.0}))


def test_the_mixed_precision_policy_is_put_back():
    before = keras.config.dtype_policy()
    check_weighting(get("equal"))
    assert keras.config.dtype_policy() == before
