"""Classical picture features as layers: edges, texture, denoising, enhancement."""

from mtl_keras.features.denoising import GaussianBlur, Median
from mtl_keras.features.edges import Laplacian, Sobel
from mtl_keras.features.enhancement import CLAHE, AutoContrast, HistogramEqualization
from mtl_keras.features.gabor import GaborBank
from mtl_keras.features.local_binary_pattern import LocalBinaryPattern

__all__ = [
    "CLAHE",
    "AutoContrast",
    "GaborBank",
    "GaussianBlur",
    "HistogramEqualization",
    "Laplacian",
    "LocalBinaryPattern",
    "Median",
    "Sobel",
]
