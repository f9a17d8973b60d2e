# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Networks to share: trunks, architectures, fusion
#
# What tasks share is a network, and how they share it is a choice. This notebook shows the trunks that come with the package, the sharing
# architectures with what their gates and stitches learned on real pictures, and how a model joins a picture and a text either of which may be
# absent. The figures of whole training runs are read from `results/`; the small models are trained here.

# %%
import os
import runpy
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Fewer where a test only wants to see it run.
EPOCHS = int(os.environ.get("MTL_EPOCHS", 6))
EXAMPLES = int(os.environ.get("MTL_EXAMPLES", 2000))

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from IPython.display import Markdown

import mtl_keras as mtl
from mtl_keras import architectures
from mtl_keras.evaluation import plots, results

keras.utils.set_random_seed(0)
RESULTS = Path(mtl.__file__).parents[1] / "results"
tables = runpy.run_path(str(RESULTS / "tables.py"))

# %% [markdown]
# ## Trunks
#
# A trunk is a builder: called on a picture it adds layers to the graph and returns features. Called again on another input it shares its
# kernels, and gives each input a batch normalisation of its own. `mtl-keras list trunks` prints what each costs.

# %%
trunks = results.read(RESULTS / "components.json")["kinds"]["trunks"]
fig, axis = plt.subplots(figsize=(8, 4.6))
for name, found in trunks["costs"].items():
    axis.plot(found["parameters"], found["flops"] / 1e6, "o", color="#0072B2")
    above = name in ("lenet", "cbam", "article_cnn")  # the others would hide each other
    axis.annotate(
        name, (found["parameters"], found["flops"] / 1e6), xytext=(0, 6 if above else -13),
        textcoords="offset points", ha="right" if name == "resnet" else "center", fontsize=9,
    )
axis.set(xscale="log", yscale="log", xlabel="parameters", ylabel="MFLOPs of one forward pass")
axis.set(xlim=(1e4, 1e8), ylim=(0.7, 3e3))
axis.set_title(f"with default options, on {trunks['counted_on']}", fontsize=10)
axis.grid(alpha=0.3)

# %% [markdown]
# Any network of `keras.applications` is a trunk, too, and any Keras layer or model may stand where a builder stands. One trunk over two kinds
# of pictures, grey and coloured: one set of kernels, two stems, two sets of batch statistics.

# %%
trunk = mtl.trunks.conv_trunk(width=16)
grey, colour = keras.Input((28, 28, 1), name="grey"), keras.Input((32, 32, 3), name="colour")
networks = {"colour alone": keras.Model(colour, trunk(colour))}
networks["grey and colour"] = keras.Model([grey, colour], [trunk(grey), trunk(colour)])
for name, network in networks.items():
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    held = sum(norm.count_params() for norm in norms)
    print(f"{name:16} {network.count_params():,} parameters, {held:,} of them in batch normalisation")

# %% [markdown]
# ## Sharing architectures
#
# An architecture takes a function that makes a trunk, and the tasks. Called on one input it gives features by task; called on a dict of
# inputs, one for each task, it does the same without mixing what belongs to different examples.
#
# Two tasks over the same pictures: which class is it, and is it a vehicle? Where CIFAR-10 is not there, drawn shapes serve: which shape is it,
# and has it corners?

# %%
cifar = (Path(os.environ.get("TFDS_DATA_DIR", Path.home() / "tensorflow_datasets")) / "cifar10").exists()
name, YES = ("cifar10", [0, 1, 8, 9]) if cifar else ("sample/drawings", [1, 2, 3, 4, 7, 9])
data = mtl.data.load(classes=name, examples=EXAMPLES, validation=0, batch_size=64, seed=0)


def two_labels(x, y):
    """Rows without a label, which fill up a last batch, have none in either task."""
    second = tf.gather(np.isin(np.arange(10), YES).astype("int32"), tf.maximum(y["classes"], 0))
    return x, {**y, "yes_or_no": tf.where(y["classes"] < 0, -1, second)}


