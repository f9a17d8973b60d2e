"""The experiments of the five articles and of published tables, built from the public parts.

`mtl-keras reproduce NAME` runs one of the articles'. Each is a module that names its protocol at
the top, with these names, which `runner` uses:

- `TITLE`, the article in a line;
- `variants(scale)`: dict variant -> dict row -> settings, all that decides a result but the seed;
- `load(seed, data_dir, *, ...)`: the data, by the settings of these names;
- `run(settings, seed, data, folder)`: what one training or fit came to;
- `verdicts(results)`: a list of `Verdict`, what the results say of the claims;
- `figures(results)`: dict title -> figure, what the report shows besides.
"""

import importlib

from mtl_keras.errors import unknown

ARTICLES = (
    "image_text",
    "image_mlp",
    "feature_fusion",
    "data_classification",
    "image_recognition",
)
"""Names of the experiments that reproduce an article, in the articles' order."""

SCALES = ("smoke", "laptop", "full")
"""Seconds, for tests; minutes on two cores for an experiment and seed; the protocol as written."""


def get(name):
    """Returns the module of an article's experiment.

    Raises:
        ValueError: there is no such experiment.

    Example:
        >>> get("image_text").TITLE
        'Image and text classification in one model'
    """
    if name not in ARTICLES:
        raise unknown("experiment", name, ARTICLES)
    return importlib.import_module(f"mtl_keras.experiments.{name}")
