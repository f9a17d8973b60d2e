"""The progress line."""

import io

from toy_tasks import LOSSES, build, dataset, train

from mtl_keras.callbacks import CompactProgress


def small(**options):
    model = build(noise=False)
    model.compile("sgd", LOSSES, run_eagerly=True, **options)
    return model


def test_the_line_of_an_epoch():
    logs = {"loss": 3.0, "a_loss": 1.5, "a_b_loss": 0.25, "a_accuracy": 0.5, "a_weight": 2.0}
    logs |= {"val_loss": 3.5, "val_a_loss": 1.0, "val_a_b_loss": 0.125, "val_a_accuracy": 0.75}
    logs |= {"mean_score": 0.5, "a_b_mae": 12.0, "val_a_b_mae": 0.5}
    line = CompactProgress().line(4, logs, seconds=61)
    assert line == "epoch 5/?  61s  loss 3.000 / 3.500  a .500 / .750  a_b 12.000 / .500"


def test_one_line_for_each_epoch():
    stream = io.StringIO()
    model = small(metrics={"zeta": "accuracy"})
    history = train(model, dataset(), 2, callbacks=CompactProgress(stream))
    lines = stream.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    wanted = f"zeta {history['zeta_accuracy'][1]:.3f}".replace(" 0.", " .")
    assert wanted in lines[1]


def test_a_terminal_counts_the_batches():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    train(small(), dataset(), 2, callbacks=CompactProgress(stream))
    assert "\r\033[Kepoch 1/2  step 1/5" in stream.getvalue()
    assert stream.getvalue().count("\n") == 2
