import numpy as np
import pytest

from mtl_keras.text import word_vectors

VOCABULARY = ["", "[UNK]", "film", "good", "rare", "élan"]
LINES = ["good 1 2 3", ". . . 9 9 9", "élan -1 -2.5 4e-1", "good 7 7 7", "film 0.5 0 -0.5"]


def write(tmp_path, *lines):
    path = tmp_path / "vectors.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("header", [[], ["5 3"]], ids=["GloVe", "word2vec"])
def test_reads_the_words_of_the_vocabulary(tmp_path, header):
    found = word_vectors(write(tmp_path, *header, *LINES), VOCABULARY)
    assert found.dtype == np.float32
    wanted = [[0, 0, 0], [0.5, 0, -0.5], [1, 2, 3], [-1, -2.5, 0.4]]
    np.testing.assert_array_equal(found[[0, 2, 3, 5]], np.float32(wanted))


def test_the_other_words_are_random_with_the_same_variance(tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(scale=0.3, size=(50, 40)).round(4)
    lines = [f"w{i} " + " ".join(map(str, row)) + " " for i, row in enumerate(vectors)]
    vocabulary = ["", "[UNK]", *(f"w{i}" for i in range(100))]
    path = write(tmp_path, *lines)
    found = word_vectors(path, vocabulary)
    np.testing.assert_allclose(found[2:52], vectors, atol=1e-6)
    rest = found[[1, *range(52, 102)]]
    assert abs(rest.std() / vectors.std() - 1) < 0.05
    assert np.abs(rest).max() <= np.sqrt(3) * vectors.std() * 1.001
    np.testing.assert_array_equal(word_vectors(path, vocabulary), found)
    assert (word_vectors(path, vocabulary, seed=1)[1] != found[1]).any()


def test_bad_files(tmp_path):
    with pytest.raises(ValueError, match="has none of the 4 words"):
        word_vectors(write(tmp_path, "Film 1 2"), VOCABULARY)
    with pytest.raises(ValueError, match="line 2: could not convert string to float: 'x'"):
        word_vectors(write(tmp_path, "good 1 2 3", "film 1 x 3"), VOCABULARY)
    with pytest.raises(ValueError, match=r"line 2: a word must have 3 values\. Received: 2"):
        word_vectors(write(tmp_path, "good 1 2 3", "film 1 2"), VOCABULARY)
