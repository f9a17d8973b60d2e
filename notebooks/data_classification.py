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
# # One model for the classification of several data sets
#
# **中文摘要。** 原文把各任务的特征向量拼接成一个，再用一个全连接层同时分类，声称参数更少、计算更少、泛化更好，并优于双任务、多标签和层次分类。
# 原文的重塑操作把样本数变成三倍，模型没有训练就被评估。这里把 MNIST 和 CIFAR-10 并排输入，比较一个 N 任务模型与 N 个单任务模型的
# 参数、运算量、训练时间和延迟，并把同样的标签按四种方式提问。
#
# The article concatenates the features of its tasks and puts one dense layer over them. Here MNIST and CIFAR-10 go side by side through such a model, as pixels in
# the article's network and through a small shared trunk in the tuned one. One model of N yes-or-no tasks is weighed against N models, and the same ten classes
# are asked for in four ways.
#
# Tables and figures below are read from the runs in `results/data_classification`; `mtl-keras reproduce data_classification --scale laptop --seeds 0,1,2,3,4` makes them.

# %%
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Fewer where a test only wants to see it run.
EPOCHS = int(os.environ.get("MTL_EPOCHS", 6))
EXAMPLES = int(os.environ.get("MTL_EXAMPLES", 800))

import keras
import matplotlib.pyplot as plt
from IPython.display import Markdown

import mtl_keras as mtl
from mtl_keras.data import samples
from mtl_keras.experiments import figures, notebook, pictures, plan, tables
from mtl_keras.experiments.results import score

article = notebook.Article("data_classification", Path(mtl.__file__).parents[1] / "results")
experiment, runs = article.experiment, article.runs


def show(*blocks):
    return Markdown(notebook.markdown(*blocks))


Markdown(article.made_of())

# %% [markdown]
# ## The quick example: two kinds of pictures in one step
#
# Each step shows as many rows of both sets, in pairs made by chance. The bundled stand-ins are drawn here, so that nothing is downloaded.

# %%
digits, drawings = (samples.load(name)["test"][0]["image"] for name in ("digits", "drawings"))
figure, axes = plt.subplots(2, 8, figsize=(10, 2.8))
for images, line in zip((digits, drawings), axes):
    for row, place in enumerate(line):
        place.imshow(images[row], cmap="gray")
        place.axis("off")
figure.tight_layout()

# %% [markdown]
# ## "Training several tasks raises the accuracy of each" (C1)
#
# The article's network learns badly, most of all with both pictures. Pixels in [0, 1] are all positive, so that a step of Adam moves a hidden unit by the sum of
# thousands of them, and many end below zero on every picture, where ReLU has no gradient. `centred` takes 0.5 off the pixels and changes nothing else.

# %%
show(*article.scores("article", "centred", "tuned", "grey", "digits_0_to_3"))

# %%
figures.differences(article.gains("article", "centred", "tuned", "grey", "digits_0_to_3"), "points, joint minus alone")

# %%
show(tables.verdicts(article.verdicts, "C1"))

# %% [markdown]
# ## "Fewer parameters, less computation, less time" (C2)
#
# One model of N one-against-rest tasks, relative to the sum of N models. Below 1 the claim holds. In the article's own network of pixels the first dense layer
# is nearly everything, and the joint one has as many weights as the single ones together: it is as large because its input is.

# %%
numbers = [number for number in experiment.NUMBERS if f"tasks_{number}" in runs]
figure, axes = plt.subplots(figsize=(5.5, 3.5))
drawn = {"parameters": "parameters", "flops": "operations", "epoch_cpu_seconds": "CPU seconds per epoch", "latency_ms": "latency"}
for (key, label), style in zip(drawn.items(), ("o-", "s--", "^-", "v:")):
    shares = []
    for number in numbers:
        def total(row):
            return article.results.interval(f"tasks_{number}", row, lambda run: run.get(key)).mean
        shares.append(total("joint") / sum(total(f"object{index} alone") for index in range(number)))
    axes.plot(numbers, shares, style, label=label)
axes.axhline(1, color="black", linewidth=0.8)
axes.set(xlabel="tasks", ylabel="one model / N models", ylim=(0, 1.4), xticks=numbers)
if numbers:
    axes.legend(frameon=False, loc="upper right", ncols=2, fontsize=9)

# %%
show(tables.verdicts(article.verdicts, "C2"))

# %% [markdown]
# ## "Better than two-task, multi-label and hierarchical classification" (C7)
#
# The same ten classes as ten yes-or-no tasks in one model, as five models of two tasks, as one head of ten labels, as a coarse head and a fine one. Each is scored by the
# class it likes best; the plain ten-class model stands beside them.

# %%
rows = {row: ("posings", row) for row in runs.get("posings", {})}
figures.levels(article.levels(rows, score("objects")), "objects, test accuracy, %") if rows else None

# %%
show(tables.verdicts(article.verdicts, "C7"))

# %% [markdown]
# ## "Better generalisation" (C4)

# %%
pictures.curves(runs.get("tuned", runs.get("article", {})))

# %%
show(tables.verdicts(article.verdicts, "C4"))

# %% [markdown]
# ## The protocol as written
#
# All training rows of both sets, ten epochs of batches of 32; the tuned trunk is twice as wide.
# `mtl-keras reproduce data_classification --scale full --seeds 0,1,2` makes these runs.

# %%
full = notebook.Article("data_classification", Path(mtl.__file__).parents[1] / "results", scale="full", seeds=range(3))
show(*full.scores(*full.runs))

# %%
figures.differences(full.gains("article", "tuned"), "points, joint minus alone")

# %%
show(tables.verdicts(full.verdicts, "C1", "C2"))

# %% [markdown]
# ## Try it
#
# Digits and drawings that come with the package. `features` may be `pixels` or `trunk`; with `grey` a grey copy goes beside each coloured picture.

# %%
keras.utils.set_random_seed(0)
settings = article.settings(
    features="trunk", grey=False, width=4, test_rows=96 if EPOCHS == 1 else None,
    examples=EXAMPLES, epochs=EPOCHS, run_eagerly=EPOCHS == 1,
)
read = ("digits", "objects", "examples", "batch_size")
data = experiment.load(0, None, **{name: settings[name] for name in read})
rows = plan.joint_and_alone(settings, experiment.TASKS, ["digits"])
live = article.live(rows, data)
show(notebook.scores_of_live(live))

# %%
pictures.curves(live)

# %%
pictures.confusion(live)

# %% [markdown]
# ## What the runs say

# %%
show(tables.whole(article.verdicts))

# %% [markdown]
# A claim is supported only where every aspect of it holds with its whole interval, and refuted where one lies wholly on the other side. With one
# seed there is no interval, and nothing that varies is decided; parameters and operations do not vary.
