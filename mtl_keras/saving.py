"""Models that come back whole from a `.keras` file."""

import contextlib
import os

import keras

from mtl_keras.preprocess import Preprocess


@contextlib.contextmanager
def beside(path):
    """Gives a path beside another one to write to, and renames it when all is written.

    The earlier file stays whole until then, whatever happens. What a killed process leaves is
    overwritten by the next one.

    Args:
        path: str, the file to replace.

    Example:
        >>> import tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
        >>> with beside(path) as temporary:
        ...     os.path.basename(temporary), open(temporary, "w").write("all")
        ('.unfinished-model.keras', 3)
        >>> os.listdir(os.path.dirname(path))
        ['model.keras']
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".unfinished-{name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


class SavedWhole(keras.Model):
    """A functional model whose file also holds what Keras leaves out.

    That is the order of the tasks, class names, preprocessing and its vocabulary, and the states of
    random layers, so that training goes on bit for bit. Files are replaced only once written.
    """

    def get_config(self):
        return {
            **super().get_config(),
            "tasks": self.tasks,
            "class_names": self.class_names,
            "preprocess": self._preprocess.get_config(),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        tasks = config.pop("tasks")
        preprocess = Preprocess.from_config(config.pop("preprocess"))
        class_names = config.pop("class_names")
        plain = keras.Model.from_config.__func__(keras.Model, config, custom_objects)
        return cls(
            plain.input,
            {task: plain.output[task] for task in tasks},
            name=plain.name,
            trainable=config.get("trainable", True),
            preprocess=preprocess.layers,
            class_names=class_names,
        )

    def get_compile_config(self):
        if not self.compiled:
            return {}
        return keras.saving.serialize_keras_object(
            {"optimizer": self.optimizer, "weighting": self.weighting, **self._config}
        )

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for key, variable in self._hidden_variables():
            store[key] = variable.numpy()

    def load_own_variables(self, store):
        for key, variable in self._hidden_variables():
            if key in store:
                variable.assign(store[key])

    def _hidden_variables(self):
        """Variables that Keras does not save: states of random layers, preprocessing."""
        seeds = [v for v in self.variables if v.path.endswith("seed_generator_state")]
        found = [(f"seed_{index}", v) for index, v in enumerate(seeds)]
        if self.compiled:
            found += [(f"keeper_{index}", v) for index, v in enumerate(self._keeper.variables)]
        return found + self._preprocess.variables()

    def save(self, filepath, overwrite=True, zipped=None, **kwargs):
        """Saves the model as a `.keras` file; an earlier file stays whole until the end."""
        filepath = os.fspath(filepath)
        if not filepath.endswith(".keras") or zipped is False:
            return super().save(filepath, overwrite=overwrite, zipped=zipped, **kwargs)
        _check_free(filepath, overwrite)
        with beside(filepath) as temporary:
            return super().save(temporary, overwrite=True, zipped=zipped, **kwargs)

    def save_weights(self, filepath, overwrite=True, **kwargs):
        """Saves the weights as a `.weights.h5` file; an earlier file stays whole until the end."""
        filepath = os.fspath(filepath)
        if not filepath.endswith(".weights.h5") or kwargs:
            return super().save_weights(filepath, overwrite=overwrite, **kwargs)
        _check_free(filepath, overwrite)
        with beside(filepath) as temporary:
            return super().save_weights(temporary, overwrite=True)


def _check_free(path, overwrite):
    if os.path.exists(path) and not overwrite:
        raise ValueError(f"{path} exists already. Pass overwrite=True to replace it.")
