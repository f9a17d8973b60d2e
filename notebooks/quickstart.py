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
# # One model, four tasks
#
# Digits, drawn shapes, headlines, and the question whether a caption describes a picture: four tasks, one
# convolutional trunk, one text branch, one `fit`. All data come with the package; nothing is downloaded.

# %%
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Fewer where a test only wants to see it run.
EPOCHS = int(os.environ.get("MTL_EPOCHS", 6))
EXAMPLES = int(os.environ.get("MTL_EXAMPLES", 0)) or None

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import mtl_keras as mtl

keras.utils.set_random_seed(0)

# %% [markdown]
# ## Data
#
# A task is a name for a data set. The same call takes the names of TensorFlow Datasets (`digits="mnist"`), folders of pictures,
# and CSV files. Pictures are augmented in training only; the vocabulary comes from training texts only.

# %%
augment = {
    "digits": mtl.data.Augmentation(crop=2),
    "objects": mtl.data.Augmentation(crop=2, flip=True),
    "match": mtl.data.Augmentation(crop=2, flip=True),
}
data = mtl.data.load(
    digits="sample/digits",
    objects="sample/drawings",
    topics="sample/headlines",
    match="sample/captions",
    batch_size=96,
    epoch="proportional",  # each row once an epoch, sources mixed by their sizes
    augment=augment,
    examples=EXAMPLES,
    seed=0,
)
for task in data.tasks:
    print(f"{task:8} {data.examples[task]['train']:5} training rows, {len(data.class_names[task])} classes")

# %%
fig, axes = plt.subplots(2, 8, figsize=(11, 3.2))
for row, task in zip(axes, ("digits", "objects")):
    pictures, labels = data.raw(task, "test")
    for axis, picture, label in zip(row, next(iter(pictures.values())), labels):
        axis.imshow(picture.squeeze(), cmap="gray")
        axis.set_title(data.class_names[task][int(label)], fontsize=9)
        axis.axis("off")
fig.tight_layout()

# %% [markdown]
# Two of the tasks read texts; here are headlines, and a picture with captions that do or do not describe it.

# %%
texts, labels = data.raw("topics", "test")
for text, label in zip(texts["topics_text"][:5], labels[:5]):
    print(f"{data.class_names['topics'][int(label)]:9} {text}")

