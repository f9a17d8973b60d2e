"""Trunks: builders that turn pictures into features."""

from mtl_keras.trunks.application import application
from mtl_keras.trunks.article_cnn import article_cnn
from mtl_keras.trunks.atrous_pyramid import atrous_pyramid
from mtl_keras.trunks.autoencoder import autoencoder
from mtl_keras.trunks.base import Trunk
from mtl_keras.trunks.cbam import ChannelAttention, SpatialAttention, cbam
from mtl_keras.trunks.conv import conv_trunk
from mtl_keras.trunks.freezing import freeze, learning_rates, unfreeze
from mtl_keras.trunks.inception import inception
from mtl_keras.trunks.lenet import UnscaledDropout, lenet
from mtl_keras.trunks.mlp import mlp
from mtl_keras.trunks.resnet import resnet
from mtl_keras.trunks.unet import unet
from mtl_keras.trunks.vgg import vgg
from mtl_keras.trunks.vit import vit

__all__ = [
    "ChannelAttention",
    "SpatialAttention",
    "Trunk",
    "UnscaledDropout",
    "application",
    "article_cnn",
    "atrous_pyramid",
    "autoencoder",
    "cbam",
    "conv_trunk",
    "freeze",
    "inception",
    "learning_rates",
    "lenet",
    "mlp",
    "resnet",
    "unet",
    "unfreeze",
    "vgg",
    "vit",
]
