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
# # How tasks share a step
#
# Each task pulls the shared weights its own way. A weighting method decides how much each pull counts. This notebook shows what
# the methods do on a problem small enough to draw, what they decide in a real model, what the published table says, and what each costs.

# %%
import os
import runpy
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Fewer where a test only wants to see it run.
QUICK = "MTL_EPOCHS" in os.environ
EPOCHS = int(os.environ.get("MTL_EPOCHS", 15))
EXAMPLES = int(os.environ.get("MTL_EXAMPLES", 8192))

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from IPython.display import Markdown

import mtl_keras as mtl
from mtl_keras.evaluation import plots, results
from mtl_keras.experiments import kurin_methods, multi_mnist, overlay, toy_problem

keras.utils.set_random_seed(0)
RESULTS = Path(mtl.__file__).parents[1] / "results"
tables = runpy.run_path(str(RESULTS / "tables.py"))
print(", ".join(mtl.weighting.names()))

# %% [markdown]
# ## A problem that can be drawn
#
# Two objectives of two variables, from the paper of CAGrad. There is a steep valley in the upper half, where the two gradients
# disagree, and a flat front at the bottom, where neither objective can fall further without the other rising. The first objective is ten
# times smaller than the second: loss scales differ, as they do between real tasks.

# %%
a, b = np.meshgrid(np.linspace(-11, 11, 221), np.linspace(-11, 11, 221))
values = toy_problem.losses(tf.constant(np.stack([a, b], axis=-1))).numpy()
fig, axes = plt.subplots(1, 2, figsize=(8, 3.6))
for index, axis in enumerate(axes):
    shown = axis.contourf(a, b, values[..., index], levels=25, cmap="viridis")
    axis.plot(*np.transpose(toy_problem.STARTS), "wo", markersize=4)
    axis.set(title=f"objective {index + 1}", xlabel="x1", ylabel="x2")
    fig.colorbar(shown, ax=axis)
fig.tight_layout()

# %% [markdown]
# A method sees the losses and the inner products of the gradients, and answers one number for each task. At this start the gradients
# are in conflict: a step along one makes the other objective worse.

# %%
point = tf.constant((9.0, -1.0), tf.float64)
losses, gradients = toy_problem.gradients(point)
gramian = gradients @ tf.transpose(gradients)
print("cosine of the gradients", round(float(gramian[0, 1] / tf.sqrt(gramian[0, 0] * gramian[1, 1])), 2))
for name in ("mgda", "pcgrad", "cagrad", "nash_mtl", "imtl_g", "aligned_mtl"):
    method = mtl.weighting.get(name)
    method.build(["first", "second"])
    weights = method(losses=losses, gramian=gramian)
    step = -tf.linalg.matvec(gradients, tf.cast(weights, tf.float64), transpose_a=True)
    change = tf.linalg.matvec(gradients, step)  # of each objective, to first order
    print(f"{name:12} weights {weights.numpy().round(3)}  change of the objectives {change.numpy().round(3)}")

# %% [markdown]
# ## Where each method ends
#
# Every method goes 35,000 steps of Adam from the same five starts. Left out are those that learn with a model's optimizer, look at epochs or
# need three tasks. Dots are starts, crosses are ends, the grey line is the front.
# `python -m mtl_keras.experiments.toy_problem` makes the file that is read here.

# %%
stored = RESULTS / "toy_problem.json"
if stored.exists():
    runs = results.read(stored)["runs"]
else:
    names, steps = (["equal"], 250) if QUICK else (toy_problem.METHODS, toy_problem.STEPS)
    runs = [run for name in names for run in toy_problem.solve(name, steps)]
toy_problem.plot(runs)

# %%
print(f"{'method':15}" + "".join(f"{run['start']!s:>18}" for run in runs[: len(toy_problem.STARTS)]))
for name in dict.fromkeys(run["method"] for run in runs):
    ends = [run for run in runs if run["method"] == name]
    print(f"{name:15}" + "".join(f"({r['losses'][0]:7.3f}, {r['losses'][1]:7.3f})" for r in ends))

# %% [markdown]
# Four kinds of answer:
#
# - Equal weights, CAGrad, GradVac, MoDo, RLW and GradDrop go to the minimum of the sum, which lies at one end of the front: the larger objective
#   gets its way. Aligned-MTL goes on along the front towards it, and STCH, which minds the largest loss, ends beside it.
# - PCGrad, UPGrad, MGDA and MoCo stop where they first touch the front, so that the end depends on the start. DualProj does that from (9, -1) and goes to the
#   minimum of the sum from the other stable starts.
# - Nash-MTL, FairGrad (which is Nash-MTL at its α of 1), IMTL-G, ConFIG, FAMO and DB-MTL do not care for the scale of a loss: from (0, 0), where both
#   objectives stand alike, they go straight to the middle.
# - GLS and the sum of the logarithms, `scale_invariant`, gain most from the objective that is nearest to its least value: they end where one of the two is.
#
# From (9, 9) MGDA, Nash-MTL, FairGrad, IMTL-G, Aligned-MTL, FAMO, DB-MTL with averages, ExcessMTL and MoCo get out of the valley; the others
# are still there when the steps are over. From (-8.5, 7.5) DB-MTL, ExcessMTL, MoDo, GradDrop, GLS and `scale_invariant` do not get out.
#
# A warning: in the valley the gradient jumps by a factor of 100,000, and whether a run from (-8.5, 7.5) or (9, 9) gets out within a
# given number of steps depends on clipping and rounding too. The FAMO authors clip all methods to norm 1; then PCGrad and CAGrad also get out by
# 50,000 steps. Quote the setting with the claim.

