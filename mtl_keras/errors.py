"""Error messages that say what was wrong, what was given and what would be right."""

import difflib


def unknown(kind, name, known):
    """Returns the error for a name that is not among the known ones, with the nearest one.

    Args:
        kind: what the name stands for, such as `"task"`.
        name: the name that was given.
        known: iterable of the names that would have been right.

    Returns:
        A `ValueError`, to be raised by the caller.

    Example:
        >>> unknown("task", "digts", ["digits", "topics"])
        ValueError("Unknown task 'digts'. Did you mean 'digits'? Known: digits, topics.")
    """
    known = [str(k) for k in known]
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ValueError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(known) or 'none'}.")
