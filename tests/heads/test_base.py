import pytest

from mtl_keras.heads import base, binary


def test_a_head_needs_a_name():
    with pytest.raises(ValueError, match=r"`name` must be the name of a task. Received: name=3"):
        binary(name=3)


def test_a_head_must_be_callable():
    with pytest.raises(NotImplementedError, match="Head must implement __call__"):
        base.Head("task", None, [])(None)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (3, r"`size` must be \(height, width\). Received: size=3"),
        ((3, 4, 5), "Received: size=.3, 4, 5"),
        ((3, 0), "`size` must be a whole number >= 1. Received: size=0"),
    ],
)
def test_wrong_sizes(values, message):
    with pytest.raises(ValueError, match=message):
        base.whole_numbers("size", values, ["height", "width"])