# %% [markdown]
# ## A real model
#
# MultiMNIST: two digits laid over each other, one task for the left, one for the right. Pictures, network, optimizer and masks
# are those of Kurin et al. 2022; here only some rows and a few epochs. Where MNIST is not there, the bundled digits are laid over each other.

# %%
def bundled():
    """Overlaid digits from the set that comes with the package."""
    splits = {}
    data = mtl.data.load(digits="sample/digits", validation=0)
    for split in ("train", "test"):
        pictures, labels = data.raw("digits", split)
        (pictures,) = pictures.values()
        pictures = tf.image.resize(pictures, (28, 28)).numpy().astype("uint8")[..., 0]
        right = np.random.default_rng(0).permutation(len(pictures))
        corner = np.zeros((len(pictures), 2), int)
        whole = overlay.overlay(pictures, pictures[right], corner, corner + 6)
        whole = tf.image.resize(whole[..., None], (28, 28), "nearest").numpy()
        splits[split] = whole, {"left": np.asarray(labels), "right": np.asarray(labels)[right]}
    return {**splits, "validation": splits["test"]}


tfds = Path(os.environ.get("TFDS_DATA_DIR", Path.home() / "tensorflow_datasets"))
splits = overlay.overlaid("mnist") if (tfds / "mnist").exists() else bundled()
splits = {
    split: (pictures[:EXAMPLES], {task: array[:EXAMPLES] for task, array in labels.items()})
    for split, (pictures, labels) in splits.items()
}
fig, axes = plt.subplots(1, 8, figsize=(11, 1.8))
for row, axis in enumerate(axes):
    axis.imshow(splits["test"][0][row, ..., 0], cmap="gray")
    axis.set_title(" and ".join(str(array[row]) for array in splits["test"][1].values()), fontsize=9)
    axis.axis("off")

# %% [markdown]
# One model for each method, all from the same weights and on the same batches. `log_weights` keeps what the method decided
# and the cosine between the two tasks' gradients.

# %%
def train(name):
    keras.utils.set_random_seed(1)
    model = multi_mnist.build()
    model.compile(
        keras.optimizers.Adam(0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        log_weights=True,
        jit_compile=False,
        **kurin_methods.get(name).options(model.tasks),
    )
    batches = {split: multi_mnist.batches(*rows, seed=1) for split, rows in splits.items()}
    began = time.process_time()
    history = model.fit(batches["train"], validation_data=batches["validation"], epochs=EPOCHS, verbose=0)
    return history, time.process_time() - began


histories = {}
for name in ("equal", "pcgrad", "mgda", "imtl"):
    histories[name], seconds = train(name)
    score = histories[name].history["val_mean_score"][-1]
    print(f"{name:8} validation accuracy {100 * score:5.1f} %, {seconds:4.0f} CPU s with tracing")

# %% [markdown]
# PCGrad acts only where gradients conflict. Its weights stay near 1 if they rarely do: then it is equal weights at a higher price.

# %%
plots.conflicts(histories["pcgrad"])

# %% [markdown]
# MGDA weighs the two losses so that the combined gradient at the shared features is the shortest one; the weights sum to 1.

# %%
plots.conflicts(histories["mgda"])

# %% [markdown]
# IMTL learns a scale for each loss and then makes both tasks advance alike.

# %%
plots.conflicts(histories["imtl"])

# %% [markdown]
# ## The published table
#
# Kurin et al. ran seven methods ten times each and found that their intervals overlap. These are the runs of this repository that are
# there, beside their figures: `python -m mtl_keras.experiments.multi_mnist`.

# %%
Markdown(tables["block"]("multi_mnist"))

# %% [markdown]
# ## What it costs
#
# Methods that look at the losses cost one backward pass, as plain Keras does; FAMO looks at them once more after the update, a forward pass
# on top. Methods that look at gradients take one backward pass for each task through the shared part. `Jacobian` can make them cheaper: look at the shared features only, at every fourth step, or at a part
# of the batch. The model then updates with one weighted backward pass. Below: CPU time of a step, the best of three rounds.

# %%
def step_time(weighting, jacobian=None, steps=4 if QUICK else 20):
    model = multi_mnist.build()
    model.compile(
        "adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighting=weighting, jacobian=jacobian, jit_compile=False,
    )
    rows, labels = splits["train"]
    batch = next(iter(multi_mnist.batches(rows[:256], {k: v[:256] for k, v in labels.items()})))
    model.train_on_batch(*batch)
    rounds = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(steps):
            model.train_on_batch(*batch)
        rounds.append((time.process_time() - began) / steps)
    return min(rounds)


plain = step_time(None)
cases = {
    "equal": ("equal", None),
    "pcgrad": ("pcgrad", None),
    "pcgrad at the features": ("pcgrad", mtl.Jacobian(at="features")),
    "pcgrad at every 4th step": ("pcgrad", mtl.Jacobian(every=4)),
    "pcgrad on a quarter of the batch": ("pcgrad", mtl.Jacobian(fraction=0.25)),
    "famo": ("famo", None),
}
print(f"plain Keras: {1000 * plain:.1f} ms")
for name, case in cases.items():
    print(f"{name:34} x {step_time(*case) / plain:.2f}")

# %% [markdown]
# ## What to choose
#
# 1. Start with equal weights. On two like tasks no method was clearly better in the published table.
# 2. Look at `log_weights`. If the cosines stay above 0 there is nothing for a conflict method to do.
# 3. If losses differ in scale, first try static weights, tuned on validation data, or a method that does not care for scale: IMTL, Nash-MTL, FAMO.
# 4. Compare at equal time and over several seeds; differences under half a point need about ten.
# 5. If the price matters, use `Jacobian(at="features")` where the tasks share one input, or a method that looks at losses only.
