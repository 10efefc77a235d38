"""Three bodies that attract each other, in a plane, by steps of a leapfrog."""

from math import sqrt

FAMILY = "floats"
ARGUMENTS = (5_000,)
ANSWER = 1.23450463302767


def pull(dx, dy):
    square = dx * dx + dy * dy + 1e-3
    return 1.0 / (square * sqrt(square))


def kernel(steps):
    ax, ay, bx, by, cx, cy = 0.97, -0.24, -0.97, 0.24, 0.0, 0.0
    au, av, bu, bv, cu, cv = 0.47, 0.43, 0.47, 0.43, -0.93, -0.86
    dt = 0.001
    for _ in range(steps):
        ax, ay, bx, by, cx, cy = (
            ax + dt * au, ay + dt * av, bx + dt * bu, by + dt * bv, cx + dt * cu, cy + dt * cv,
        )  # fmt: skip
        ab, bc, ca = pull(bx - ax, by - ay), pull(cx - bx, cy - by), pull(ax - cx, ay - cy)
        au += dt * (ab * (bx - ax) + ca * (cx - ax))
        av += dt * (ab * (by - ay) + ca * (cy - ay))
        bu += dt * (ab * (ax - bx) + bc * (cx - bx))
        bv += dt * (ab * (ay - by) + bc * (cy - by))
        cu += dt * (bc * (bx - cx) + ca * (ax - cx))
        cv += dt * (bc * (by - cy) + ca * (ay - cy))
    return (au * au + av * av + bu * bu + bv * bv + cu * cu + cv * cv) / 2.0