tasks = {"classes": 10, "yes_or_no": 2}
train, test = data.train.map(two_labels), data.test.map(two_labels).take(EXAMPLES // 64)
pictures, labels = data.raw("classes", "test")
pictures, labels = pictures["classes_image"], np.asarray(labels)
fig, axes = plt.subplots(1, 10, figsize=(12, 1.7))
for label, axis in enumerate(axes):
    axis.imshow(pictures[np.argmax(labels == label)])
    axis.set_title(f"{data.class_names['classes'][label]}\n{'yes' if label in YES else 'no'}", fontsize=9)
    axis.axis("off")

# %% [markdown]
# A mixture of experts, MMoE: four small trunks, and for each task a gate that says how much of each to hear, picture by picture. The
# rest is an ordinary model; with every architecture every weighting method may be used.

# %%
x = data.inputs()
share = architectures.mmoe(lambda name: mtl.trunks.article_cnn(16, name=name), list(tasks), experts=4)
features = share(x["classes_image"])
model = mtl.MultiTaskModel(x, {task: keras.layers.Dense(n, name=task)(features[task]) for task, n in tasks.items()})
model.compile(
    mtl.presets.optimizer(steps=EPOCHS * len(train)),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics="accuracy",
    jit_compile=False,
)
model.fit(train, epochs=EPOCHS, verbose=0)
scores = model.evaluate(test, verbose=0, return_dict=True)
print({task: f"{100 * scores[f'{task}_accuracy']:.1f} %" for task in tasks}, "of the test pictures, after", EXAMPLES, "pictures of training")

# %% [markdown]
# `mixing` tells what the mixing layers of a model learned, also of a model that was loaded, and `plots.sharing_maps` draws it. Averaged
# over test pictures, a row for each task:

# %%
rows = np.float32(pictures[:500]) / 255
plots.sharing_maps(architectures.mixing(model, {"classes_image": rows}))

# %% [markdown]
# The gates look at the picture. The same by class: which expert does each class call on?

# %%
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
gates = [
    next(iter(architectures.mixing(model, {"classes_image": rows[labels[:500] == label]}).values()))
    for label in range(10)
]
for axis, task in zip(axes, tasks):
    by_class = np.stack([gate.weights[gate.rows.index(task)] for gate in gates])
    shown = axis.imshow(by_class, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axis.set_title(f"gate of {task}", fontsize=10)
    axis.set_xticks(range(4), gates[0].columns)
    axis.set_yticks(range(10), data.class_names["classes"])
fig.colorbar(shown, ax=axes, label="mean weight");

# %% [markdown]
# ## All architectures on real data
#
# Accuracy on test pictures of every architecture, in two settings: CIFAR-10 with the two tasks above, and MNIST with Fashion-MNIST, where each
# task has its own pictures. `python results/architectures.py` makes the files that are read here. The trunk is narrow, 26,000 parameters, so
# this compares what the architectures cost and learn, not the best that they can do. `no_sharing` is a trunk for each task. With one seed and 3,968
# test pictures, differences below two points on CIFAR-10 are chance; mixtures are ahead of the rest by more.

# %%
Markdown(tables["block"]("architectures"))

# %%
runs = [results.read(path) for path in sorted((RESULTS / "architectures").glob("*-seed*.json"))]
settings = list(dict.fromkeys((run["setting"], task) for run in runs for task in run["accuracy"]))
names = ["hard_sharing", "no_sharing", "cross_stitch", "mmoe", "cgc", "ple", "mtan", "dselect_k", "ltb"]
fig, axes = plt.subplots(1, len(settings), figsize=(3.1 * len(settings), 3.4), sharey=True, layout="constrained")
for axis, (setting, task) in zip(axes, settings):
    for run in runs:
        if run["setting"] == setting:
            place = names.index(run["architecture"])
            axis.plot(100 * run["accuracy"][task], place, "o", color="#0072B2", alpha=0.6)
    axis.set_title(f"{setting}: {task}", fontsize=10)
    axis.set_xlabel("test accuracy, %")
    axis.set_yticks(range(len(names)), names)
    axis.grid(alpha=0.3)
axes[0].invert_yaxis()

# %% [markdown]
# Each dot is a run. What did the mixing learn? Cross-stitch units start at 0.9 and 0.1: a task keeps mostly its own activations. Their learning
# rate is 100 times that of the rest, as in the paper, so that they move.

# %%
def learned(architecture, setting="common", seed=0):
    run = results.read(RESULTS / "architectures" / f"{setting}-{architecture}-seed{seed}.json")
    # JSON has no NaN, which says that a row does not see a column.
    return {
        place: architectures.Mixing(np.array(table["weights"], "float64"), table["rows"], table["columns"])
        for place, table in run["mixing"].items()
    }


plots.sharing_maps(learned("cross_stitch"))

# %% [markdown]
# PLE: each task has experts of its own beside the shared ones. A grey column is an expert that the row does not see.

# %%
plots.sharing_maps(learned("ple"))

# %% [markdown]
# MTAN: one trunk, and for each task a mask over the channels of each stage. White is shut, blue is open. Batch normalisation stands before the
# sigmoid, so on average over pictures and places every mask is about half open, whatever it learned.

# %%
plots.sharing_maps(learned("mtan"))

# %% [markdown]
# What a mask lets through differs from place to place. A small MTAN, trained here: the mask of the first stage, for each task that of the channel
# which varies most.

# %%
attending = architectures.mtan(lambda name: mtl.trunks.article_cnn(8, name=name), list(tasks))(x["classes_image"])
seeing = mtl.MultiTaskModel(x, {task: keras.layers.Dense(n, name=task)(attending[task]) for task, n in tasks.items()})
seeing.compile(
    mtl.presets.optimizer(steps=EPOCHS * len(train)),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    jit_compile=False,
)
seeing.fit(train, epochs=EPOCHS, verbose=0)
logits = keras.Model(seeing.input, {task: seeing.get_layer(f"mtan_{task}_mask1").input[0] for task in tasks})
masks = {task: keras.ops.sigmoid(each).numpy() for task, each in logits({"classes_image": rows}).items()}
fig, axes = plt.subplots(3, 8, figsize=(11, 4.4), layout="constrained")
for task, line in zip(("picture", *tasks), axes):
    channel = np.argmax(masks[task].std((0, 1, 2))) if task in masks else None
    for row, axis in enumerate(line):
        shown = axis.imshow(rows[row] if channel is None else masks[task][row, ..., channel], cmap="Blues", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
    line[0].set_ylabel(task)
fig.colorbar(shown, ax=axes, label="mask");

# %% [markdown]
# LTB searches a tree: which node of the stage before does each node take, and which does each task? All start at 1/2. The branches' learning rate is
# ten times that of the rest. Six epochs of search, and most have decided: both tasks hang on one node of the last stage, and all its
# ancestors are shared, so the tree is hard sharing. Five more epochs train it. With MNIST and Fashion-MNIST it ends in nearly a net for each task, as the
# parameters of `ltb, hardened` in the table say.

# %%
plots.sharing_maps(learned("ltb"))

# %% [markdown]
# DSelect-k chooses at most k = 2 of the four experts for each task, in the end. Left to the loss alone it goes on mixing all four, which fits better than
# any two; here `EntropySchedule` raises the weight of the selectors' entropy to 1. `harden` then leaves out the experts that nobody chose: the same answers for half
# the operations.

# %%
run = results.read(RESULTS / "architectures" / "common-dselect_k-seed0.json")
for state, found in {"as trained": run, "hardened": run["hardened"]}.items():
    scores = ", ".join(f"{task} {100 * score:.1f} %" for task, score in found["accuracy"].items())
    print(f"{state:10} {scores}, {found['flops'] / 1e6:.1f} MFLOPs")
plots.sharing_maps(learned("dselect_k"))

# %% [markdown]
# ## Fusion with absent parts
#
# Does the caption describe the picture? `optional` makes an input one that a row may lack: only rows that have it go through the branch, and a
# learned vector stands in for the others. Modality dropout takes parts away in training, so that the head can answer with any of them.

# %%
few = EXAMPLES if EXAMPLES < 1000 else None
pairs = mtl.data.load(match="sample/captions", examples=few, validation=0, batch_size=64, seed=0)
x = pairs.inputs()
trunk, half = mtl.trunks.conv_trunk(8), keras.layers.AveragePooling2D(2)
parts = {
    # All that reads the picture goes through `optional`, halving its size, too.
    "image": mtl.fusion.optional(lambda picture: trunk(half(picture)), x["match_image"]),
    "text": mtl.fusion.optional(mtl.text.embedding_branch(pairs.vocabulary_size, 64), x["match_text"]),
}
joined = mtl.fusion.bilinear_fusion(256, modality_dropout=0.1)(parts)
matcher = mtl.MultiTaskModel(
    x, {"match": keras.layers.Dense(1, name="match")(joined)},
    preprocess=pairs.preprocess, class_names=pairs.class_names,
)
matcher.compile(
    mtl.presets.optimizer(steps=2 * EPOCHS * len(pairs.train)), loss=pairs.losses, metrics=pairs.metrics, jit_compile=False
)
matcher.fit(pairs.train, epochs=2 * EPOCHS, verbose=0)
print(f"{100 * matcher.evaluate(pairs.test, verbose=0, return_dict=True)['match_accuracy']:.1f} % of the test pairs")

# %% [markdown]
# The export has a signature for each part alone. Neither part tells whether they match: without one of them an honest answer is 0.5.

# %%
folder = Path(tempfile.mkdtemp()) / "match"
matcher.export(folder)
serving = tf.saved_model.load(folder).signatures
print([name for name in sorted(serving) if not name.endswith("_encoded")])
raw, truth = pairs.raw("match", "test")
image, text = tf.constant(raw["match_image"][:5]), tf.constant(list(raw["match_text"][:5]))
answers = {
    "both": serving["match"](image=image, text=text),
    "picture": serving["match_from_image"](image=image),
    "caption": serving["match_from_text"](text=text),
}
fig, axes = plt.subplots(2, 5, figsize=(13, 4.4), height_ratios=[2, 1], layout="constrained")
for row, (above, below) in enumerate(axes.T):
    above.imshow(raw["match_image"][row])
    words = raw["match_text"][row].split()
    caption = " ".join(words[: len(words) // 2]) + "\n" + " ".join(words[len(words) // 2 :])
    above.set_title(f"{caption}\ntrue answer: {pairs.class_names['match'][int(truth[row])]}", fontsize=8)
    above.axis("off")
    said = [answer["probabilities"].numpy()[row, 1] for answer in answers.values()]
    below.barh(list(answers), said, color=["#0072B2", "#E69F00", "#E69F00"])
    below.axvline(0.5, color="0.5", linewidth=0.8)
    below.set(xlim=(0, 1), xlabel="probability that it fits")
    below.invert_yaxis()

# %% [markdown]
# ## What absence costs
#
# `python results/absent_parts.py` makes the runs of this table. *Matching* asks whether two parts agree, and Keras' plain concatenation under a linear head
# cannot answer that. In *redundant* both parts show the same class, the picture with 20 % errors: a network leans on the text until modality dropout
# makes it learn the picture too. *Captions* is the task above with three times as many pairs, with all parts in training or with 30 % of the rows lacking
# one. One part does not say whether they fit, so the label of such a row is noise: learned as it is ("label") it costs most, taken as missing ("no label")
# nothing. In between: the share of true pairs in its place ("prior"), and leaving those rows out.

# %%
Markdown(tables["block"]("fusion"))

# %% [markdown]
# The same question about real pictures: does a text name the MNIST digit? (`python results/fusion_digits.py`)

# %%
Markdown(tables["block"]("fusion_digits"))

# %%
redundant = [results.read(path) for path in sorted((RESULTS / "fusion").glob("redundant-*.json"))]
patterns = {"both": "both", "image": "picture only", "text": "text only", "none": "nothing"}
fig, axis = plt.subplots(figsize=(7, 3.2))
for offset, rate in ((-0.2, 0.0), (0.2, 0.25)):
    chosen = [run["accuracy"] for run in redundant if run["configuration"]["modality_dropout"] == rate]
    heights = [np.mean([run[key] for run in chosen]) for key in patterns]
    bars = axis.bar(np.arange(4) + offset, heights, 0.38, label=f"modality dropout {rate:g}")
    axis.bar_label(bars, fmt="%.2f", fontsize=8, label_type="center", color="white")
axis.plot([0.6, 1.4], [0.8, 0.8], "k--", linewidth=1, label="the most a picture can tell")
axis.set_xticks(range(4), patterns.values())
axis.set(ylim=(0, 1.1), ylabel="test accuracy", title="redundant: what is there when the model answers")
axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1));

# %% [markdown]
# ## What to choose
#
# 1. Start with one trunk for all tasks. It is the cheapest, and in the runs above as good as a trunk for each task. Mixtures of experts were
#    better there, for up to four times the operations.
# 2. Tasks that have little to do with each other: CGC or PLE, where each task keeps an expert of its own, or a trunk for each task.
# 3. Cross-stitch, MMoE and PLE cost as many trunks as they have columns or experts; compare at equal cost. LTB and DSelect-k end in something smaller,
#    if they have time to decide: look at `mixing` before `harden`.
# 4. Two inputs that must agree: any fusion of `mtl.fusion`, never a sum or a linear head on a concatenation.
# 5. If a part may be absent later, train with modality dropout.
