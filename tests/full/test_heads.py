"""All kinds of task in one model, in a graph, compiled, with a method that sees gradients."""

import pytest
import tensorflow as tf

from tests.heads.all_kinds import build, check_step

pytestmark = pytest.mark.full


@pytest.mark.parametrize("weighting", [None, "pcgrad"])
@pytest.mark.parametrize("jit", [False, True])
def test_a_step_with_missing_labels(jit, weighting):
    check_step(weighting, jit_compile=jit)


def test_every_task_has_a_signature_that_runs(tmp_path):
    model, compiled = build()
    model.compile("sgd", **compiled, run_eagerly=True)
    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures
    pictures = tf.zeros((2, 8, 8, 1), tf.uint8)
    for task in model.tasks:
        assert all(len(value) == 2 for value in served[task](image=pictures).values()), task
