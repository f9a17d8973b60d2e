"""The toy problem of two objectives, on which papers show where weighting methods end up.

    python -m mtl_keras.experiments.toy_problem --out results/toy_problem.json

Every method goes from five starts, 35,000 steps of Adam, and what it reaches is written as JSON;
a method that is there already is not done again.
"""

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf

import mtl_keras as mtl
from mtl_keras.evaluation import results

STARTS = ((-8.5, 7.5), (0.0, 0.0), (9.0, 9.0), (-7.5, -0.5), (9.0, -1.0))
STEPS = 35_000
SCALE = 0.1
METHODS = {  # name -> (weighting, norm to which its direction is cut); these as papers have them
    "equal": ("equal", None),
    "mgda": ("mgda", None),
    "pcgrad": ("pcgrad", None),
    "upgrad": ("upgrad", None),
    "cagrad_0.4": ({"class_name": "CAGrad", "config": {"c": 0.4, "rescale": 1}}, None),
    "cagrad_0.5": ({"class_name": "CAGrad", "config": {"c": 0.5, "rescale": 1}}, None),
    "nash_mtl": ("nash_mtl", None),  # cuts its direction itself
    "imtl_g": ("imtl_g", None),
    "aligned_mtl": ("aligned_mtl", None),
    "famo": ({"class_name": "FAMO", "config": {"gamma": 0.0}}, 1.0),
}
_OTHERS = (
    "gradvac", "dualproj", "config", "fairgrad", "db_mtl", "db_mtl_averaged", "excess_mtl", "moco",
    "modo", "sdmgrad", "graddrop", "rlw", "gls", "scale_invariant", "stch",
)  # fmt: skip
"""Not here: what learns with a model's optimizer, looks at epochs, needs three tasks or joins other
methods, and what is another one here (`mgda_ub`, `static`)."""
METHODS |= {name: (name, None) for name in _OTHERS}
_RATE, _BETAS, _EPSILON = 1e-3, (0.9, 0.999), 1e-8
_LOOK = 25  # steps between two looks at where a run is
_KEEP = 10  # looks between two points of a path


def losses(x, scale=SCALE):
    """Returns the two objectives at a point.

    Args:
        x: float tensor `(..., 2)`.
        scale: float, factor of the first objective: 0.1 in Nash-MTL and FAMO, 1 in CAGrad.

    Returns:
        Tensor `(..., 2)`.

    Example:
        >>> losses(tf.constant([-7.5, -0.5], tf.float64)).numpy().round(6).tolist()
        [0.038881, -4.754484]

    Reference:
        Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021, in the
        form of its code: the paper prints - tanh(-x2) in the second logarithm.
    """
    a, b = x[..., 0], x[..., 1]
    turn = tf.tanh(-b)
    f1 = tf.math.log(tf.maximum(tf.abs(0.5 * (-a - 7) - turn), 5e-6)) + 6
    f2 = tf.math.log(tf.maximum(tf.abs(0.5 * (-a + 3) + turn + 2), 5e-6)) + 6
    g1 = ((-a + 7) ** 2 + 0.1 * (-b - 8) ** 2) / 10 - 20
    g2 = ((-a - 7) ** 2 + 0.1 * (-b - 8) ** 2) / 10 - 20
    # Both sides have a slope at 0, where a start lies.
    above = tf.where(b >= 0, tf.tanh(0.5 * b), 0.0)
    below = tf.where(b <= 0, tf.tanh(-0.5 * b), 0.0)
    return tf.stack([scale * (above * f1 + below * g1), above * f2 + below * g2], axis=-1)


