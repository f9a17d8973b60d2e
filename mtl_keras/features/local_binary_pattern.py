"""Local binary patterns."""

import math

import keras
import numpy as np
from keras import ops

from mtl_keras.features.base import PictureFeature


@keras.saving.register_keras_serializable("mtl_keras")
class LocalBinaryPattern(PictureFeature):
    """Codes the texture around each pixel: which points on a circle are as bright as it is.

    Where the points, in their order, change between darker and not darker at most twice, the code
    is how many are not darker; all other patterns have the code `points + 1`. Rotation of the
    picture leaves the codes, any increasing change of brightness, too. Points between pixels are
    interpolated; outside the picture it is black. It is `skimage.feature.local_binary_pattern`
    with `method="uniform"`; where interpolated points equal the pixel but for rounding, up to 2 in
    1000 codes may differ. Whole numbers are safest. No gradient passes.

    Args:
        points: int, points on the circle. Defaults to 8.
        radius: float, of the circle in pixels. Defaults to 1.
        grid: `None` (default) for the picture of codes, float32 in [0, points + 1]; or (rows,
            columns), for the part that each code has in each cell of the picture: (batch, rows *
            columns * channels * (points + 2)), in [0, 1]. The size of the pictures must be known.

    Example:
        >>> picture = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1))
        >>> LocalBinaryPattern()(picture).shape
        TensorShape([1, 28, 28, 1])
        >>> LocalBinaryPattern(grid=(4, 4))(picture).shape  # 4 * 4 * 10
        TensorShape([1, 160])

    Reference:
        Ojala et al., "Multiresolution Gray-Scale and Rotation Invariant Texture Classification with
        Local Binary Patterns", PAMI 2002; the grid as in Ahonen et al., PAMI 2006.
    """

    def __init__(self, points=8, radius=1.0, grid=None, **kwargs):
        super().__init__(**kwargs)
        if points < 1 or radius <= 0:
            raise ValueError(
                "Arguments `points` and `radius` must be > 0. "
                f"Received: points={points}, radius={radius}"
            )
        self.points, self.radius = points, radius
        self.grid = None if grid is None else tuple(grid)

    def features(self, pictures):
        # In float64, as scikit-image has it: the bits depend on equality.
        bits = ops.stack(self._bits(ops.cast(pictures, "float64")), axis=-1)
        changes = ops.sum(bits[..., 1:] != bits[..., :-1], axis=-1)
        codes = ops.where(changes <= 2, ops.sum(bits, axis=-1), self.points + 1)
        if self.grid is None:
            return ops.cast(codes, self.compute_dtype)
        return self._histogram(codes, pictures.shape[-1])

    def _bits(self, pictures):
        """Returns a list of int (batch, height, width, channels), one for each point."""
        height, width = ops.shape(pictures)[1:3]
        reach = math.ceil(self.radius) + 1
        around = ops.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])

        def shifted(row, column):
            row, column = reach + row, reach + column
            return around[:, row : row + height, column : column + width]

        def at(row, column):
            (row, down), (column, right) = _whole_and_part(row), _whole_and_part(column)
            above, below = (
                _between(shifted(r, column), shifted(r, column + 1), right) for r in (row, row + 1)
            )
            return _between(above, below, down)

        angles = 2 * np.pi * np.arange(self.points) / self.points
        places = np.round(self.radius * np.stack([-np.sin(angles), np.cos(angles)], 1), 5)
        return [ops.cast(at(*place) >= pictures, "int32") for place in places]

    def _histogram(self, codes, channels):
        bins = self.points + 2
        height, width = ops.shape(codes)[1:3]
        each = ops.one_hot(codes, bins, dtype=self.compute_dtype)
        each = ops.reshape(each, (-1, height, width, channels * bins))
        cells = ops.adaptive_average_pool(each, self.grid, data_format="channels_last")
        return ops.reshape(cells, (-1, math.prod(self.grid) * channels * bins))

    def compute_output_shape(self, input_shape):
        if self.grid is None:
            return input_shape
        return (input_shape[0], math.prod(self.grid) * input_shape[-1] * (self.points + 2))

    def get_config(self):
        config = {"points": self.points, "radius": self.radius, "grid": self.grid}
        return {**super().get_config(), **config}


def _between(first, second, part):
    return (1 - part) * first + part * second if part else first


def _whole_and_part(place):
    whole = math.floor(place)
    return whole, float(place - whole)
