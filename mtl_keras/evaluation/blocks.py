"""The layers of a multi-task model in groups: inputs, what is shared and what is not, heads."""

import dataclasses
import itertools
import re

import keras
import numpy as np


@dataclasses.dataclass
class Block:
    """A box of the drawing: layers that serve the same inputs and tasks.

    Attributes:
        kind: `"input"`, `"shared"` (by several tasks), `"one task"` or `"head"`.
        title: what stands in the box first: the layers' common name, or the task's.
        layers: the layers in the box, in the order of the computation.
        tasks: names of the tasks whose outputs the box serves, in their order.
        parents: indices of the blocks whose arrows lead here.
    """

    kind: str
    title: str
    layers: list
    tasks: list
    parents: list


def blocks(model):
    """Groups the layers of a functional model into the boxes of its drawing.

    Args:
        model: a functional `keras.Model` with a dict of outputs.

    Returns:
        list of `Block`: inputs first, heads last, each after its parents.

    Raises:
        ValueError: the model is not functional or its outputs are not a dict.

    Example:
        >>> x = keras.Input((4,), name="x")
        >>> h = keras.layers.Dense(8, name="trunk")(x)
        >>> heads = {task: keras.layers.Dense(2, name=task)(h) for task in "ab"}
        >>> [(b.kind, b.title, b.parents) for b in blocks(keras.Model({"x": x}, heads))]
        [('input', 'x', []), ('shared', 'trunk', [0]), ('head', 'a', [1]), ('head', 'b', [1])]
    """
    outputs = getattr(model, "output", None)
    if not isinstance(outputs, dict):
        raise ValueError(
            "Argument `model` must be a functional model with a dict of outputs. "
            f"Received: model={model!r}"
        )
    tasks = list(getattr(model, "tasks", outputs))
    ends = {task: _call_of(outputs[task]) for task in tasks}
    calls = _calls(model, ends)
    heads = _heads(calls, ends)
    return _blocks(calls, _group(calls, heads), heads, tasks)


@dataclasses.dataclass
class _Call:
    """A call of a layer on tensors, with the inputs it depends on and the tasks it serves."""

    layer: object
    parents: list
    inputs: set
    tasks: set


def _call_of(tensor):
    layer, index, _ = tensor._keras_history
    return id(layer._inbound_nodes[index])


def _calls(model, ends):
    """Returns dict call -> `_Call`, inputs first, parents before children."""
    depths = sorted(model._nodes_by_depth, reverse=True)
    nodes = [node for depth in depths for node in model._nodes_by_depth[depth]]
    inputs = model.input.values() if isinstance(model.input, dict) else model.inputs
    entries = list(map(_call_of, inputs))
    nodes.sort(key=lambda n: entries.index(id(n)) if n.is_input else len(entries))
    calls = {}
    for node in nodes:
        parents = list(dict.fromkeys(map(_call_of, node.input_tensors)))
        inputs = {node.operation.name} if node.is_input else set()
        inputs = inputs.union(*(calls[parent].inputs for parent in parents))
        calls[id(node)] = _Call(node.operation, parents, inputs, set())
    for task, end in ends.items():
        calls[end].tasks.add(task)
    for call in reversed(calls.values()):
        for parent in call.parents:
            calls[parent].tasks |= call.tasks
    return calls


def _heads(calls, ends):
    """Returns dict call -> task: the last layer of a task and what bears the task's name."""
    heads = {}
    for task, key in ends.items():
        chain = [key]
        while len(calls[key].parents) == 1:
            (key,) = calls[key].parents
            if calls[key].tasks != {task} or _is_input(calls[key]):
                break
            chain.append(key)
        layers = [calls[key].layer for key in chain]
        kernels = [i for i, layer in enumerate(layers) if _has_kernel(layer)]
        named = [i for i, x in enumerate(layers) if x.name.startswith((f"{task}_", f"{task}/"))]
        last = max([*kernels[:1], *named], default=len(chain) - 1)
        heads |= dict.fromkeys(chain[: last + 1], task)
    _add_fusions(calls, heads)
    return heads


def _add_fusions(calls, heads):
    """Adds what bears a task's name and leads only to its head, such as layers that join inputs."""
    children = {key: [] for key in calls}
    for key, call in calls.items():
        for parent in call.parents:
            children[parent].append(key)
    for key in reversed(calls):
        tasks = {heads.get(child) for child in children[key]}
        if key in heads or len(tasks) != 1 or None in tasks or _is_input(calls[key]):
            continue
        (task,) = tasks
        if calls[key].layer.name.startswith((f"{task}_", f"{task}/")):
            heads[key] = task


