"""The Miller-Rabin test: primes among the last odd numbers below 2**64, counted."""

FAMILY = "modular"
ARGUMENTS = (2**64 - 1001, 500)
ANSWER = 21


def kernel(first, count):
    primes = 0
    for index in range(count):
        n = first + 2 * index
        odd = n - 1
        twos = 0
        while odd & 1 == 0:
            odd >>= 1
            twos += 1
        base = 2
        while base < 8:
            power = 1
            square = base
            exponent = odd
            while exponent:
                if exponent & 1:
                    power = power * square % n
                square = square * square % n
                exponent >>= 1
            left = twos
            while left and power != 1 and power != n - 1:
                power = power * power % n
                left -= 1
            if power != n - 1 and (power != 1 or left != twos):
                break
            base += 1
        else:
            primes += 1
    return primes
