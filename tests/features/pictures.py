"""Pictures that the layers are compared with scikit-image on."""

import numpy as np
import pytest

skimage = pytest.importorskip("skimage")


def pictures():
    """Dict of noise, smooth and flat uint8 pictures (height, width)."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:24, :31]
    smooth = 128 + 100 * np.sin(rows / 5) * np.cos(columns / 7)
    flat = np.zeros((17, 20))
    flat[4:11, 5:15] = 180
    flat[8:, 12:] = 90
    kinds = {"noise": rng.integers(0, 256, (25, 18)), "smooth": smooth, "flat": flat}
    return {name: picture.astype("uint8") for name, picture in kinds.items()}


def run(layer, picture):
    """What a layer makes of one picture of one channel: (height, width[, depth])."""
    found = layer(picture[None, ..., None]).numpy()[0]
    return found[..., 0] if found.shape[-1] == 1 else found


each_picture = pytest.mark.parametrize("picture", pictures().values(), ids=list(pictures()))
