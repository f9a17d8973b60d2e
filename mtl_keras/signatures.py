"""The graphs of an export: one signature per task, all over the same variables."""

import re

import keras
import tensorflow as tf

from mtl_keras.answers import Answer
from mtl_keras.fusion.absence import optional_inputs
from mtl_keras.raw_inputs import RawInput


class Signatures:
    """All signatures of a model.

    Args:
        model: a `MultiTaskModel`.

    Attributes:
        functions: dict signature name -> concrete function.
        about: dict signature name -> `"inputs"` and `"outputs"`, dicts of what a client must know.
        answers: dict task -> `Answer`.

    Raises:
        ValueError: two signatures have one name, or the class names do not fit the outputs.

    Example:
        >>> import mtl_keras as mtl
        >>> x = keras.Input((8, 8, 1), name="x")
        >>> head = keras.layers.Dense(2)(keras.layers.Flatten()(x))
        >>> list(Signatures(mtl.MultiTaskModel(x, {"shape": head})).functions)
        ['shape', 'shape_encoded', 'serving_default']
    """

    def __init__(self, model):
        self._model = model
        self._raw = {
            name: RawInput(tensor, model.preprocess.get(name))
            for name, tensor in model.inputs_by_name.items()
        }
        losses = model.loss_objects if model.compiled else {}
        outputs = dict(model.output)
        self.answers = {
            task: Answer.of(
                task, outputs[task], losses.get(task), model.class_names.get(task), model.compiled
            )
            for task in model.tasks
        }
        self._bodies = self._make_bodies(outputs)
        self.functions, self.about = {}, {}
        for task in model.tasks:
            self._add_task(task, outputs[task])
        names = {name: _identifier(name) for name in self._raw}
        self._add("serving_default", names, model.tasks, prefixed=True)

    @property
    def variables(self):
        """The variables that the signatures read, each once."""
        found = {id(v): v for f in self.functions.values() for v in f.variables}
        return list(found.values())

    @property
    def tables(self):
        """The lookup tables of the vocabularies."""
        layers = [self._model, *self._model.preprocess.values()]
        return [
            value
            for layer in layers
            for each in layer._flatten_layers()
            for value in vars(each).values()
            if isinstance(value, tf.saved_model.experimental.TrackableResource)
        ]

    def _make_bodies(self, outputs):
        """One function for all tasks over the same inputs, saved once for all signatures."""
        groups = {}
        for task, inputs in self._model.task_inputs.items():
            groups.setdefault(tuple(inputs), []).append(task)
        return [(tasks, self._body(inputs, tasks, outputs)) for inputs, tasks in groups.items()]

    def _body(self, names, tasks, outputs):
        inputs = {name: self._model.inputs_by_name[name] for name in names}
        part = keras.Model(inputs, {task: outputs[task] for task in tasks})
        specs = {name: tf.TensorSpec((None, *x.shape[1:]), x.dtype) for name, x in inputs.items()}

        @tf.function(input_signature=[specs], autograph=False)
        def body(prepared):
            return part(prepared, training=False)

        return lambda prepared: body({name: prepared[name] for name in names})

    def _add_task(self, task, output):
        """Adds the signatures of a task, also those of one kind of input where it needs no more."""
        raw = {name: self._raw[name] for name in self._model.task_inputs[task]}
        optional = optional_inputs(output, {name: each.tensor for name, each in raw.items()})
        self._add_both(task, list(raw.values()), task)
        for kind in ("image", "text"):
            given = [each for each in raw.values() if each.kind == kind]
            absent = [name for name, each in raw.items() if each.kind != kind]
            if given and absent and set(absent) <= set(optional):
                self._add_both(f"{task}_from_{kind}", given, task)

    def _add_both(self, signature, raw, task):
        """Adds a signature of raw inputs and, with pictures, that of picture files."""
        self._add(signature, _keys(raw), [task])
        pictures = [each for each in raw if each.kind == "image"]
        if pictures and all(each.decodable for each in pictures):
            self._add(f"{signature}_encoded", _keys(raw, encoded=True), [task], encoded=True)

    def _add(self, signature, keys, tasks, encoded=False, prefixed=False):
        """Adds a signature over the inputs `keys` (name -> key) that answers `tasks`.

        What else the tasks read is absent.
        """
        if signature in self.functions:
            raise ValueError(
                f"Two signatures have the name {signature!r}: rename the task that bears it. "
                f"Received: tasks {', '.join(self._model.tasks)}"
            )
        raw = [self._raw[name] for name in keys]
        specs = [each.spec(keys[each.name], encoded) for each in raw]
        read = {name for task in tasks for name in self._model.task_inputs[task]}
        absent = [self._raw[name] for name in read - set(keys)]

        def serve(*values):
            prepared = {
                each.name: each.decode(x) if encoded and each.kind == "image" else each.prepare(x)
                for each, x in zip(raw, values)
            }
            rows = tf.shape(values[0])[0]
            prepared |= {each.name: each.absent(rows) for each in absent}
            answers = {}
            for group, body in self._bodies:
                wanted = [task for task in group if task in tasks]
                outputs = body(prepared) if wanted else {}
                for task in wanted:
                    for key, value in self.answers[task](outputs[task]).items():
                        answers[f"{task}_{key}" if prefixed else key] = value
            return answers

        traced = tf.function(serve, input_signature=specs, autograph=False)
        self.functions[signature] = traced.get_concrete_function()
        self.about[signature] = {
            "inputs": {
                spec.name: {"input": each.name, "kind": each.kind, **_describe(spec)}
                for each, spec in zip(raw, specs)
            },
            "outputs": {
                key: _describe(spec)
                for key, spec in self.functions[signature].structured_outputs.items()
            },
        }


def _keys(raw, encoded=False):
    """Dict input name -> its key in the signature of one task: by kind, where that says enough."""
    kinds = [each.kind for each in raw]
    keys = {}
    for each in raw:
        key = "image_bytes" if encoded and each.kind == "image" else each.kind
        alone = each.kind != "value" and kinds.count(each.kind) == 1
        keys[each.name] = key if alone else _identifier(each.name)
    if len(set(keys.values())) < len(keys):
        return {each.name: _identifier(each.name) for each in raw}
    return keys


def _identifier(name):
    """A name as TensorFlow writes it in a signature."""
    name = re.sub(r"\W", "_", name)
    return name if name[0].isalpha() else f"arg_{name}"


def _describe(spec):
    return {"dtype": spec.dtype.name, "shape": ["batch", *spec.shape[1:]]}