# %%
pairs, labels = data.raw("match", "test")
fig, axes = plt.subplots(1, 5, figsize=(12, 2.6))
for axis, picture, caption, label in zip(axes, pairs["match_image"], pairs["match_text"], labels):
    axis.imshow(picture)
    words = caption.split()
    caption = " ".join(words[: len(words) // 2]) + "\n" + " ".join(words[len(words) // 2 :])
    axis.set_title(f"{caption}\n{data.class_names['match'][int(label)]}", fontsize=8)
    axis.axis("off")
fig.tight_layout()

# %% [markdown]
# ## Model
#
# Plain functional Keras. The trunk shares its kernels between all pictures and gives each input batch normalisation of its
# own; the text branch shares its word vectors. The fused task concatenates the features of picture and text with a product of
# both: whether two things agree is no sum of what each says alone.

# %%
x = data.inputs()
trunk = mtl.trunks.conv_trunk(width=8)
text = mtl.text.embedding_branch(data.vocabulary_size, width=64, dropout=0.3)
pair = {"seen": trunk(x["match_image"]), "read": text(x["match_text"])}
product = mtl.fusion.bilinear_fusion(256, name="match_product")(pair)
fused = keras.layers.Concatenate(name="match_fused")([*pair.values(), product])
fused = keras.layers.Dense(256, activation="relu", name="match_hidden")(fused)

model = mtl.MultiTaskModel(
    inputs=x,
    outputs={
        "digits": keras.layers.Dense(10, name="digits")(trunk(x["digits_image"])),
        "objects": keras.layers.Dense(10, name="objects")(trunk(x["objects_image"])),
        "topics": keras.layers.Dense(4, name="topics")(text(x["topics_text"])),
        "match": keras.layers.Dense(1, name="match")(fused),
    },
    preprocess=data.preprocess,
    class_names=data.class_names,
)
mtl.evaluation.model_diagram(model)

# %% [markdown]
# ## Training
#
# `compile` and `fit` are Keras' own; `weighting` says how the tasks share a step. PCGrad takes from each task's gradient what
# conflicts with another's. `log_weights` shows the weights and the cosines between the tasks' gradients.

# %%
steps = EPOCHS * len(data.train)
model.compile(
    mtl.presets.optimizer("adamw", steps=steps, learning_rate=0.005),  # one cycle: up, then down to 0
    loss=data.losses,
    metrics=data.metrics,
    weighting="pcgrad",
    log_weights=True,
)
history = model.fit(
    data.train, validation_data=data.validation, epochs=EPOCHS, verbose=0,
    callbacks=[mtl.callbacks.CompactProgress(sys.stdout)],
)

# %%
fig, axes = plt.subplots(1, 2, figsize=(12, 3.4))
for task in model.tasks:
    axes[0].plot(history.history[f"val_{task}_accuracy"], label=task)
axes[0].set(xlabel="epoch", ylabel="validation accuracy", ylim=(0, 1.02))
axes[0].legend()
for name in (n for n in history.history if n.startswith("conflict/")):
    axes[1].plot(history.history[name], label=name.removeprefix("conflict/").replace("_", " and "))
axes[1].axhline(0, color="0.6", linewidth=0.8)
axes[1].set(xlabel="epoch", ylabel="cosine of the gradients")
axes[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
fig.tight_layout()

# %% [markdown]
# ## Test
#
# Test data come once, at the end. Under `data.test` every row of every source counts exactly once.

# %%
scores = model.evaluate(data.test, verbose=0, return_dict=True)
for task in model.tasks:
    rows = data.examples[task]["test"]
    accuracy = scores[f"{task}_accuracy"]
    error = mtl.evaluation.standard_error(accuracy, rows)
    print(f"{task:8} {100 * accuracy:5.1f} % ± {100 * error:.1f} (standard error, {rows} test rows)")

# %% [markdown]
# A task's view is a plain `keras.Model` over the same variables, with the inputs that the task needs.

# %%
view = model.task("digits")
pictures, labels = data.raw("digits", "test")
logits = view.predict(pictures["digits_image"][:8] / 255.0, verbose=0)
print("predicted", np.argmax(logits, axis=1), " true", labels[:8])

# %% [markdown]
# ## Missing labels
#
# A label of -1 (NaN for floats) counts for nothing in its task, and the other tasks still use the row. Here two thirds of the
# digit labels are hidden; the loss stays a mean over the labelled rows.

# %%
def hide(inputs, labels):
    kept = tf.range(tf.size(labels["digits"])) % 3 == 0
    return inputs, {**labels, "digits": tf.where(kept, labels["digits"], -1)}


print(model.evaluate(data.test.map(hide), verbose=0, return_dict=True)["digits_accuracy"])

# %% [markdown]
# ## Save and export
#
# A `.keras` file keeps the model with its weighting and optimizer for more training. A SavedModel answers raw
# questions: pictures of any size as `uint8`, texts as strings. Preprocessing, vocabulary and class names are inside, and reading it
# needs TensorFlow only.

# %%
folder = Path(tempfile.mkdtemp())
model.save(folder / "four_tasks.keras")
again = keras.saving.load_model(folder / "four_tasks.keras")
print(type(again).__name__, type(again.weighting).__name__, again.tasks)

# %%
model.export(folder / "four_tasks")
serving = tf.saved_model.load(folder / "four_tasks")
print(sorted(serving.signatures))
answer = serving.signatures["topics"](text=tf.constant(["Striker scores twice in the cup final", "Bank raises its interest rate again"]))
print(answer["label"].numpy(), answer["probabilities"].numpy().round(2).max(axis=1))

# %%
pairs, labels = data.raw("match", "test")
answer = serving.signatures["match"](
    image=tf.constant(pairs["match_image"][:4]), text=tf.constant(list(pairs["match_text"][:4]))
)
for caption, said, label in zip(pairs["match_text"], answer["label"].numpy(), labels):
    print(f"{caption:50} {said.decode():4} (true: {data.class_names['match'][int(label)]})")
