"""Fusion with absent parts: what it costs, what modality dropout saves, what can match.

python results/absent_parts.py [matching | redundant | captions] [--seeds 0 1 2] [--quick]

Writes a JSON file for each run into `results/fusion/` and a table of all to the screen. Runs that
are there are not done again. `--quick`: one small run of each kind into a temporary folder.

- `matching`: does a text name the class of a picture? No part says anything alone, and a sum of
  what they say cannot either.
- `redundant`: picture and text show the same class, the picture with 20 % errors. A network leans
  on the text; modality dropout makes it learn the picture too. Ceilings: both 1, image .8,
  text 1, none .25.
- `captions`: drawn pictures with captions (a larger `sample/captions`, at half size), with all
  parts in training or with 30 % of the rows lacking picture or caption, also for 14 epochs, in
  which as many complete pairs are shown as in 10 of the whole. One part does not tell whether
  they match, so the label of an incomplete row is noise, which the branches learn by heart
  (`learned_by_heart`: accuracy on those rows of the training data, where .5 is all that can be
  known). `incomplete` says what is done about it: the label is left as it is ("label"), is
  missing ("no label"), or is the share of true pairs, .5 ("prior"), or the rows are left out of
  training ("left out"), the bound of what the other pairs can teach.
"""

import argparse
import functools
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import mtl_keras as mtl
from mtl_keras.data import texts
from mtl_keras.data.samples import captions
from mtl_keras.evaluation import results

HERE = Path(__file__).parent / "fusion"
CLASSES, FILLERS, SIZE = 4, 30, 64
NOBODY = slice(0)
PARTS = ("both", "image", "text", "none")
FUSIONS = {
    "average": mtl.fusion.average_fusion,
    "bilinear": mtl.fusion.bilinear_fusion,
    "concatenate": mtl.fusion.concatenate_fusion,
    "cross_attention": mtl.fusion.cross_attention_fusion,
    "gated": mtl.fusion.gated_fusion,
    "keras Concatenate": None,
}
SETTINGS = {
    "matching": [{"fusion": name} for name in FUSIONS],
    "redundant": [{"modality_dropout": rate} for rate in (0.0, 0.25)],
    "captions": [
        {"missing": 0.0, "epochs": 10, "incomplete": "label"},
        *(
            {"missing": 0.3, "epochs": 14, "incomplete": incomplete}
            for incomplete in ("prior", "no label", "label", "left out")
        ),
        {"missing": 0.3, "epochs": 10, "incomplete": "label"},
    ],
}


def vectors(shown, named, seed, noise=1.0):
    """A noisy prototype of the class shown and six words, one of which names a class."""
    random = np.random.default_rng(seed)
    prototypes = np.random.default_rng(99).normal(size=(CLASSES, SIZE))
    image = prototypes[shown] + noise * random.normal(size=(len(shown), SIZE))
    text = random.integers(2 + CLASSES, 2 + CLASSES + FILLERS, (len(named), 6))
    text[np.arange(len(named)), random.integers(0, 6, len(named))] = 2 + named
    return {"x_image": image.astype("float32"), "x_text": text.astype("int32")}


def other(classes, random):
    """For each class another one, all alike."""
    return (classes + random.integers(1, CLASSES, len(classes))) % CLASSES


def matching(rows, seed):
    random = np.random.default_rng(seed)
    shown, label = random.integers(0, CLASSES, rows), random.integers(0, 2, rows)
    named = np.where(label == 1, shown, other(shown, random))
    return vectors(shown, named, seed + 1), {"x": label}


def redundant(rows, seed):
    random = np.random.default_rng(seed)
    label = random.integers(0, CLASSES, rows)
    shown = np.where(random.random(rows) < 0.2, other(label, random), label)
    # So much noise that the picture is slow to learn, and little enough for 99 % of its classes.
    return vectors(shown, label, seed + 1, noise=2.0), {"x": label}


