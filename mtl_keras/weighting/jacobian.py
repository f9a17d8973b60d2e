"""Where, how often and on how much of the batch a gradient method looks."""

import dataclasses

import keras

from mtl_keras.errors import unknown

PLACES = ("shared", "features", "last_block")


@keras.saving.register_keras_serializable("mtl_keras")
@dataclasses.dataclass(frozen=True)
class Jacobian:
    """Where, how often and on how much of the batch a gradient method looks at the task gradients.

    The defaults are the exact method: a backward pass through the shared part for each task.
    Everything else decides on less and then updates with one weighted backward pass over the
    whole batch, which is what a plain step costs.

    With 20 tasks on one picture, a VGG-like trunk and no XLA, a step took 13.26 times the CPU
    time of a plain one for the exact method, whose T backward passes cannot take less than about
    (1 + 2T)/3; 1.07 at the features, 1.22 at the last block, 1.41 with `every=32` and 1.75 with
    `fraction=1/32` (`benchmarks/jacobian.py`).

    How near an update so decided comes to the exact one depends on network and tasks. Mean cosines
    of the two along runs on twenty tasks of CIFAR-10, for PCGrad, UPGrad and CAGrad
    (`benchmarks/fidelity.py`), pictures standardised; last column: the plain sum of the losses.

    | trunk | features | last block | fraction=1/16 | every=32 | plain sum |
    | --- | --- | --- | --- | --- | --- |
    | batch normalisation | .99 .99 .95 | .99 .99 .96 | .93 .91 .80 | .99 .99 .94 | .99 .99 .93 |
    | none | .86 .88 .87 | .89 .90 .86 | .82 .78 .77 | .88 .88 .85 | .86 .88 .88 |

    Without it nothing came nearer than the plain sum, so nothing is gained there
    by a cheap look; take the exact method or normalise.

    Args:
        at: `"shared"`, the shared parameters; `"features"`, the tensor where the part that all
            tasks share ends (as MGDA-UB), whose gradients cost a pass through the heads only; or
            `"last_block"`, the parameters of the last shared layer. Defaults to the method's own
            place, `"shared"` for most.
        every: int, decide in every so many steps and keep the weights between. Defaults to 1.
        fraction: float in (0, 1], decide on the first `ceil(fraction * rows)` rows of the batch, in
            a second forward pass whose updates of moving statistics are discarded. Defaults to 1.

    Raises:
        ValueError: an argument out of range.

    Example:
        >>> Jacobian(at="features", every=4)
        Jacobian(at='features', every=4, fraction=1.0)
        >>> Jacobian(every=0)
        Traceback (most recent call last):
        ValueError: Argument `every` must be a whole number >= 1. Received: every=0
    """

    at: str | None = None
    every: int = 1
    fraction: float = 1.0

    def __post_init__(self):
        if self.at is not None and self.at not in PLACES:
            raise unknown("place in argument `at`", self.at, PLACES)
        if int(self.every) != self.every or self.every < 1:
            raise ValueError(
                f"Argument `every` must be a whole number >= 1. Received: every={self.every}"
            )
        if not 0 < self.fraction <= 1:
            raise ValueError(
                f"Argument `fraction` must be > 0 and <= 1. Received: fraction={self.fraction}"
            )

    @property
    def exact(self):
        """Whether it is the exact method: all shared parameters, every step, all rows."""
        return self.at == "shared" and self.every == 1 and self.fraction == 1

    def get_config(self):
        """Returns the arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config):
        """Makes it from its arguments."""
        return cls(**config)
