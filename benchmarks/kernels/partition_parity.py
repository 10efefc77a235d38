"""Partition counts modulo 2: the series of 1/((1-x)(1-x^2)...(1-x^63)) with 64 bits for terms.

1/(1-x^k) is (1+x^k)(1+x^2k)(1+x^4k)... modulo 2. Counted are the odd terms for parts up to each
limit.
"""

FAMILY = "masked"
ARGUMENTS = (60,)
ANSWER = 67800


def kernel(rounds):
    odd = 0
    for _ in range(rounds):
        for limit in range(1, 64, 2):
            series = 1
            for part in range(1, limit + 1):
                shift = part
                while shift < 64:
                    series ^= series << shift & 0xFFFFFFFFFFFFFFFF
                    shift <<= 1
            while series:
                odd += series & 1
                series >>= 1
    return odd