def drawn(grids, seed, words=None):
    """Pairs of the generator of `sample/captions`, pictures at half size; the vocabulary."""
    pairs, labels = captions.draw_pairs(grids, seed)
    image = np.float32(pairs["image"]) / 255
    image = image.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4))
    words = words or texts.vocabulary([pairs["text"]], 1000)
    ids = texts.vectorizer(words, 20, "x_text")(pairs["text"].astype(str)).numpy()
    return {"x_image": image, "x_text": ids.astype("int32")}, {"x": labels["label"]}, words


def without(inputs, image=NOBODY, text=NOBODY):
    """The inputs, some rows of which lack a part."""
    inputs = {key: value.copy() for key, value in inputs.items()}
    inputs["x_image"][image], inputs["x_text"][text] = np.nan, 0
    return inputs


def fused_model(fuse, image, trunk, words, vocabulary_size, outputs=1, width=32, **options):
    """Pictures and words; `fuse=None`: Keras' own concatenation under a linear head.

    Args:
        fuse: builder of a fusion, which gets the `options`.
        image: int tuple, shape of a picture, or of a vector in its place.
        trunk: function of no arguments that makes what turns it into features.
        words: int, words in a text.
        vocabulary_size: int.
        outputs: int.
        width: int, of the word vectors; the fusion is twice as wide.
    """
    image = keras.Input(image, name="x_image")
    words = keras.Input((words,), dtype="int32", name="x_text")
    text = mtl.text.embedding_branch(vocabulary_size, width, dropout=0.0)
    if fuse is mtl.fusion.cross_attention_fusion:
        text = keras.layers.Embedding(vocabulary_size, width)
    parts = {
        "image": mtl.fusion.optional(trunk(), image),
        "text": mtl.fusion.optional(text, words),
    }
    if fuse is None:
        joined = keras.layers.Concatenate()([part.features for part in parts.values()])
    else:
        joined = fuse(2 * width, **options)(parts)
    return mtl.MultiTaskModel([image, words], {"x": keras.layers.Dense(outputs)(joined)})


def small_model(fuse, outputs, **options):
    """For vectors and six words."""
    words = (6, 2 + CLASSES + FILLERS)
    return fused_model(
        fuse, (SIZE,), lambda: keras.layers.Dense(32, "relu"), *words, outputs, **options
    )


def picture_model(vocabulary_size, width):
    """For drawn pictures and their captions."""
    trunk = functools.partial(mtl.trunks.conv_trunk, width)
    fuse = mtl.fusion.concatenate_fusion
    return fused_model(fuse, (16, 16, 3), trunk, 20, vocabulary_size, width=64)


def train(model, loss, inputs, labels, epochs, batch_size, learning_rate):
    steps = epochs * (len(labels["x"]) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), loss, metrics="accuracy")
    history = model.fit(inputs, labels, batch_size=batch_size, epochs=epochs, verbose=0).history
    return {"history": history, "epochs": epochs, "rows": len(labels["x"])}


def accuracy(model, inputs, labels):
    found = model.evaluate(inputs, labels, batch_size=500, verbose=0, return_dict=True)
    return found["x_accuracy"]


def by_pattern(model, inputs, labels):
    """Test accuracy with both parts, the image, the text or nothing."""
    every = slice(None)
    lacking = {"both": {}, "image": {"text": every}, "text": {"image": every}}
    lacking["none"] = {"text": every, "image": every}
    return {
        name: accuracy(model, without(inputs, **rows), labels) for name, rows in lacking.items()
    }


BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def run_matching(seed, quick, fusion):
    inputs, labels = matching(600 if quick else 6000, 10 * seed)
    model = small_model(FUSIONS[fusion], 1)
    made = train(model, BINARY, inputs, labels, 2 if quick else 25, 64, 3e-3)
    return {**made, "accuracy": by_pattern(model, *matching(4000, 10 * seed + 5))}


