import numpy as np
import pytest
import tensorflow as tf

from mtl_keras import client_inputs


def test_one_picture_or_text_is_a_list_of_one(tmp_path):
    picture = np.arange(12, dtype="uint8").reshape(2, 2, 3)
    data = tf.io.encode_png(picture).numpy()
    (tmp_path / "one.png").write_bytes(data)
    for source in (data, tmp_path / "one.png", str(tmp_path / "one.png"), [data]):
        assert client_inputs.pictures(source, channels=3) == [data]
    assert client_inputs.texts("one") == client_inputs.texts(b"one") == ["one"]
    assert client_inputs.texts(np.array(["one", 2], object)) == ["one", "2"]


@pytest.mark.parametrize("shape", [(2, 4, 4, 3), (4, 4, 1)])
def test_arrays_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"uint8 array \(n, height, width, 1\)"):
        client_inputs.pictures(np.zeros(shape, "uint8"), channels=1)


def test_channels_that_no_file_has():
    with pytest.raises(ValueError, match="No picture file has the 2 channels"):
        client_inputs.pictures([b"x"], channels=2)
