"""Every fusion on real pictures: does a text name the handwritten digit?

python results/fusion_digits.py [--seeds 0 1 2]

Needs MNIST below TFDS_DATA_DIR. The first 20,000 training pictures, each shown with a text that
names it and with one that does not (the wordings of `sample/number_words`), and so all test
pictures. The file of each finished run lies in `results/fusion_digits/`; such a run is read, not
done again. Neither part says anything alone. `keras Concatenate` is a linear head on both parts.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from absent_parts import BINARY, FUSIONS, PARTS, by_pattern, fused_model, train

import mtl_keras as mtl
from mtl_keras.data import texts
from mtl_keras.data.samples import number_words
from mtl_keras.evaluation import results

HERE = Path(__file__).with_suffix("")
ROWS, EPOCHS, BATCH, RATE, WORDS = 20_000, 6, 128, 0.002, 8


def pairs(split, seed, words=None, rows=None):
    """Returns (inputs, labels, vocabulary): each picture with a true text and a false one."""
    inputs, digits = mtl.data.load(x="mnist").raw("x", split)
    shown, named = {"image": inputs["x_image"][:rows]}, {"label": digits[:rows]}
    found, labels = number_words.draw_pairs(shown, named, repeats=2, seed=seed)
    words = words or texts.vocabulary([found["text"]], 1000)
    ids = texts.vectorizer(words, WORDS, "x_text")(found["text"].astype(str)).numpy()
    image = np.float32(found["image"]) / 255
    return {"x_image": image, "x_text": ids.astype("int32")}, {"x": labels["label"]}, words


def run(name, seed):
    """Trains one fusion and returns what it came to."""
    inputs, labels, words = pairs("train", seed, rows=ROWS)
    keras.utils.set_random_seed(seed)
    start = time.process_time()
    made = fused_model(FUSIONS[name], (28, 28, 1), mtl.trunks.lenet, WORDS, len(words) + 2)
    found = train(made, BINARY, inputs, labels, EPOCHS, BATCH, RATE)
    taken = time.process_time() - start
    return {
        **found,
        "fusion": name,
        "seed": seed,
        "accuracy": by_pattern(made, *pairs("test", seed + 100, words)[:2]),
        "cpu_seconds": taken,
        "versions": results.versions(),
        "machine": results.machine(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    for seed in parser.parse_args().seeds:
        for name in FUSIONS:
            path = HERE / f"{name.replace(' ', '_')}-seed{seed}.json"
            if not path.exists():
                results.write(path, run(name, seed))
    print(table())


def table():
    """Returns the mean test accuracy over the seeds, by what is there, as Markdown."""
    rows = ["| fusion | seeds | both | image | text | none |", "|---|---|---|---|---|---|"]
    for name in FUSIONS:
        paths = sorted(HERE.glob(f"{name.replace(' ', '_')}-seed*.json"))
        found = [results.read(path)["accuracy"] for path in paths]
        scores = (100 * np.mean([run[part] for run in found]) for part in PARTS if found)
        cells = " | ".join(f"{score:.1f} %" for score in scores)
        if found:
            rows.append(f"| {name} | {len(found)} | {cells} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
