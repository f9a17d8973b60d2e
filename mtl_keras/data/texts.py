"""Texts: a vocabulary from training texts, token ids made once by the layer kept with the model."""

import keras
import numpy as np
import tensorflow as tf

READ_ROWS = 4096
LONGEST = 256


def vocabulary(texts, size):
    """Returns the most frequent words of the training texts.

    Args:
        texts: iterable of arrays of `str`, the training texts of each input.
        size: int, at most this many ids, the padding and the unknown word among them.

    Returns:
        List of `str`, the most frequent first.

    Raises:
        ValueError: if `size` leaves room for no word, or the texts hold none.

    Example:
        >>> vocabulary([np.array(["A film.", "a good film, a film"], object)], size=4)
        ['film', 'a']
    """
    if size < 3:
        raise ValueError(
            "Argument `vocabulary_size` must be at least 3: padding, unknown and a word. "
            f"Received: vocabulary_size={size}"
        )
    counter = keras.layers.TextVectorization(max_tokens=size)
    dataset = tf.data.Dataset.from_tensor_slices(np.concatenate(list(texts))).batch(READ_ROWS)
    counter.adapt(dataset)
    words = [str(word) for word in counter.get_vocabulary(include_special_tokens=False)]
    if not words:
        raise ValueError("The training texts hold no words to make a vocabulary of.")
    return words


def sequence_length(texts):
    """Returns how many words the 95th of 100 training texts has, at most 256.

    Example:
        >>> sequence_length(["one", "one two three", "one two"])
        3
    """
    longest = np.percentile([len(text.split()) for text in texts], 95)
    return int(np.clip(np.ceil(longest), 1, LONGEST))


def vectorizer(words, length, name):
    """Returns the layer that turns raw strings into token ids.

    Args:
        words: list of `str`, ids from 2 on; 0 is padding, 1 an unknown word.
        length: int, number of ids for a text, longer texts are cut.
        name: str, the name of the layer.

    Returns:
        A `keras.layers.TextVectorization` with the vocabulary in its config, built.

    Example:
        >>> vectorizer(["good", "film"], 4, name="topics_text")(["A good film!"]).numpy()
        array([[1, 2, 3, 0]])
    """
    layer = keras.layers.TextVectorization(
        vocabulary=words, output_sequence_length=length, name=name
    )
    layer(tf.constant(["built by its first call"]))
    return layer


def tokenise(layer, texts):
    """Returns the token ids of texts, int32 `(n, length)`, made by the layer in slices.

    Example:
        >>> tokenise(vectorizer(["good"], 2, name="x"), np.array(["so good"], object))
        array([[1, 2]], dtype=int32)
    """
    parts = [
        layer(tf.constant(texts[start : start + READ_ROWS])).numpy().astype(np.int32)
        for start in range(0, len(texts), READ_ROWS)
    ]
    return np.concatenate(parts)
