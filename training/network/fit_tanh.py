"""Print the coefficients of assembly/network/activations.ts: tanh x ~ x P(x^2) / Q(x^2) on |x| <= LIMIT.

Lawson's method: least squares on P - Q tanh, reweighted towards the points of largest error, which tends to the
minimax fit. Beyond LIMIT the argument is clamped, which costs less than the fit's own error.
"""

import numpy as np

LIMIT = 7.5
TERMS = 3
POINTS = 4000


def fit() -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of P and Q, constant term first, rounded to float32; Q's constant term is 1."""
    x = (1 - np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)) / 2 * LIMIT
    target = np.tanh(x)
    u = (x / LIMIT)[:, None] ** 2
    odd = (x / LIMIT)[:, None] * u ** np.arange(TERMS + 1)
    even = u ** np.arange(1, TERMS + 1)
    columns = np.concatenate([odd, -target[:, None] * even], 1)
    weight, denominator = np.ones(POINTS), np.ones(POINTS)
    best = (np.inf, None)
    for _ in range(400):
        scale = np.sqrt(weight) / np.abs(denominator)
        c = np.linalg.lstsq(columns * scale[:, None], target * scale, rcond=None)[0]
        denominator = 1 + even @ c[TERMS + 1 :]
        error = np.abs(odd @ c[: TERMS + 1] / denominator - target)
        if error.max() < best[0]:
            best = (error.max(), c)
        weight *= error / error.max() + 1e-3
        weight /= weight.mean()
    c = best[1]
    p = c[: TERMS + 1] / LIMIT ** (2 * np.arange(TERMS + 1) + 1)
    q = np.concatenate([[1.0], c[TERMS + 1 :] / LIMIT ** (2 * np.arange(1, TERMS + 1))])
    return p.astype(np.float32), q.astype(np.float32)


def main() -> None:
    p, q = fit()
    x = np.linspace(0, 20, 2_000_001).astype(np.float32)
    u = np.minimum(x, np.float32(LIMIT)) ** 2
    y = np.minimum(x, np.float32(LIMIT)) * (((p[3] * u + p[2]) * u + p[1]) * u + p[0])
    y /= ((q[3] * u + q[2]) * u + q[1]) * u + q[0]
    print("P", [f"{v:.9g}" for v in p])
    print("Q", [f"{v:.9g}" for v in q])
    print(f"largest error {np.abs(y - np.tanh(x.astype(np.float64))).max():.3g}")


if __name__ == "__main__":
    main()
