"""Files of word vectors."""

import numpy as np


def word_vectors(path, vocabulary, seed=0):
    """Reads the vectors of a vocabulary from a GloVe or word2vec text file.

    A line is a word and its numbers, between single spaces; GloVe's files have words with spaces
    in them. The first line of word2vec's and fastText's files is `count size`. Of a word that
    occurs twice the first vector counts. Words are compared as they are: lower-case words find
    nothing in a file that has them with capitals only.

    Args:
        path: str or path of a UTF-8 file.
        vocabulary: list of str by id, the first two for padding and the unknown word, as
            `TextVectorization.get_vocabulary` returns.
        seed: int, seed of the vectors of words that are not in the file. They, and the unknown
            word's, are uniform with the variance of those found. Defaults to 0.

    Returns:
        float32 array `(len(vocabulary), size)`, the argument `vectors` of text branches. Padding
        has zeros.

    Raises:
        ValueError: a line has another number of values than the first, one is no number, or the
            file has none of the words.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "vectors.txt")
        >>> _ = path.write_text("film 0.5 -0.5\\n. . . 0.25 1\\n")
        >>> word_vectors(path, ["", "[UNK]", "film"])[[0, 2]]
        array([[ 0. ,  0. ],
               [ 0.5, -0.5]], dtype=float32)

    Reference:
        Pennington et al., "GloVe", EMNLP 2014; Mikolov et al., "Efficient Estimation of Word
        Representations in Vector Space", 2013; the unknown words as in Kim, EMNLP 2014.
    """
    ids = {word: id for id, word in enumerate(vocabulary) if id > 1}
    found, size = {}, None
    with open(path, encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip()
            if number == 1 and _is_header(line):
                size = int(line.split(" ")[1])
                continue
            size = size or line.count(" ")
            word, *values = line.rsplit(" ", size)
            if word in ids and ids[word] not in found:
                found[ids[word]] = _numbers(values, size, path, number)
    if not found:
        raise ValueError(
            f"File {str(path)!r} has none of the {len(ids)} words of the vocabulary. "
            f"Received: vocabulary={list(ids)[:3]}..."
        )
    return _matrix(found, len(vocabulary), seed)


def _is_header(line):
    fields = line.split(" ")
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _numbers(values, size, path, number):
    try:
        vector = np.array(values, np.float32)
    except ValueError as error:
        raise ValueError(f"File {str(path)!r}, line {number}: {error}") from None
    if len(vector) != size:
        raise ValueError(
            f"File {str(path)!r}, line {number}: a word must have {size} values. "
            f"Received: {len(vector)}"
        )
    return vector


def _matrix(found, rows, seed):
    known = np.stack(list(found.values()))
    bound = np.sqrt(3) * known.std()
    matrix = np.random.default_rng(seed).uniform(-bound, bound, (rows, known.shape[1]))
    matrix[0] = 0
    matrix[list(found)] = known
    return matrix.astype(np.float32)
