import time

import pytest

from mtl_keras.data import tfds_builder


def test_known_names():
    assert tfds_builder.known("glue/sst2")
    assert tfds_builder.known("mnist:3.*.*")
    assert not tfds_builder.known("glu")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("mnst", "mnist"),
        ("sample_digits", "sample/digits"),
        ("glue/sst", "glue/sst2"),
        ("kitty", "kitti"),
        ("trec/x", "trec"),
        ("my set", None),
    ],
)
def test_unknown_names(tmp_path, name, near):
    hint = f" Did you mean '{near}'" if near else ""
    with pytest.raises(ValueError, match=f"Unknown data set '{name}'.{hint}"):
        tfds_builder.prepared(name, tmp_path)


def test_a_version_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match=r"'mnist:9.9.9' cannot be had"):
        tfds_builder.prepared("mnist:9.9.9", tmp_path)


def test_without_a_network_the_error_comes_at_once_and_says_both_ways(tmp_path, monkeypatch):
    import urllib.request

    def refuse(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"'kmnist' is not in .* no network.* --data-dir") as error:
        tfds_builder.prepared("kmnist", tmp_path)
    assert time.monotonic() - start < 5
    assert "on a machine with a network" in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_a_failed_download_gives_the_same_error(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def fail(*_, **options):
        assert not options["download_config"].try_download_gcs
        raise OSError("disk full")

    monkeypatch.setattr(tfds_builder, "_no_network", lambda builder: None)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(ValueError, match=r"'kmnist' is not in .*OSError: disk full.* --data-dir"):
        tfds_builder.prepared("kmnist", tmp_path)


def test_the_folder_is_the_argument_else_the_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_builder, "_no_network", lambda builder: "off")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "environment"))
    with pytest.raises(ValueError, match=r"is not in '.*/environment'"):
        tfds_builder.prepared("kmnist")
    with pytest.raises(ValueError, match=r"is not in '.*/argument'"):
        tfds_builder.prepared("kmnist", tmp_path / "argument")
    monkeypatch.delenv("TFDS_DATA_DIR")
    with pytest.raises(ValueError, match=r"is not in '.*/tensorflow_datasets'"):
        tfds_builder.prepared("kmnist")


def test_any_answer_of_the_host_counts_as_a_network(monkeypatch):
    import urllib.request

    class Builder:
        url_infos = {"https://example.org/data.zip": None}

    def not_found(request, **_):
        raise urllib.error.HTTPError(request.full_url, 404, "not found", {}, None)

    monkeypatch.setattr(urllib.request, "urlopen", not_found)
    assert tfds_builder._no_network(Builder()) is None
