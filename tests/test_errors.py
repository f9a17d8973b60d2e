import pytest

from mtl_keras.errors import unknown


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        (
            "digts",
            ["digits", "topics"],
            "Unknown task 'digts'. Did you mean 'digits'? Known: digits, topics.",
        ),
        ("xyz", ["digits"], "Unknown task 'xyz'. Known: digits."),
        ("a", [], "Unknown task 'a'. Known: none."),
        (3, {"13": 1}, "Unknown task 3. Did you mean '13'? Known: 13."),
    ],
)
def test_the_nearest_name_is_suggested(name, known, message):
    error = unknown("task", name, known)
    assert isinstance(error, ValueError)
    assert str(error) == message
