"""Which rows of which source stand in which step: pure index arithmetic on (seed, epoch)."""

import dataclasses
import fractions
import math
import zlib

import tensorflow as tf

from mtl_keras import errors

MODES = ("longest", "shortest", "proportional", "exact")


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The rows of every source in every step of an epoch.

    `"longest"`: an epoch ends with the longest source; shorter ones start again, reshuffled.
    `"shortest"`: it ends with the shortest source; the others continue in the next epoch where
    they stopped. `"proportional"`: every step has rows of each source in proportion to
    `size ** (1 / temperature)`, whole numbers by largest remainder that sum to the batch size.
    At temperature 1 all sources end together, each row stands in an epoch at most once, and
    which rows are left over moves on from epoch to epoch; at another temperature an epoch has as
    many rows as the sources together and sources continue in the next one. `"exact"`: not
    shuffled, each row once; a source that has ended is filled with rows that are not `present`.

    Args:
        sizes: dict source name -> number of rows.
        batch_size: int, rows of every source in a step; of all together if `"proportional"`.
        mode: one of the four above.
        temperature: float > 0, for `"proportional"` only. Larger is nearer to equal shares.
        seed: int.

    Raises:
        ValueError: if an argument is out of its range, a source is empty or a step would have
            more rows than there are.

    Example:
        >>> schedule = Schedule({"a": 6, "b": 2}, batch_size=4, mode="proportional")
        >>> schedule.rows, schedule.steps
        ({'a': 3, 'b': 1}, 2)
        >>> schedule.indices("a", epoch=0).shape
        TensorShape([2, 3])
    """

    sizes: dict
    batch_size: int
    mode: str = "longest"
    temperature: float = 1.0
    seed: int = 0

    def __post_init__(self):
        if self.mode not in MODES:
            raise errors.unknown("way to end an epoch", self.mode, MODES)
        if self.batch_size != int(self.batch_size) or self.batch_size < 1:
            raise ValueError(
                "Argument `batch_size` must be a whole number >= 1. "
                f"Received: batch_size={self.batch_size}"
            )
        if not self.temperature > 0:
            raise ValueError(
                f"Argument `temperature` must be > 0. Received: temperature={self.temperature}"
            )
        if self.temperature != 1 and self.mode != "proportional":
            raise ValueError(
                'Argument `temperature` is for epoch="proportional" only. '
                f"Received: temperature={self.temperature}, epoch={self.mode!r}"
            )
        if not self.sizes:
            raise ValueError("Argument `sources` must name at least one source. Received: {}")
        for name, size in self.sizes.items():
            if not size:
                raise ValueError(f"Source {name!r} is empty: it has no rows.")
        object.__setattr__(self, "rows", self._rows())
        object.__setattr__(self, "steps", self._steps())

    def _rows(self):
        """Dict source -> rows in every step."""
        if self.mode != "proportional":
            return dict.fromkeys(self.sizes, self.batch_size)
        rows = largest_remainder(
            [size ** (1 / self.temperature) for size in self.sizes.values()], self.batch_size
        )
        rows = dict(zip(self.sizes, rows))
        for name, count in rows.items():
            if not count:
                raise ValueError(
                    f"Source {name!r} ({self.sizes[name]} rows) would get no row in a batch of "
                    f"{self.batch_size}: raise `batch_size` or `temperature`. "
                    f"Received: temperature={self.temperature}"
                )
        return rows

    def _steps(self):
        sizes = self.sizes.values()
        if self.mode == "exact":
            return math.ceil(max(sizes) / self.batch_size)
        if self.mode == "longest":
            steps = max(sizes) // self.batch_size
        elif self.mode == "shortest":
            steps = min(sizes) // self.batch_size
        elif self.temperature == 1:
            steps = min(self.sizes[name] // rows for name, rows in self.rows.items())
        else:
            steps = sum(sizes) // self.batch_size
        if not steps:
            raise ValueError(
                f"Argument `batch_size` must be small enough for one step of epoch={self.mode!r} "
                f"with sources of {dict(self.sizes)} rows. Received: batch_size={self.batch_size}"
            )
        return steps

    def indices(self, name, epoch):
        """Returns the rows of a source in an epoch.

        Args:
            name: str, the source.
            epoch: int64 scalar, a tensor or a number.

        Returns:
            int32 tensor `(steps, rows[name])`, values in `[0, sizes[name])`.
        """
        size, total = self.sizes[name], self.steps * self.rows[name]
        epoch = tf.cast(epoch, tf.int64)
        if self.mode == "exact":
            order = tf.range(total) % size
        elif self.mode == "proportional" and self.temperature == 1:
            order = self._window(name, epoch, size, total)
        elif self.mode == "longest" or (self.mode == "shortest" and size == self._shortest):
            order = _passes(fold(self._key(name), epoch), size, tf.constant(0, tf.int64), total)
        else:
            order = _passes(self._key(name), size, epoch * total, total)
        return tf.reshape(order, (self.steps, self.rows[name]))

    @property
    def _shortest(self):
        return min(self.sizes.values())

    def _window(self, name, epoch, size, total):
        """Rows of one fixed shuffle from where the last epoch stopped, shuffled once more."""
        everyone = _shuffle(self._key(name), size)
        places = tf.cast(_shuffle(fold(self._key(name), epoch), total), tf.int64)
        return tf.gather(everyone, (epoch * total + places) % size)

    def present(self, name):
        """Returns which rows of an `"exact"` epoch count: bool tensor `(steps, batch_size)`."""
        order = tf.range(self.steps * self.rows[name]) < self.sizes[name]
        return tf.reshape(order, (self.steps, self.rows[name]))

    def noise(self, name, slot, epoch, draws):
        """Returns the random numbers for the augmentation of one input in an epoch.

        Args:
            name: str, the source.
            slot: str, the input.
            epoch: int64 scalar.
            draws: int, random numbers for a row.

        Returns:
            float32 tensor `(steps, rows[name], draws)`, uniform in [0, 1).
        """
        key = fold(fold(self._key(name), _number(slot)), tf.cast(epoch, tf.int64))
        return tf.random.stateless_uniform((self.steps, self.rows[name], draws), seed=key)

    def _key(self, name):
        """A source's key goes by its name, so that it does not depend on the other sources."""
        return tf.constant([self.seed, _number(name)], tf.int64)


