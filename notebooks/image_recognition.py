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
# # An image network and a label network
#
# **中文摘要。** 原文让图像特征和标签信息分别进入两个网络，并共享特征和参数；在 ImageNet 上用随机亮度、裁剪和 224x224 的输入训练，
# 并提出加深网络、简化网络、增加数据和更丰富的损失函数等改进。原文把标签作为预测标签的网络的输入，这是泄漏。这里标签网络只参与训练时的
# 图像与标签匹配任务，预测时只给图像；每次只改变一个因素，看准确率和成本如何变化。
#
# The article gives pictures and labels to two networks that share parameters. As written, the labels are an input of the network that predicts them. Here the label
# network serves a second task only, `match`: which of eight labels of the batch is the picture's own. At prediction time the picture alone is given.
#
# Tables and figures below are read from the runs in `results/image_recognition`; `mtl-keras reproduce image_recognition --scale laptop --seeds 0,1,2,3,4` makes them.

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
from mtl_keras.experiments import figures, notebook, pictures, plan, tables
from mtl_keras.experiments.blocks import Table
from mtl_keras.experiments.results import score

article = notebook.Article("image_recognition", Path(mtl.__file__).parents[1] / "results")
experiment, runs = article.experiment, article.runs


def show(*blocks):
    return Markdown(notebook.markdown(*blocks))


Markdown(article.made_of())

# %% [markdown]
# ## What the model sees
#
# Bundled drawings, as a training batch has them: brightness varied by 0.1, random crops, resized, scaled to [0, 1], all inside `tf.data`.

# %%
settings = article.settings(
    depth=8, width=4, robustness=False, test_rows=96 if EPOCHS == 1 else None,
    examples=EXAMPLES, epochs=EPOCHS, run_eagerly=EPOCHS == 1,
)
read = ("pictures", "size", "examples", "batch_size", "augment", "loss", "least")
data = experiment.load(0, None, **{name: settings[name] for name in read})
inputs, labels = next(iter(data.train))
figure, axes = plt.subplots(1, 8, figsize=(11, 1.8))
for row, place in enumerate(axes):
    place.imshow(inputs["objects_image"][row])
    place.set_title(data.class_names["objects"][int(labels["objects"][row])], fontsize=8)
    place.axis("off")
figure.tight_layout()

# %% [markdown]
# ## "Image and label networks raise the accuracy" (C1)
#
# The joint model of both tasks against the image network alone: CIFAR-10 enlarged to 64 pixels.

# %%
show(*article.scores("article", "tuned"))

# %%
figures.differences(article.gains("article", "tuned"), "points, joint minus alone")

# %%
show(tables.verdicts(article.verdicts, "C1"))

# %% [markdown]
# ## "Better generalisation and robustness" (C4)

# %%
variant = "tuned" if "tuned" in runs else "article"
pictures.disturbed(runs.get(variant, {}), "objects")

# %%
show(tables.verdicts(article.verdicts, "C4"))

# %% [markdown]
# ## "More layers, fewer layers, more data, augmentation, richer losses" (C8)
#
# One factor changed at a time, against the article's setting. More layers and fewer layers cannot both pay.

# %%
rows = {name: (name, "joint") for name in ("base", *experiment.FACTORS) if article.results.has(name, "joint")}
changes = {name: notebook.percent(article.results.difference(row, ("base", "joint"), score("objects"))) for name, row in rows.items() if name != "base"}
figures.differences(changes, "points, against the article's setting") if changes else None

# %%
lines = [(name, *tables.scores(article.results, name).rows[0][1:3], *tables.cost(article.results, name).rows[0][1:4]) for name in rows]
show(Table(("factor", "objects", "match", "parameters", "FLOPs", "CPU s per epoch"), lines), tables.verdicts(article.verdicts, "C8"))

# %% [markdown]
# ## Unequal classes
#
# The last class keeps a tenth of its rows; class weights give each class the same say.

# %%
show(*article.scores("imbalanced", "class_weights"))

# %% [markdown]
# ## Which classes are taken for which

# %%
pictures.confusion(runs.get(variant, {}))

# %% [markdown]
# ## Try it
#
# The same code on the bundled drawings of above. Change `depth` (8, 14, 20, ...), `width`, `augment` (`none`, `article`, `strong`) or `loss` (`crossentropy`, `smoothed`, `focal`)
# in the cell that loads them and run from there.

# %%
keras.utils.set_random_seed(0)
rows = plan.joint_and_alone(settings, experiment.TASKS, ["objects"])
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
