import pytest

from mtl_keras.trunks import article_cnn
from tests.trunks.trunk_cases import counts


@pytest.mark.parametrize(
    ("shape", "parameters", "multiply_adds"),
    [
        ((28, 28, 1), 37_568 + 31_370, 7.708),
        ((32, 32, 3), 79_690, 11.25),
        ((224, 224, 3), 2_045_770, 551.1),
    ],
)
def test_counts(shape, parameters, multiply_adds):
    assert counts(article_cnn(input_size=shape[:2]), shape) == (parameters, multiply_adds)
