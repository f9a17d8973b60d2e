"""A progress line that stays readable with many tasks."""

import sys
import time

import keras


class CompactProgress(keras.callbacks.Callback):
    """Prints one line for each epoch, readable with many tasks; pass `verbose=0` to `fit`.

    Each task's first metric stands as training / validation. On a terminal the line counts the
    batches and the time left while an epoch runs.

    Args:
        stream: file to print to. Defaults to `sys.stderr`.

    Example:
        >>> CompactProgress().line(0, {"loss": 1.5, "a_loss": 1.5, "a_accuracy": 0.5}, seconds=2)
        'epoch 1/?  2s  loss 1.500  a .500'
    """

    def __init__(self, stream=None):
        super().__init__()
        self.stream = stream
        self._start = self._shown = 0.0

    def line(self, epoch, logs, seconds):
        """Returns the line of an epoch."""
        parts = [f"epoch {epoch + 1}/{self._of('epochs')}", f"{seconds:.0f}s"]
        loss = f"loss {logs.get('loss', float('nan')):.3f}"
        if "val_loss" in logs:
            loss += f" / {logs['val_loss']:.3f}"
        parts.append(loss)
        keys = [key for key in logs if not key.startswith("val_") and not key.endswith("_weight")]
        tasks = [key.removesuffix("_loss") for key in keys if key.endswith("_loss")]
        for task in tasks:
            # A key belongs to the longest name, that of `a_b` to no task `a`.
            others = tuple(f"{other}_" for other in tasks if len(other) > len(task))
            mine = [k for k in keys if k.startswith(f"{task}_") and not k.startswith(others)]
            key = ([k for k in mine if k != f"{task}_loss"] or mine)[0]
            shown = f"{task} {_short(logs[key])}"
            if f"val_{key}" in logs:
                shown += f" / {_short(logs[f'val_{key}'])}"
            parts.append(shown)
        return "  ".join(parts)

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.monotonic()
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        stream = self.stream or sys.stderr
        now = time.monotonic()
        if not stream.isatty() or now - self._shown < 0.2:
            return
        self._shown = now
        steps, seconds = self._of("steps"), now - self._start
        left = ""
        if isinstance(steps, int):
            epochs = self._of("epochs") - self._epoch - 1
            left = f"  {seconds / (batch + 1) * (steps * (epochs + 1) - batch - 1):.0f}s left"
        stream.write(
            f"\r\033[Kepoch {self._epoch + 1}/{self._of('epochs')}  step {batch + 1}/{steps}{left}"
        )
        stream.flush()

    def on_epoch_end(self, epoch, logs=None):
        stream = self.stream or sys.stderr
        clear = "\r\033[K" if stream.isatty() else ""
        line = self.line(epoch, logs or {}, time.monotonic() - self._start)
        stream.write(f"{clear}{line}\n")
        stream.flush()

    def _of(self, name):
        return (self.params or {}).get(name) or "?"


def _short(value):
    return f"{value:.3f}".removeprefix("0") if 0 <= value < 1 else f"{value:.3f}"
