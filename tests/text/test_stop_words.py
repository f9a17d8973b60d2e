import keras

from mtl_keras.text import STOP_WORDS, stop_word_ids


def test_words_are_as_the_vectorizer_makes_them():
    layer = keras.layers.TextVectorization(vocabulary=sorted(STOP_WORDS))
    assert 1 not in layer(sorted(STOP_WORDS)).numpy()


def test_negations_stay():
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    negations = {"no", "not", "nor", "never", "none", "nothing", "nobody", "neither", "cannot"}
    negations |= {"dont", "didnt", "isnt", "wasnt", "cant", "wont", "without", "but", "few", "too"}
    assert not negations & STOP_WORDS
    assert len(STOP_WORDS & ENGLISH_STOP_WORDS) > 120


def test_special_tokens_are_no_words():
    assert stop_word_ids(["the", "a", "the", "x"]) == [2]
    assert stop_word_ids(["", "[UNK]", "the", "x"], words={"x"}) == [3]
