/* Three bodies that attract each other, in a plane, by steps of a leapfrog. */
#include <math.h>
#include <stdint.h>

static double pull(double dx, double dy)
{
    double square = dx * dx + dy * dy + 1e-3;
    return 1.0 / (square * sqrt(square));
}

void kernel(const int64_t *in, double *out)
{
    double ax = 0.97, ay = -0.24, bx = -0.97, by = 0.24, cx = 0.0, cy = 0.0;
    double au = 0.47, av = 0.43, bu = 0.47, bv = 0.43, cu = -0.93, cv = -0.86;
    double dt = 0.001;
    for (int64_t step = 0; step < in[0]; step++) {
        ax += dt * au, ay += dt * av, bx += dt * bu, by += dt * bv, cx += dt * cu, cy += dt * cv;
        double ab = pull(bx - ax, by - ay), bc = pull(cx - bx, cy - by), ca = pull(ax - cx, ay - cy);
        au += dt * (ab * (bx - ax) + ca * (cx - ax));
        av += dt * (ab * (by - ay) + ca * (cy - ay));
        bu += dt * (ab * (ax - bx) + bc * (cx - bx));
        bv += dt * (ab * (ay - by) + bc * (cy - by));
        cu += dt * (bc * (bx - cx) + ca * (ax - cx));
        cv += dt * (bc * (by - cy) + ca * (ay - cy));
    }
    out[0] = (au * au + av * av + bu * bu + bv * bv + cu * cu + cv * cv) / 2.0;
}