def run_redundant(seed, quick, modality_dropout):
    inputs, labels = redundant(400 if quick else 4000, 10 * seed)
    model = small_model(mtl.fusion.concatenate_fusion, CLASSES, modality_dropout=modality_dropout)
    made = train(model, SPARSE, inputs, labels, 2 if quick else 25, 64, 3e-3)
    return {**made, "accuracy": by_pattern(model, *redundant(4000, 10 * seed + 5))}


def run_captions(seed, quick, missing, epochs, incomplete):
    inputs, labels, words = drawn(4 if quick else 300, 100 + seed)
    random = np.random.default_rng(seed)
    draw = random.random(len(labels["x"]))
    lacking = {"text": draw < missing / 2, "image": (draw >= missing / 2) & (draw < missing)}
    inputs = without(inputs, image=lacking["text"], text=lacking["image"])
    model = picture_model(len(words) + 2, 2 if quick else 8)
    rows, target = taught(labels["x"], draw >= missing, incomplete)
    seen = {key: value[rows] for key, value in inputs.items()}
    made = train(model, BINARY, seen, {"x": target}, 1 if quick else epochs, 64, 2e-3)
    made["learned_by_heart"] = {
        part: accuracy(
            model,
            {key: value[where] for key, value in inputs.items()},
            {"x": labels["x"][where]},
        )
        for part, where in lacking.items()
        if where.any()
    }
    test, truth, _ = drawn(4 if quick else 28, 4, words)
    return {**made, "accuracy": by_pattern(model, test, truth)}


def taught(label, whole, incomplete):
    """The rows to train on and their labels, where the others lack a part."""
    if incomplete == "left out":
        return np.flatnonzero(whole), label[whole]
    rows = np.arange(len(label))
    if incomplete == "prior":
        return rows, np.where(whole, label, 0.5).astype("float32")
    return rows, label if incomplete == "label" else np.where(whole, label, -1)


RUNS = {"matching": run_matching, "redundant": run_redundant, "captions": run_captions}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kinds", nargs="*", choices=[*RUNS, []], help="default: all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp()) if args.quick else HERE
    for kind in args.kinds or RUNS:
        for seed in args.seeds[:1] if args.quick else args.seeds:
            for options in SETTINGS[kind]:
                path = folder / f"{kind}-{'-'.join(map(str, options.values()))}-{seed}.json"
                path = path.with_name(path.name.replace(" ", "_"))
                if path.exists():
                    continue
                keras.utils.set_random_seed(seed)
                start = time.process_time()
                found = RUNS[kind](seed, args.quick, **options)
                found |= {"cpu_seconds": time.process_time() - start}
                found |= {"kind": kind, "seed": seed, "configuration": options}
                found |= {"versions": results.versions(), "machine": results.machine()}
                results.write(path, found)
                print(path.name, found["accuracy"], f"{found['cpu_seconds']:.0f} CPU s", flush=True)
    print(table(folder))


def table(folder=HERE):
    """Mean test accuracy over the seeds, by kind, configuration and what is there."""
    groups = {}
    for path in sorted(folder.glob("*-*.json")):
        run = results.read(path)
        groups.setdefault((run["kind"], *run["configuration"].values()), []).append(run)
    rows = ["| task | seeds | both | image | text | none |", "|---|---|---|---|---|---|"]
    for kind in SETTINGS:
        for options in SETTINGS[kind]:
            runs = groups.get((kind, *options.values()))
            if not runs:
                continue
            scores = [[run["accuracy"][part] for run in runs] for part in PARTS]
            cells = [named(kind, **options), len(runs)]
            cells += [f"{100 * np.mean(score):.1f} %" for score in scores]
            rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def named(kind, fusion=None, modality_dropout=None, missing=None, epochs=None, incomplete=None):
    """What a row of the table is called."""
    if kind == "matching":
        return f"matching, {fusion}"
    if kind == "redundant":
        return f"redundant, modality dropout {modality_dropout:g}"
    if not missing:
        return f"captions, all there, {epochs} epochs"
    return f"captions, {100 * missing:.0f} % lack a part, {incomplete}, {epochs} epochs"


if __name__ == "__main__":
    main()
