import numpy as np

from mtl_keras.weighting import MGDA, MGDAUB

from .directions import built, weigh
from .weighting_cases import jacobians


def test_is_mgda_at_the_features():
    assert (MGDA.at, MGDAUB.at) == ("shared", "features")
    jacobian = jacobians("conflicting", 3, 9, 1)
    for normalization in ("none", "loss+"):
        wanted = weigh(built(MGDA, 3, normalization=normalization), jacobian, [1.0, 2.0, 3.0])
        found = weigh(built(MGDAUB, 3, normalization=normalization), jacobian, [1.0, 2.0, 3.0])
        np.testing.assert_array_equal(found, wanted)


def test_is_mgda_where_the_features_are_an_isometry_of_the_parameters():
    at_features = jacobians("conflicting", 3, 9, 1).astype(np.float64)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 9)))[0]
    found = weigh(built(MGDAUB, 3), at_features)
    np.testing.assert_allclose(found, weigh(built(MGDA, 3), at_features @ (3 * turn)), rtol=1e-5)
