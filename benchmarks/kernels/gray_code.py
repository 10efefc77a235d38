"""Gray codes there and back."""

FAMILY = "plain"
ARGUMENTS = (60_000,)
ANSWER = 90000


def kernel(n):
    check = 0
    for i in range(n):
        gray = i ^ (i >> 1)
        back = gray
        shift = 1
        while shift < 32:
            back ^= back >> shift
            shift <<= 1
        check += (back == i) + (gray & 1)
    return check
