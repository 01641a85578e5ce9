#!/usr/bin/env python3
"""Computes every polynomial coefficient of kernels/distributions.h and kernels/truncated_normal.cc.

    pip install mpmath numpy && python3 tools/fit_distributions.py

Each polynomial is the minimax (Remez) fit, in relative error, of a function that mpmath evaluates
to 40 digits. Its coefficients are then rounded to f32 one at a time, lowest degree first, and the
remaining ones are fitted anew after each rounding, so that they make up for what was lost.
The errors printed are those of the rounded coefficients in exact arithmetic: what a kernel adds
to them is the rounding of its own f32 steps, which tests/kernels/distributions_test.cc measures.

These coefficients are part of the public bits. Running this again must print what the sources
already have; a better fit is a new distribution.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 40
GRID = 4000


def minimax(x, target, powers, fixed):
    """Coefficients c of sum c[i] x**powers[i] + fixed(x) with the least max |error / target|."""
    # Where the lowest power is odd the error changes sign at 0 by itself: count it out.
    flip = np.sign(x) ** (powers[0] % 2)
    basis = np.stack([flip * x**p / target for p in powers], axis=1)
    goal = flip * (1 - fixed / target)
    n = len(powers)
    # Start at Chebyshev extremes, then exchange: one extreme of each sign run becomes a node.
    picks = np.round((1 - np.cos(np.pi * np.arange(n + 1) / n)) / 2 * (len(x) - 1)).astype(int)
    best, best_error = None, np.inf
    for _ in range(40):
        signs = (-1.0) ** np.arange(n + 1)
        system = np.column_stack([basis[picks], signs])
        scale = np.abs(system).max(axis=0)
        solution = np.linalg.solve(system / scale, goal[picks]) / scale
        error = goal - basis @ solution[:n]
        if np.abs(error).max() < best_error:
            best, best_error = solution[:n], np.abs(error).max()
        runs = np.split(np.arange(len(x)), np.where(np.diff(np.sign(error)) != 0)[0] + 1)
        extremes = [run[np.argmax(np.abs(error[run]))] for run in runs]
        while len(extremes) > n + 1:
            size = np.abs(error[extremes])
            if len(extremes) == n + 2:  # one too many: an end, or the signs would not alternate
                extremes.pop(0 if size[0] < size[-1] else -1)
            else:  # the neighbours whose larger one is least
                least = int(np.argmin(np.maximum(size[1:], size[:-1])))
                del extremes[least : least + 2]
        if len(extremes) < n + 1 or list(extremes) == list(picks):
            break
        picks = np.array(extremes)
    return best


def literal(c):
    digits = f"{np.float32(c):.9g}"
    return digits + ("f" if set(digits) & set(".e") else ".0f")


def fit(name, x, target, degree, pinned=()):
    """Fits a polynomial of that degree, rounds it to f32, prints it. `pinned`: known c[0], ..."""
    x, target = np.array(x, float), np.array(target, float)
    coefficients = [float(np.float32(c)) for c in pinned]
    for i in range(len(coefficients), degree + 1):
        fixed = sum(c * x**p for p, c in enumerate(coefficients)) + 0 * x
        rest = minimax(x, target, range(i, degree + 1), fixed)
        coefficients.append(float(np.float32(rest[0])))
    value = sum(c * x**p for p, c in enumerate(coefficients))
    error = np.abs(value / target - 1).max()
    print(f"// {name}, degree {degree}: relative error {error:.1e}")
    print(f"constexpr float {name}[{degree + 1}] = {{")
    for c in coefficients:
        print(f"    {literal(c)},")
    print("};\n")


def grid(lo, hi):
    """Points dense at both ends, as a Remez exchange likes them; never 0 itself."""
    unit = (1 - np.cos(np.pi * (np.arange(GRID) + 0.5) / GRID)) / 2
    return [mp.mpf(lo) + (mp.mpf(hi) - mp.mpf(lo)) * mp.mpf(float(u)) for u in unit]


def fit_logarithm(degree):
    """-ln(1 + f) / f for 1 + f in [sqrt(1/2), sqrt(2)]."""
    f = grid(mp.sqrt(0.5) - 1, mp.sqrt(2) - 1)
    fit("kNegLog", f, [-mp.log1p(x) / x for x in f], degree, pinned=[-1])


def fit_angle(sin_degree, cos_degree):
    """sin(2 pi x) / x and cos(2 pi x) as polynomials in x^2, for x up to 1/8 of a turn."""
    x = [mp.sqrt(y) for y in grid(0, mp.mpf(1) / 64)]
    squares = [y * y for y in x]
    fit("kSin", squares, [mp.sin(2 * mp.pi * y) / y for y in x], sin_degree)
    fit("kCos", squares, [mp.cos(2 * mp.pi * y) for y in x], cos_degree, pinned=[1])


def fit_central(degree, z_max, shift):
    """z / sqrt(L) for L = -ln(1 - erf(z / sqrt 2)^2), in x = scale / (L + shift) + offset.

    L grows like z^2 at both ends, so the ratio hardly moves: from sqrt(pi / 2) to below
    sqrt(2). In 1 / (L + shift) it is nearly a straight line; x is that, mapped to [-1, 1].
    """
    def depth(z):
        p = mp.erf(z / mp.sqrt(2))
        q = mp.erfc(z / mp.sqrt(2))
        return -mp.log(q * (1 + p)) if z > 1 else -mp.log1p(-p * p)

    largest = depth(mp.mpf(z_max))
    near, far = 1 / mp.mpf(shift), 1 / (largest + shift)
    scale = np.float32(2 / (far - near))
    offset = np.float32(-(far + near) / (far - near))
    z = [mp.mpf(z_max) * y for y in grid(0, 1)]
    depths = [depth(y) for y in z]
    x = [mp.mpf(float(scale)) / (d + shift) + mp.mpf(float(offset)) for d in depths]
    print(f"// kCentral: L up to {float(largest):.4f}")
    print(f"constexpr float kCentralShift = {literal(shift)};")
    print(f"constexpr float kCentralScale = {literal(scale)};")
    print(f"constexpr float kCentralOffset = {literal(offset)};")
    order = np.argsort(np.array(x, float))
    fit("kCentral", [x[i] for i in order], [z[i] / mp.sqrt(depths[i]) for i in order], degree)


if __name__ == "__main__":
    fit_logarithm(degree=8)
    fit_angle(sin_degree=3, cos_degree=4)
    fit_central(degree=10, z_max=6.75, shift=10.0)
