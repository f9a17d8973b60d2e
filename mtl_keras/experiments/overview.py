"""The articles' claims over all experiments: one table."""

from mtl_keras import experiments
from mtl_keras.experiments import claims, runner
from mtl_keras.experiments.blocks import Table

HEADLINES = {
    "C1": {
        "image_text": ["tuned: digits, joint minus alone", "tuned: topics, joint minus alone"],
        "image_mlp": ["tuned: digit, joint minus alone"],
        "feature_fusion": ["article: objects, joint minus alone"],
        "data_classification": ["tuned: objects, joint minus alone"],
        "image_recognition": ["tuned: objects, joint minus alone"],
    },
    "C2": {
        "image_text": ["tuned: parameters, one model / 3 models"],
        "data_classification": [
            "tasks_10: parameters, one model / 10 models",
            "tasks_10: FLOPs of a forward pass, one model / 10 models",
            "tasks_10: CPU seconds per epoch, one model / 10 models",
        ],
    },
    "C3": {
        "image_text": [
            "tuned: digits above 90 %", "tuned: topics above 90 %", "imdb: topics above 90 %",
        ],
    },
    "C4": {
        "image_mlp": [
            "tuned: digit, gap between training and test, alone minus joint",
            "tuned: digit, disturbed pictures, joint minus alone",
            "1 % of the rows: digit, joint minus alone",
        ],
    },
    "C5": {
        "image_mlp": [
            "tuned perceptron minus k-means, ten clusters per class",
            "tuned perceptron minus PCA, logistic regression",
        ],
    },
    "C6": {
        "feature_fusion": [
            "all features minus picture alone: objects",
            "all features minus picture alone: objects, disturbed",
        ],
    },
    "C7": {
        "data_classification": [
            f"ten tasks minus {other}: objects"
            for other in ("five pairs of tasks", "multi-label", "coarse to fine")
        ],
    },
    "C8": {
        "image_recognition": [
            "deeper minus base: objects", "shallower minus base: objects",
            "base minus half_of_the_data: objects",
        ],
    },
}  # fmt: skip
"""Claim -> experiment -> aspects whose numbers stand for it in a short table."""


def verdicts(folder, scale="laptop", seeds=range(5)):
    """Returns dict experiment -> list of `Verdict`, of the results below a folder.

    Args:
        folder: path, as `--out` of `mtl-keras reproduce`.
        scale: str. Defaults to `"laptop"`.
        seeds: sequence of int. Defaults to 0 to 4.
    """
    found = {}
    for name in experiments.ARTICLES:
        module = experiments.get(name)
        found[name] = module.verdicts(runner.read(module, scale, seeds, folder))
    return found


def claims_table(found):
    """Returns the table of the claims: the answer of all aspects together, counts, some numbers.

    Args:
        found: dict experiment -> list of `Verdict`.

    Example:
        >>> refuted = claims.Verdict("C3", "tuned: topics above 90 %", "refuted", "86.00 %")
        >>> claims_table({"image_text": [refuted]}).rows[0][2:4]
        ('refuted', '0 / 1 / 0')
    """
    rows = []
    for claim, text in claims.CLAIMS.items():
        judged = [v for of_one in found.values() for v in of_one if v.claim == claim]
        if not judged:
            continue
        answers = [verdict.answer for verdict in judged]
        counts = (claims.SUPPORTED, claims.REFUTED, claims.UNDECIDED)
        counted = " / ".join(str(answers.count(answer)) for answer in counts)
        rows.append((claim, text, claims.together(answers), counted, _headlines(claim, found)))
    header = "claim", "what it says", "as a whole", "supported / refuted / undecided", "numbers"
    return Table(header, rows)


def _headlines(claim, found):
    told = []
    for name, aspects in HEADLINES[claim].items():
        numbers = {v.aspect: v.numbers for v in found.get(name, ()) if v.claim == claim}
        told += [f"`{name}` {a}: {numbers[a]}" for a in aspects if a in numbers]
    return "; ".join(told)
