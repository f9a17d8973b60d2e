"""Overlaid pictures from the real files, and the published methods on a few of them."""

import numpy as np
import pytest

from mtl_keras.experiments import kurin_methods, multi_mnist, overlay
from mtl_keras.testing import check_weighting

pytestmark = pytest.mark.full


@pytest.mark.parametrize("name", overlay.SETS)
def test_checksums_of_the_real_sets(name, tfds_dir):
    for source in overlay.SETS[name]:
        directory = tfds_dir(source)
    assert overlay.checksum(overlay.overlaid(name, directory)) == overlay.CHECKSUMS[name]


@pytest.mark.parametrize("method", [*kurin_methods.METHODS, *multi_mnist.SINGLES])
def test_every_published_method_learns(method, tmp_path, tfds_dir):
    splits = overlay.overlaid("mnist", tfds_dir("mnist"))
    few = {
        split: (pictures[:4096], {task: array[:4096] for task, array in labels.items()})
        for split, (pictures, labels) in splits.items()
    }
    found = multi_mnist.run(method, 1, few, epochs=3, directory=tmp_path)
    assert np.isfinite(found["history"]["loss"]).all()
    assert found["score"] > 0.3


@pytest.mark.parametrize("method", [kurin_methods.PlainLossMGDA, kurin_methods.RescaledGradDrop])
def test_methods_conform(method):
    check_weighting(method())
