"""Trains trunks on real pictures and prints their table: test accuracy, cost, time.

python results/trunks.py [cifar10 | mnist | part of a name ...]

Needs CIFAR-10 and MNIST below TFDS_DATA_DIR. The file of each finished run lies in
`results/trunks/`; such a run is read, not done again. All training rows, none held out, no
augmentation of test pictures.

- `cifar10`: the best small trunk within a budget of 300 = epochs x millions of multiply-adds of a
  picture, forward. Whoever learns by a schedule that ends at 0 needs no choice of an epoch.
- `mnist`: every other trunk in a small form, two epochs.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from one_task import Run, chosen, do, table

import mtl_keras as mtl

HERE = Path(__file__).with_suffix("")
CIFAR10 = {
    "object": "cifar10",
    "augment": mtl.data.Augmentation(crop=4, flip=True),
    "batch_size": 256,
}
MNIST = {"digit": "mnist", "batch_size": 128}
SGD = {"name": "sgd", "learning_rate": 0.8, "weight_decay": 0.0005}
ADAMW = {"name": "adamw", "learning_rate": 0.003}
SMALL = {
    "application": {"network": "MobileNet", "alpha": 0.25, "input_size": (64, 64)},
    "article_cnn": {"width": 8},
    "atrous_pyramid": {"filters": 16, "pooling": "avg"},
    "autoencoder": {"width": 8, "units": 64},
    "cbam": {"depth": 8, "width": 8},
    "conv_trunk": {"width": 8},
    "inception": {"width": 2},
    "lenet": {},
    "mlp": {"units": (256, 128)},
    "resnet": {"depth": 8, "width": 8},
    "unet": {"width": 8, "depth": 2, "pooling": "avg"},
    "vgg": {"depth": 11, "width": 8},
    "vit": {"width": 48, "depth": 3, "num_heads": 3, "mlp_width": 96, "patch_size": 4},
}


def network(data, x, trunk, scale=1.0, **options):
    """A trunk with a dense head; `scale` multiplies the logits."""
    (units,) = data.outputs.values()
    if trunk == "atrous_pyramid":
        options["backbone"] = mtl.trunks.conv_trunk(8, pooling=None, name="backbone")
    logits = keras.layers.Dense(units)(getattr(mtl.trunks, trunk)(**options)(x))
    return keras.layers.Rescaling(scale)(logits)


RUNS = {
    "cifar10-conv_trunk": Run(
        CIFAR10, network, 12, SGD, {"trunk": "conv_trunk", "width": 16, "scale": 0.2},
        smoothing=0.1, seeds=3,
    ),
    **{
        f"mnist-{trunk}": Run(MNIST, network, 2, ADAMW, {"trunk": trunk, **options})
        for trunk, options in SMALL.items()
    },
}  # fmt: skip


def trunks_table():
    """Returns the results so far as Markdown."""
    return table(RUNS, HERE)


def main():
    do(RUNS, HERE, chosen())
    print(trunks_table())


if __name__ == "__main__":
    main()
