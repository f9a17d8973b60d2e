"""Short news headlines on four topics, written for this project.

`headlines.tsv` has a header and one line for each headline: split, topic, headline. All are
invented, and no two share more than three fifths of their words; about one in five borrows its
words from another topic ("Novel about hedge funds wins the hearts of the judges" is culture). The
label is what the story is mainly about. They carry the licence of this package.
"""

import csv
from pathlib import Path

import numpy as np

TOPICS = ["business", "culture", "science", "sport"]


def load():
    """Returns the headlines: 2,395 for training and 400 for testing, 100 of each topic.

    Returns:
        A dict as `mtl_keras.data.samples.load` describes it: `text` the headlines, `label` an
        index into `TOPICS`.

    Example:
        >>> inputs, labels = load()["test"]
        >>> inputs["text"].shape, labels["label"].shape
        ((400,), (400,))
    """
    with Path(__file__).with_suffix(".tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        "train": _part([row for row in rows if row["split"] == "train"]),
        "test": _part([row for row in rows if row["split"] == "test"]),
        "class_names": {"label": TOPICS[:]},
    }


def _part(rows):
    text = np.array([row["headline"] for row in rows], dtype=object)
    label = np.array([TOPICS.index(row["topic"]) for row in rows], dtype="int32")
    return {"text": text}, {"label": label}
