"""A class for every pixel."""

import keras
from keras import layers

from mtl_keras.heads.base import Head, whole_number, whole_numbers


class dense(Head):
    """Builds a head that tells the class of every pixel.

    Called on a feature map `(batch, any height, any width, channels)`, such as a trunk gives with
    `pooling=None`, it returns logits `(batch, height, width, classes)`: a 1x1 convolution, then
    bilinear resizing, as in fully convolutional networks. Labels are class numbers, integers
    `(batch, height, width)`; any single pixel may be missing, -1. The loss is the mean over the
    labelled pixels of the batch. An export answers with maps: `probabilities`
    `(batch, height, width, classes)` and `label`, the names `(batch, height, width)`.

    Args:
        classes: int, at least 2.
        size: (height, width) of the labels.
        name: str, name of the task. Defaults to `"dense"`.

    Raises:
        ValueError: an argument is no such number, or the features are no map.

    Example:
        >>> parts = dense(3, (32, 32), name="parts")
        >>> parts(keras.Input((4, 4, 64))).shape
        (None, 32, 32, 3)
        >>> [getattr(metric, "name", metric) for metric in parts.metrics]
        ['mean_iou', 'accuracy']

    Reference:
        Long et al., "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015; this
        is the variant without skip connections.
    """

    def __init__(self, classes, size, name="dense"):
        classes = whole_number("classes", classes, least=2)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        # With whole numbers Keras would cut off the fractions of sample weights.
        iou = keras.metrics.MeanIoU(classes, sparse_y_pred=False, name="mean_iou", dtype="float32")
        super().__init__(name, loss, [iou, "accuracy"])
        self.classes = classes
        self.size = whole_numbers("size", size, ["height", "width"])

    def __call__(self, features):
        if len(features.shape) != 4:
            raise ValueError(
                f"Head {self.name!r} must be called on a feature map (batch, height, width, "
                "channels), such as a trunk gives with pooling=None. "
                f"Received: shape {tuple(features.shape)}"
            )
        logits = layers.Conv2D(self.classes, 1, name=f"{self.name}_small")(features)
        return layers.Resizing(*self.size, name=self.name)(logits)