def largest_remainder(weights, total):
    """Returns whole numbers in proportion to the weights that sum to the total.

    Each gets its share rounded down; what is left goes to the largest fractions, of equal ones
    to the first. (Hamilton's method.)

    Args:
        weights: list of positive numbers.
        total: int.

    Returns:
        List of int.

    Example:
        >>> largest_remainder([5, 3, 1], 10)
        [6, 3, 1]
    """
    weights = [fractions.Fraction(weight) for weight in weights]
    shares = [total * weight / sum(weights) for weight in weights]
    parts = [math.floor(share) for share in shares]
    by_fraction = sorted(range(len(parts)), key=lambda i: parts[i] - shares[i])
    for i in by_fraction[: total - sum(parts)]:
        parts[i] += 1
    return parts


def fold(key, number):
    """Returns a new key for a stateless random operation, from a key and a number."""
    return tf.random.experimental.stateless_fold_in(key, number)


def _number(name):
    return zlib.crc32(name.encode())


def _shuffle(key, size):
    return tf.random.experimental.stateless_shuffle(tf.range(size), seed=key)


def _passes(key, size, start, total):
    """Rows `start` to `start + total` of an endless row of passes, each pass its own shuffle."""
    first = start // size
    count = math.ceil(total / size) + 1  # One more, since the first may be cut.
    orders = tf.map_fn(
        lambda number: _shuffle(fold(key, number), size),
        first + tf.range(count, dtype=tf.int64),
        fn_output_signature=tf.int32,
    )
    return tf.reshape(orders, (-1,))[start % size :][:total]
