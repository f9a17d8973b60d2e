"""Test Jacobians and float64 reference answers for Gramian-based gradient weighting.

``jacobians(kind, T, P, seed)`` gives a float32 matrix J whose T rows are task gradients.
Every ``reference_*(J, ...)`` returns ``(d, info)``: the aggregated gradient d (float64)
and a dict with the weights ``w`` (d = J.T @ w), ``kkt`` (relative optimality residual,
verified below 1e-9; 0 for closed forms) and ``note`` where there is no or no unique
answer.  J is split as diag(n) L Q' (row norms, unit rows, QR): the Gramian loses digits.
"""

import numpy as np
from scipy.optimize import brentq

KINDS = (
    "random",
    "conflicting",
    "badly_scaled",
    "duplicated",
    "zero_row",
    "opposed",
    "near_stationary",
    "huge",
    "tiny",
    "rank_deficient",
)


def jacobians(kind, T, P, seed=0):
    """Float32 (T, P) matrix; duplication, opposition and rank deficiency are exact."""
    rng = np.random.default_rng([KINDS.index(kind), T, P, seed])
    J = (rng.standard_normal((T, P)) / np.sqrt(P)).astype(np.float32).astype(np.float64)
    if kind == "conflicting":  # all pairwise cosines pushed negative
        J = J - 0.95 * J.mean(0) * (T > 1)
    elif kind == "badly_scaled":  # row norms from 1e-6 to 1e6
        J *= rng.permutation(np.logspace(-6, 6, T))[:, None]
    elif kind == "duplicated":  # each row twice, the second one doubled
        t = np.arange(T)
        J = J[t % ((T + 1) // 2)] * np.where(t < (T + 1) // 2, 1.0, 2.0)[:, None]
    elif kind == "zero_row":
        J[rng.permutation(T)[: max(1, T // 4)]] = 0.0
    elif kind == "opposed":  # row 1 = -row 0, row 3 = -2 row 2
        J[1:2], J[3:4] = -J[0:1][: T - 1], -2.0 * J[2:3][: max(0, T - 3)]
    elif kind == "near_stationary" and T > 1:  # min-norm point about 1e-3 of a row
        J[-1] = -(rng.uniform(0.5, 1.5, T - 1) @ J[:-1]) / (T - 1) + 1e-3 * J[-1]
    J *= {"huge": 1e15, "tiny": 1e-15}.get(kind, 1.0)
    if kind == "rank_deficient":  # only T//2 columns are not zero
        J[:, rng.permutation(P)[max(1, T // 2) :]] = 0.0
    return J.astype(np.float32)


def factor(J):
    J = np.asarray(J, np.float64)  # J, row norms, unit rows L (T, k), non-zero
    m = np.abs(J).max(1)
    S = J / np.where(m > 0, m, 1)[:, None]
    r = np.linalg.norm(S, axis=1)
    return J, m * r, np.linalg.qr((S / np.where(r > 0, r, 1)[:, None]).T, mode="r").T, m > 0


def _nnls(A, b):
    """Lawson-Hanson min |A x - b|, x >= 0, by orthogonal least squares on the support."""
    n = A.shape[1]
    x, S = np.zeros(n), np.zeros(n, bool)
    scale = np.linalg.norm(A, axis=0) * np.linalg.norm(b) + 1e-300
    for _ in range(20 * n + 20):
        g = np.where(S, -np.inf, A.T @ (b - A @ x) / scale)
        i = int(np.argmax(g))
        if g[i] <= 1e-14:
            break
        S[i] = True
        for it in range(n + 1):
            y = np.zeros(n)
            y[S] = np.linalg.lstsq(A[:, S], b, rcond=1e-14)[0]
            if it == 0 and y[i] <= 0:  # rounding: no further improvement
                return x
            neg = S & (y <= 0)
            if not neg.any():
                x = y
                break
            x = x + np.min(x[neg] / (x[neg] - y[neg])) * (y - x)
            S &= x > 1e-15 * x.max()
            x *= S
    return x


def reference_min_norm(J):
    """Point of least norm in the convex hull of the rows (MGDA)."""
    J, n, L, live = factor(J)
    if not live.all():
        return 0 * J[0], {"w": (~live) / (~live).sum(), "kkt": 0.0, "note": "zero row: d = 0"}
    a = n.min() / n  # w = a z / sum(a z)
    z = _nnls(np.vstack([L.T, a]), np.append(np.zeros(L.shape[1]), 1.0))
    w, v = a * z / (a @ z), z / z.sum()
    p, size = L.T @ v, np.linalg.norm(L.T @ v)
    if size < 1e-7:  # float32 rows cannot tell it from 0
        return J.T @ w, {"w": w, "kkt": size, "note": "0 in the hull (to 1e-7): d = 0"}
    slack = L @ p / size - size * (n @ w) / n  # >= 0, and 0 on the support
    return J.T @ w, {"w": w, "kkt": max(-slack.min(), np.abs(slack) @ v)}


def _dual_cone(L, q):
    x, size = _nnls(L.T, -q), np.linalg.norm(q) + 1e-300
    p = q + L.T @ x  # projection of q on {p : L p >= 0}
    return x, max(-(L @ p).min(initial=0.0), abs(p @ (L.T @ x)) / size) / size


def reference_dualproj(J, u=None):
    """Projection of J.T u (default: the mean row) on the dual cone {d : J d >= 0}."""
    J, n, L, live = factor(J)
    u = np.full(len(n), 1 / len(n)) if u is None else u
    x, kkt = _dual_cone(L, L.T @ (n * u))
    w = u + x * live / np.where(live, n, 1)
    return J.T @ w, {"w": w, "kkt": kkt}


def reference_upgrad(J):
    """Mean over the tasks of the projections of each row on the dual cone."""
    J, n, L, live = factor(J)
    X, kkt = zip(*[_dual_cone(L, row) for row in L])
    w = (1 + n @ np.array(X) * live / np.where(live, n, 1)) / len(n)
    return J.T @ w, {"w": w, "kkt": max(kkt)}


def reference_cagrad(J, c=0.5):
    """d = g0 + e, |e| <= c |g0|, maximising min_i g_i.d (g0 the mean row, no rescaling, zero
    rows left out).  If 0 in the hull makes d not unique, ``note`` says so: least |e| taken."""
    J, n, L, live = factor(J)
    w = np.full(len(n), 1 / len(n))
    g0 = L.T @ (n * w)
    size = np.linalg.norm(g0)
    if size <= 1e-14 * n.max():
        return 0 * J[0], {"w": 0 * w, "kkt": 0.0, "note": "zero mean"}
    Ls, beta, a = L[live], L[live] @ (g0 / size), n[live].min() / n[live]

    def move(tau):  # least e with Ls e >= tau a - beta, or None
        h = tau * a - beta
        if (h <= 0).all():
            return 0 * g0, 0 * a
        k, f = np.abs(h).max(), np.append(0 * g0, 1.0)
        y = _nnls(np.vstack([Ls.T, h / k]), f)
        res = 1 - (h / k) @ y
        return (Ls.T @ y * k / res, y * k / res) if res > 1e-13 else (None, None)

    def size_of(e):
        return 1e3 if e is None else min(np.linalg.norm(e), 1e3)

    (e, x), note, kkt = move(0.0), {"note": "0 in the hull: d not unique"}, 0.0
    if size_of(e) > c or "note" not in reference_min_norm(J[live])[1]:
        gap, e = (lambda t: size_of(move(t)[0]) - c), None
        tau = brentq(gap, (beta / a).min(), ((1 + c) / a).min() + 1e-12, xtol=1e-16, rtol=1e-14)
        while e is None:  # step back if rounding crossed the limit
            e, x = move(tau)
            tau -= 1e-14 * max(abs(tau), 1e-3) * (e is None)
        s, note = Ls @ e - tau * a + beta, {}
        kkt = max(-s.min(), np.abs(s) @ x / max(x.sum(), 1e-300), abs(np.linalg.norm(e) - c))
    w[live] += size * x / n[live]
    return J.T @ w, {"w": w, "kkt": kkt, **note}


def reference_fair(J, alpha=1.0):
    """FairGrad: a > 0, (G a)_i = a_i^(-1/alpha), G = J J.T; alpha = 1 is Nash-MTL.  Zero rows
    get weight 0; no solution (d None) if 0 lies in the hull.  kkt: residual over |G| a."""
    J, n, L, live = factor(J)
    if not live.any() or "note" in reference_min_norm(J[live])[1]:
        return None, {"w": None, "kkt": np.inf, "note": "no solution"}
    w, L, logn, p = 0 * n, L[live], np.log(n[live]), 1.0 / alpha
    C, logc = L @ L.T, (p - 1) * (logn - logn.mean())  # C x = c x^-p, x = n a up to a unit
    lx = ls = logc / (1 + p)
    for _ in range(100):  # Newton on s = C x, log s + p log x = log c
        x, s, rho = np.exp(lx), np.exp(ls), logc - ls - p * lx
        k = 1 / np.sqrt(1 + p * s / x)
        H = C * np.outer(k, k) + np.diag(p * s / x * k * k)
        r = k * np.linalg.solve(H, k * (s * rho - (L @ (L.T @ x) - s))) / x
        lx, ls = (v + np.sign(t) * np.log1p(np.abs(t)) for v, t in ((lx, r), (ls, rho - p * r)))
    x = np.exp(lx)
    kkt = np.max(np.abs(C @ x - np.exp(logc - p * lx)) / (np.abs(C) @ x))
    w[live] = np.exp(lx - logn + logn.mean() * (p - 1) / (p + 1))
    return J.T @ w, {"w": w, "kkt": kkt}


def reference_aligned(J, rtol=1e-10):
    """Aligned-MTL: w = s_min V diag(1/s) V' 1/T, J = V diag(s) W', s^2 > rtol max s^2 kept."""
    J, n, L, _ = factor(J)
    V, s, _ = np.linalg.svd((n / max(n.max(), 1e-300))[:, None] * L, full_matrices=False)
    V, s = V[:, s**2 > rtol * s[0] ** 2], s[s**2 > rtol * s[0] ** 2]
    w = V @ (s.min(initial=np.inf) / s * V.sum(0)) / len(n)
    return J.T @ w, {"w": w, "kkt": 0.0}


def _equal_cosines(L, live, rtol):
    V, s, _ = np.linalg.svd(L, full_matrices=False)  # least-norm x, (L L') x = 1 on live rows
    V, s = V[:, s**2 > rtol * s[0] ** 2], s[s**2 > rtol * s[0] ** 2]
    return V @ (V.T @ live / s**2) * live


def reference_imtlg(J, rtol=1e-10):
    """IMTL-G: weights of sum 1 giving the update equal projections on all unit rows."""
    J, n, L, live = factor(J)
    a = _equal_cosines(L, live, rtol) / np.where(live, n, 1)
    if abs(a.sum()) <= 1e-12 * np.abs(a).sum():
        return 0 * J[0], {"w": 0 * a, "kkt": 0.0, "note": "no unit-sum weights"}
    return J.T @ (a / a.sum()), {"w": a / a.sum(), "kkt": 0.0}


def reference_config(J, rtol=1e-10):
    """ConFIG: direction pinv(U) 1 (U unit rows), length the sum of the rows' projections."""
    J, n, L, live = factor(J)
    x = _equal_cosines(L, live, rtol)
    v, size = L.T @ x, np.linalg.norm(L.T @ x)
    if size <= 1e-6:
        return 0 * J[0], {"w": 0 * x, "kkt": 0.0, "note": "no direction"}
    w = x / np.where(live, n, 1) * (n @ (L @ v)) / size**2
    return J.T @ w, {"w": w, "kkt": 0.0}
