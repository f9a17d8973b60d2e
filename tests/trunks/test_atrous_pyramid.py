import keras
import pytest

from mtl_keras.trunks import Trunk, atrous_pyramid, conv_trunk


class Published(Trunk):
    """Maps of the widths and the strides of the network in the paper: 256 and 2048 channels."""

    def stages(self):
        return [lambda x: self._map(x, 256), lambda x: self._map(x, 2048)]

    def _map(self, x, filters):
        pooled = self.shared(f"pool{filters}", keras.layers.MaxPooling2D, 4)(x)
        return self.shared(f"map{filters}", keras.layers.Conv2D, filters, 1)(pooled)


def test_parameters_are_those_of_the_paper():
    backbone = Published("backbone")
    options = {"filters": 256, "rates": (6, 12, 18), "low_level_filters": 48, "low_level_stage": 0}
    x = keras.Input((512, 512, 3))
    y = atrous_pyramid(backbone, **options)(x)
    assert y.shape == (None, 128, 128, 256)
    model = keras.Model(x, keras.layers.Conv2D(21, 1)(y))
    inner = sum(layer.count_params() for layer in backbone._layers.values())
    assert model.count_params() - inner == 15_538_176 + 1_310_165
    pyramid = [layer for layer in model.layers if layer.name.startswith("atrous_pyramid_aspp")]
    assert sum(layer.count_params() for layer in pyramid) == 15_538_176


@pytest.mark.parametrize("size", [(9, 13), (28, 28)])
def test_the_map_has_the_size_of_the_early_stage(size):
    backbone = conv_trunk(1, pooling=None, name="backbone")
    y = atrous_pyramid(backbone, filters=1)(keras.Input((*size, 1)))
    assert y.shape == (None, *(-(-side // 2) for side in size), 1)


def test_the_default_backbone_keeps_the_size_of_the_picture():
    trunk = atrous_pyramid(filters=2, name="deep")
    assert trunk(keras.Input((11, 12, 1))).shape == (None, 11, 12, 2)
    assert trunk.backbone.name == "deep_backbone"


def test_backbones_that_do_not_fit():
    with pytest.raises(ValueError, match=r"`backbone` must give a map: make it with pooling=None"):
        atrous_pyramid(conv_trunk(1), filters=1)(keras.Input((8, 8, 1)))
    with pytest.raises(ValueError, match=r"a stage after `low_level_stage`. Received: 4 stages"):
        atrous_pyramid(conv_trunk(1, pooling=None), low_level_stage=3)