def gradients(x, scale=SCALE):
    """Returns (losses (2,), their gradients (2, 2)) at a point `(2,)`."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        first, second = tf.unstack(losses(x, scale))
    rows = [tape.gradient(value, x) for value in (first, second)]
    return tf.stack([first, second]), tf.stack(rows)


def direction(method, x, scale=SCALE, clip=None):
    """Returns the direction that a built method makes of the two gradients at a point.

    A method sees the losses above their least value, as FAMO's code does: some take logarithms.
    """
    values, jacobian = gradients(x, scale)
    facts = {"losses": _above_least(values, scale), "present": tf.ones(2, tf.bool)}
    if method.sees == "losses":
        with tf.GradientTape() as tape:
            tape.watch(facts["losses"])
            objective = method(**facts)
        weights = tape.gradient(objective, facts["losses"])
    elif method.sees == "jacobian":
        return _cut(tf.cast(method(jacobian=jacobian, **facts), x.dtype), clip)
    else:
        gramian = tf.matmul(jacobian, jacobian, transpose_b=True)
        weights = method(gramian=gramian, **facts)
    return _cut(tf.linalg.matvec(jacobian, tf.cast(weights, x.dtype), transpose_a=True), clip)


def _above_least(values, scale):
    return tf.cast(values + 21 * tf.constant([scale, 1.0], values.dtype), tf.float32)


def _cut(vector, clip):
    return vector if clip is None else tf.clip_by_norm(vector, clip)


def walk(method, starts=STARTS, steps=STEPS, scale=SCALE, clip=None):
    """Goes with Adam (learning rate 1e-3) where a method says, from each start.

    Args:
        method: anything that `weighting.get` takes.
        starts: sequence of points `(x1, x2)`.
        steps: int. Defaults to 35,000.
        scale: float, factor of the first objective. Defaults to 0.1.
        clip: float, norm to which the direction is cut. Defaults to `None`, not cut.

    Returns:
        list of float64 arrays `(1 + steps // 25, 2)`, the points of each start's path every 25
        steps.

    Example:
        >>> (path,) = walk("equal", [(9.0, -1.0)], steps=50)
        >>> path.shape, path[-1].round(2).tolist()
        ((3, 2), [8.95, -0.95])
    """
    method = mtl.weighting.get(method)
    method.build(["first", "second"])

    def step(count, x, mean, square):
        way = direction(method, x, scale, clip)
        count += 1
        mean = _BETAS[0] * mean + (1 - _BETAS[0]) * way
        square = _BETAS[1] * square + (1 - _BETAS[1]) * way**2
        root = tf.sqrt(square / (1 - _BETAS[1] ** count)) + _EPSILON
        x -= _RATE * mean / (1 - _BETAS[0] ** count) / root
        if hasattr(method, "after_step"):
            after = _above_least(losses(x, scale), scale)
            method.after_step(losses=after, present=tf.ones(2, tf.bool))
        return count, x, mean, square

    @tf.function(jit_compile=True)
    def onwards(*state):
        return tf.while_loop(lambda *_: True, step, state, maximum_iterations=_LOOK)

    fresh = [variable.numpy() for variable in method.variables]
    paths = []
    for start in starts:
        for variable, value in zip(method.variables, fresh):
            variable.assign(value)
        nothing = tf.zeros(2, tf.float64)
        state = (tf.constant(0.0, tf.float64), tf.constant(start, tf.float64), nothing, nothing)
        path = [np.array(start)]
        for _ in range(steps // _LOOK):
            state = onwards(*state)
            path.append(state[1].numpy())
        paths.append(np.array(path))
    return paths


def solve(name, steps=STEPS):
    """Returns what a method reaches from every start.

    Args:
        name: str, a key of `METHODS` or one of `weighting.names()`.
        steps: int. Defaults to 35,000.

    Returns:
        list of dicts, one for each start: the end, the losses there, whether that is at the front
        (x2 < -1), the first step with x2 < -0.5 (`None`: never) and the path.
    """
    weighting, clip = METHODS.get(name, (name, None))
    runs = []
    for path in walk(weighting, steps=steps, clip=clip):
        below = np.flatnonzero(path[:, 1] < -0.5)
        run = {
            "method": name,
            "start": path[0],
            "end": path[-1],
            "losses": losses(tf.constant(path[-1])),
            "reached": bool(path[-1, 1] < -1),
            "first_step_below": int(below[0]) * _LOOK if below.size else None,
            "path": path[::_KEEP].round(3),
        }
        runs.append(results.plain(run))
    return runs


def plot(runs, columns=5):
    """Draws the path of every method over the contours of the sum of the objectives.

    Args:
        runs: list of runs, as `solve` returns them.
        columns: int, panels in a row. Defaults to 5.

    Returns:
        A `matplotlib.figure.Figure`, one panel for each method; a dot is a start, a cross an end.

    Example:
        >>> run = {"method": "equal", "path": [(9.0, -1.0), (8.0, -2.0)], "end": (8.0, -2.0)}
        >>> [axes.get_title() for axes in plot([run]).axes]
        ['equal']
    """
    from mtl_keras.evaluation.plots.figure import COLOURS, grid

    names = list(dict.fromkeys(run["method"] for run in runs))
    figure, panels = grid(len(names), columns, 2.3, 2.5)
    a, b = np.meshgrid(np.linspace(-11, 11, 221), np.linspace(-11, 11, 221))
    height = tf.reduce_sum(losses(tf.constant(np.stack([a, b], axis=-1))), axis=-1)
    for name, axes in zip(names, panels):
        axes.contour(a, b, height, levels=25, cmap="Greys_r", linewidths=0.4)
        # All minima of weighted sums lie on this line, nearly.
        axes.plot([-7, 7], [-8.3552, -8.3552], color="0.5", linewidth=3)
        for colour, run in zip(COLOURS, (run for run in runs if run["method"] == name)):
            path = np.array(run["path"])
            axes.plot(*path.T, color=colour, linewidth=1)
            axes.plot(*path[0], "o", color=colour, markersize=4)
            axes.plot(*run["end"], "x", color=colour, markersize=6)
        axes.set(title=name, xticks=[-10, 0, 10], yticks=[-10, 0, 10])
        axes.set_aspect("equal")
    return figure


def main(arguments=None):
    """Writes the JSON, method by method, and a picture where one is asked for."""
    parser = argparse.ArgumentParser(prog="toy_problem", description=__doc__.split("\n")[0])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), metavar="NAME")
    parser.add_argument("--steps", type=int, default=STEPS, help="default: 35,000, the published")
    parser.add_argument("--out", default="results/toy_problem.json", type=Path, metavar="FILE")
    parser.add_argument("--plot", metavar="FILE", help="also draw the paths, as PNG")
    options = parser.parse_args(arguments)
    configuration = {"steps": options.steps, "scale": SCALE, "learning_rate": _RATE}
    done = results.read(options.out) if options.out.exists() else {}
    runs = done["runs"] if done.get("configuration") == configuration else []
    for name in options.methods:
        if name not in {run["method"] for run in runs}:
            runs += solve(name, options.steps)
            about = {"versions": results.versions(), "machine": results.machine()}
            results.write(options.out, {"configuration": configuration, **about, "runs": runs})
    if options.plot:
        plot(runs).savefig(options.plot)


if __name__ == "__main__":
    main()
