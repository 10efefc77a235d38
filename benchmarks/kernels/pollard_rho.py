"""A factor of a 64-bit number by Pollard's method, after Floyd, with few divisors taken."""

FAMILY = "modular"
ARGUMENTS = (4294967291 * 4294967279, 1)
ANSWER = (4294967279, 53888)


def kernel(n, offset):
    slow = fast = 2
    product = 1
    steps = 0
    while True:
        slow = (slow * slow + offset) % n
        fast = (fast * fast + offset) % n
        fast = (fast * fast + offset) % n
        product = product * abs(slow - fast) % n
        steps += 1
        if steps & 127 == 0:
            a, b = n, product
            while b:
                a, b = b, a % b
            if a > 1:
                return a, steps
