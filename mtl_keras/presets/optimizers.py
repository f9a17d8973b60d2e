"""Optimizers with a schedule for the length of the run."""

import keras

from mtl_keras import errors

WARMUP = {"one-cycle": 0.2, "cosine": 0.05}  # Part of the run in which the rate rises.
OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("one-cycle", "cosine", "constant")


def optimizer(name="adamw", *, steps, learning_rate=None, schedule="one-cycle", weight_decay=None):
    """Returns an optimizer whose learning rate follows a schedule over so many steps.

    Weight decay is decoupled from the gradient and shrinks kernels only: not biases,
    normalisations or word vectors, most of which a batch does not touch.

    Args:
        name: `"adamw"` (default), or `"sgd"` with Nesterov momentum 0.9.
        steps: int, number of steps of the whole run.
        learning_rate: float, the largest of the run. Defaults to 0.004 (AdamW), 0.2 (SGD).
        schedule: `"one-cycle"` (default): linearly up in the first fifth, then linearly down to
            0. `"cosine"`: up in the first twentieth, then down to 0 along a cosine. `"constant"`.
        weight_decay: float, multiplied by the learning rate. Defaults to 0.01 (AdamW), 0.0005
            (SGD).

    Returns:
        A `keras.optimizers.Optimizer`.

    Raises:
        ValueError: the name or the schedule is not known, or a number is out of its range.

    Example:
        >>> adamw = optimizer("adamw", steps=100, learning_rate=0.01)
        >>> float(adamw.learning_rate) < 0.01
        True

    Reference:
        Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    """
    if name not in OPTIMIZERS:
        raise errors.unknown("optimizer", name, OPTIMIZERS)
    if steps < 1:
        raise ValueError(f"Argument `steps` must be >= 1. Received: steps={steps}")
    adamw = name == "adamw"
    if learning_rate is None:
        learning_rate = 0.004 if adamw else 0.2
    if learning_rate <= 0:
        raise ValueError(
            f"Argument `learning_rate` must be > 0. Received: learning_rate={learning_rate}"
        )
    if weight_decay is None:
        weight_decay = 0.01 if adamw else 0.0005
    rate = _schedule(schedule, learning_rate, steps)
    if adamw:
        made = keras.optimizers.AdamW(rate, weight_decay=weight_decay)
    else:
        made = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=weight_decay)
    made.exclude_from_weight_decay(var_names=["^(?!.*kernel)"])  # What is not called a kernel.
    return made


def _schedule(name, peak, steps):
    if name == "constant":
        return peak
    if name == "one-cycle":
        return OneCycle(peak, steps, WARMUP[name])
    if name == "cosine":
        rising = round(WARMUP[name] * steps)
        return keras.optimizers.schedules.CosineDecay(
            0.0, max(steps - rising, 1), warmup_target=peak, warmup_steps=rising
        )
    raise errors.unknown("schedule", name, SCHEDULES)


@keras.saving.register_keras_serializable("mtl_keras")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly from 0 to a peak and falls linearly to 0.

    Args:
        peak: float, the largest learning rate.
        steps: int, number of steps of the whole run.
        warmup: float between 0 and 1, part of the run in which it rises. Defaults to 0.2.

    Example:
        >>> rate = OneCycle(1.0, steps=10, warmup=0.5)
        >>> [round(float(rate(step)), 2) for step in (0, 4, 5, 9)]
        [0.1, 0.9, 0.9, 0.1]

    Reference:
        Smith and Topin, "Super-Convergence", 2018, without its last phase.
    """

    def __init__(self, peak, steps, warmup=0.2):
        super().__init__()
        if not 0 < warmup < 1:
            raise ValueError(
                f"Argument `warmup` must be between 0 and 1. Received: warmup={warmup}"
            )
        self.peak, self.steps, self.warmup = peak, steps, warmup

    def __call__(self, step):
        # The middle of each step, so that neither the first nor the last is wasted on a rate of 0.
        done = (keras.ops.cast(step, "float32") + 0.5) / self.steps
        height = keras.ops.minimum(done / self.warmup, (1.0 - done) / (1.0 - self.warmup))
        return self.peak * keras.ops.maximum(height, 0.0)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup}