def _is_input(call):
    return isinstance(call.layer, keras.layers.InputLayer)


def _has_kernel(layer):
    norms = (
        keras.layers.BatchNormalization,
        keras.layers.LayerNormalization,
        keras.layers.GroupNormalization,
    )
    return bool(getattr(layer, "weights", None)) and not isinstance(layer, norms)


def _group(calls, heads):
    """Returns dict call -> its group, which is named by one of its calls."""
    serves, first, leader = {}, {}, {}
    for call in calls.values():
        inputs, tasks = serves.get(id(call.layer), (frozenset(), frozenset()))
        serves[id(call.layer)] = (inputs | call.inputs, tasks | call.tasks)

    def find(key):
        while leader[key] != key:
            key = leader[key]
        return key

    def purpose(key):
        return serves[id(calls[key].layer)]

    for key, call in calls.items():
        leader[key] = key
        above = list({find(p): None for p in call.parents if not _is_input(calls[find(p)])})
        if key in heads:
            joined = [p for p in call.parents if heads.get(p) == heads[key]]
        elif _has_kernel(call.layer):
            joined = [p for p in above if p not in heads and purpose(p) == purpose(key)]
            joined.append(first.setdefault(id(call.layer), key))
        elif not above:
            joined = call.parents[:1]  # what prepares an input goes with it
        elif len({purpose(p) for p in above}) == 1 and not heads.keys() & above:
            joined = above
        else:
            joined = []
        for other in joined:
            leader[find(key)] = find(other)
    return {key: find(key) for key in calls}


def _blocks(calls, group, heads, tasks):
    """Makes a block of each group; groups that feed one another in a circle become one."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    names = list(dict.fromkeys(group.values()))
    index = {name: i for i, name in enumerate(names)}
    links = np.zeros((len(names), len(names)), bool)
    for key, call in calls.items():
        for parent in call.parents:
            links[index[group[parent]], index[group[key]]] = True
    _, circle = connected_components(csr_array(links), connection="strong")
    members = {}
    for key in calls:
        members.setdefault(int(circle[index[group[key]]]), []).append(key)
    parents = {
        c: {int(circle[index[group[p]]]) for k in keys for p in calls[k].parents} - {c}
        for c, keys in members.items()
    }
    order = _ordered(members, parents, calls, heads)
    place = {c: i for i, c in enumerate(order)}
    made = []
    for c in order:
        keys = members[c]
        layers = list({id(calls[k].layer): calls[k].layer for k in keys}.values())
        served = set().union(*(calls[k].tasks for k in keys))
        if _is_input(calls[keys[0]]):
            kind, title = "input", layers[0].name
        elif keys[-1] in heads:
            kind, title = "head", heads[keys[-1]]
        else:
            kind, title = ("shared" if len(served) > 1 else "one task"), _title(layers)
        above = sorted(place[p] for p in parents[c])
        made.append(Block(kind, title, layers, [t for t in tasks if t in served], above))
    return made


def _ordered(members, parents, calls, heads):
    """Sorts the groups, each after its parents: inputs as soon as possible, heads as late."""
    tasks = list(heads.values())

    def rank(c):
        first, last = members[c][0], members[c][-1]
        late = 1 + tasks.index(heads[last]) if last in heads else 0
        return (not _is_input(calls[first]), late)

    waiting, order = sorted(members, key=rank), []
    while waiting:
        order.append(next(c for c in waiting if parents[c] <= set(order)))
        waiting.remove(order[-1])
    return order


def _title(layers):
    """Returns what the layers' names have in common, or their classes where Keras named them."""
    kernels = [layer for layer in layers if _has_kernel(layer)]
    for some in (layers, kernels or layers):
        names = [layer.name for layer in some]
        pairs = zip(min(names), max(names))  # what these two share, all share
        common = "".join(a for a, b in itertools.takewhile(lambda p: p[0] == p[1], pairs))
        if common not in names:
            common = common[: max(common.rfind("_"), common.rfind("/"), 0)]
        common = re.sub(r"[_/]?\d+$", "", common)
        if common and common.replace("_", "") != type(some[0]).__name__.lower():
            return common
    classes = list(dict.fromkeys(type(layer).__name__ for layer in [layers[0], *kernels]))
    return ", ".join(classes[:2]) + (", ..." if len(classes) > 2 else "")
