import keras
import numpy as np

from mtl_keras.trunks.convolutional import ConvolutionalTrunk


class Tiny(ConvolutionalTrunk):
    def connect(self, x):
        return self.pool(self.convolve(x, 2, "conv", strides=2, relu=False))


def test_a_convolution_is_shared_and_normalised_for_each_input():
    trunk, inputs = Tiny("avg", "tiny"), [keras.Input((6, 6, 1)) for _ in range(2)]
    model = keras.Model(inputs, [trunk(x) for x in inputs])
    weights = {layer.name: len(layer.weights) for layer in model.layers if layer.weights}
    assert weights == {"tiny_conv": 1, "tiny_conv_bn": 4, "tiny_conv_bn_1": 4}


def test_without_pooling_it_is_the_map():
    x = keras.Input((5, 5, 1))
    assert keras.Model(x, Tiny(None, "tiny")(x))(np.zeros((2, 5, 5, 1))).shape == (2, 3, 3, 2)
