import keras
import pytest

from mtl_keras.trunks import Trunk


class Body(Trunk):
    def connect(self, x):
        x = self.shared("dense", keras.layers.Dense, 3)(x)
        return self.private("bn", keras.layers.BatchNormalization)(x)


def test_the_same_tensor_gives_the_same_features():
    trunk, x = Body("body"), keras.Input((4,))
    assert trunk(x) is trunk(x)


def test_shared_and_private_layers():
    trunk = Body("body")
    inputs = [keras.Input((4,)) for _ in range(3)]
    model = keras.Model(inputs, [trunk(x) for x in inputs])
    names = sorted(layer.name for layer in model.layers if layer.weights)
    assert names == ["body_bn", "body_bn_1", "body_bn_2", "body_dense"]
    trunk(inputs[0])
    assert trunk(keras.Input((4,)))._keras_history.operation.name == "body_bn_3"


def test_features_of_a_trunk_that_is_gone_are_not_those_of_a_new_tensor():
    """An input is kept beside its features, so that no other gets its id."""
    trunk = Body("body")
    seen = {id(trunk(keras.Input((4,)))) for _ in range(20)}
    assert len(seen) == 20


def test_names_are_the_same_in_every_build():
    def names():
        trunk = Body("body")
        x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
        return [layer.name for layer in keras.Model([x, y], [trunk(x), trunk(y)]).layers]

    assert names() == names()


def test_a_trunk_must_connect():
    with pytest.raises(NotImplementedError, match="Trunk must implement connect"):
        Trunk("bare")(keras.Input((4,)))
