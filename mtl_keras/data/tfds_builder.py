"""Sets of TensorFlow Datasets: found where they lie, or downloaded and prepared."""

import contextlib
import difflib
import os
import urllib.error
import urllib.parse
import urllib.request

from mtl_keras import errors

# Training rows of the official sets; a copy may hold fewer.
OFFICIAL_TRAIN = {
    "ag_news_subset": 120_000,
    "cifar10": 50_000,
    "cifar100": 50_000,
    "fashion_mnist": 60_000,
    "food101": 75_750,
    "glue/cola": 8_551,
    "glue/mrpc": 3_668,
    "glue/qqp": 363_849,
    "glue/sst2": 67_349,
    "goemotions": 43_410,
    "imdb_reviews": 25_000,
    "kmnist": 60_000,
    "mnist": 60_000,
    "oxford_iiit_pet": 3_680,
    "stl10": 5_000,
    "svhn_cropped": 73_257,
    "tf_flowers": 3_670,
    "trec": 5_452,
    "yelp_polarity_reviews": 560_000,
}
CONNECT_SECONDS = 10


def known(name):
    """Whether TensorFlow Datasets has a set of this name.

    Args:
        name: str, such as `"mnist"` or `"glue/sst2"`.

    Example:
        >>> known("mnist"), known("mnst")
        (True, False)
    """
    import tensorflow_datasets as tfds

    return name.split("/")[0].split(":")[0] in tfds.list_builders(with_community_datasets=False)


def prepared(name, data_dir=None):
    """Returns the builder of a set whose files are there, downloaded now if they were not.

    Args:
        name: str, such as `"mnist"`, `"glue/sst2"` or `"mnist:3.0.1"`.
        data_dir: str or path. Defaults to the environment's `TFDS_DATA_DIR`, else
            `~/tensorflow_datasets`.

    Returns:
        A `tfds.core.DatasetBuilder`.

    Raises:
        ValueError: if there is no such set, or it is neither there nor to be had: the error says
            where it was looked for and the two ways to get it.
    """
    import tensorflow_datasets as tfds

    folder = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    folder = os.path.expanduser(folder)
    try:
        builder = tfds.builder(name, data_dir=folder)
    except ValueError as error:
        raise errors.unknown("data set", name, _nearest(name)) from error
    except AssertionError as error:  # No such version.
        raise ValueError(f"Data set {name!r} cannot be had: {error}") from error
    if not builder.is_prepared():
        _prepare(builder, name, folder)
    return builder


def _nearest(name):
    """Names worth showing: a set's own variants, or the usual sets and the nearest of all."""
    import tensorflow_datasets as tfds

    from mtl_keras.data import samples

    base = name.split("/")[0].split(":")[0]
    if known(base):
        variants = tfds.builder_cls(base).builder_configs
        return [f"{base}/{variant}" for variant in variants] or [base]
    every = tfds.list_builders(with_community_datasets=False)
    usual = [f"sample/{k}" for k in samples.names()] + list(OFFICIAL_TRAIN)
    return list(dict.fromkeys(usual + difflib.get_close_matches(name, every, n=1)))


def _prepare(builder, name, folder):
    import tensorflow_datasets as tfds

    reason = _no_network(builder)
    if reason is None:
        # Asking the mirror for prepared sets can hang for minutes behind a firewall.
        config = tfds.download.DownloadConfig(try_download_gcs=False)
        try:
            builder.download_and_prepare(download_config=config)
            return
        except Exception as error:  # Whatever a builder's own code may raise.
            reason = f"{type(error).__name__}: {str(error).strip() or 'no reason given'}"
    raise ValueError(
        f"Data set {name!r} is not in {folder!r} and could not be downloaded ({reason}). "
        "Either run this once on a machine with a network, where TensorFlow Datasets downloads it "
        f"(`tfds build {name}`), or point --data-dir (data_dir=, TFDS_DATA_DIR) to a directory "
        f"that holds the prepared set."
    )


def _no_network(builder):
    """Why the set's first address is out of reach, or `None`. TFDS itself would try for minutes."""
    urls = [url for url in getattr(builder, "url_infos", {}) if url.startswith("http")]
    url = urls[0] if urls else "https://storage.googleapis.com"
    request = urllib.request.Request(url, method="HEAD")
    try:
        with contextlib.closing(urllib.request.urlopen(request, timeout=CONNECT_SECONDS)):
            return None
    except urllib.error.HTTPError:
        return None  # Somebody answered; TFDS knows better how to ask.
    except OSError as error:
        host = urllib.parse.urlparse(url).hostname
        return f"{host} cannot be reached: {getattr(error, 'reason', error)}"
