import collections
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from mtl_keras.data import texts


def array(*values):
    return np.array(values, object)


def test_the_vocabulary_holds_the_most_frequent_words_of_all_inputs():
    one, two = array("a b c", "a, B."), array("A d d", "d!")
    counts = collections.Counter("abcabaddd")
    words = texts.vocabulary([one, two], size=100)
    assert sorted(words) == sorted(counts)
    assert [counts[w] for w in words] == sorted(counts.values(), reverse=True)
    assert all(type(word) is str for word in words)
    assert texts.vocabulary([one, two], size=4) == [w for w in words[:2]]


def test_ids_are_padding_unknown_and_words_from_two():
    layer = texts.vectorizer(["good", "film"], 4, name="x")
    ids = texts.tokenise(layer, array("Film good, good film film", "bad", ""))
    assert ids.dtype == np.int32
    np.testing.assert_array_equal(ids, [[3, 2, 2, 3], [1, 0, 0, 0], [0, 0, 0, 0]])


def test_tokenising_in_slices_changes_nothing(monkeypatch):
    layer = texts.vectorizer(["w1", "w2", "w3"], 3, name="x")
    many = array(*(f"w{i % 5} w{i % 3}" for i in range(50)))
    whole = texts.tokenise(layer, many)
    monkeypatch.setattr(texts, "READ_ROWS", 7)
    np.testing.assert_array_equal(texts.tokenise(layer, many), whole)


def test_the_layer_keeps_its_vocabulary_through_its_config():
    layer = texts.vectorizer(["naïve", "film"], 4, name="topics_text")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(config)
    assert again.name == "topics_text"
    np.testing.assert_array_equal(again(tf.constant(["a naïve film"])), [[1, 2, 3, 0]])


def test_sequence_length_is_the_95th_percentile_up_to_256():
    lengths = range(1, 101)
    found = texts.sequence_length(array(*("w " * n for n in lengths)))
    assert np.mean(np.array(lengths) <= found) == pytest.approx(0.96, abs=0.011)
    assert texts.sequence_length(array("w " * 1000)) == 256
    assert texts.sequence_length(array("", "")) == 1


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`vocabulary_size` must be at least 3"):
        texts.vocabulary([array("a")], size=2)
    with pytest.raises(ValueError, match=r"hold no words"):
        texts.vocabulary([array("...", "")], size=10)
