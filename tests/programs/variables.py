"""Assignment to globals and to variables of enclosing functions."""

from tests.differential import EDGES, SMALL
from tests.programs.program import ANY, COUNT, on

total = 0
seed = 42
ratio = 1.5
found = False
last = None
name = "text"
first, second = 0, 1


@on(COUNT)
def counts_in_a_global(n):
    global total
    for i in range(n):
        total += i
    return total


@on(COUNT, EDGES)
def counts_now_and_then(n, a):
    global total
    for i in range(n):
        if i % 3 == 1:
            total = total + a
        elif i % 5 == 2:
            total ^= i
    return n


@on(COUNT)
def generates_numbers(n):
    global seed
    numbers = 0
    for _ in range(n):
        seed = (seed * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        numbers ^= seed >> 33
    return numbers, seed


@on(COUNT, (0.5, -2.0, 3, 1e300, True))
def scales_a_float(n, by):
    global ratio
    while n > 0:
        n -= 1
        ratio = ratio * by - 0.25
    return ratio


@on(EDGES, SMALL)
def remembers_a_comparison(a, b):
    global found
    found = a > b


@on(COUNT)
def finds_something(n):
    global found, last
    for i in range(n):
        found = i > 2
        if found:
            last = i
    return found, last


@on(COUNT, ANY)
def keeps_its_last_argument(n, a):
    global last
    previous, last = last, a
    for i in range(n):
        last = i
    return previous is None


@on(ANY)
def sets_and_forgets(a):
    global last
    last = None
    if a:
        last = a
    return last


@on(EDGES, SMALL)
def grows_beyond_a_word(a, b):
    global total
    total = a
    for _ in range(3):
        total = total * a + b
    return total


@on(COUNT, SMALL)
def divides_in_between(n, a):
    global total
    total = 0
    for i in range(n):
        total += 1
        total += 100 // (a - i)
        total += 1
    return total


@on(COUNT, SMALL)
def catches_in_between(n, a):
    global total, last
    total = 0
    try:
        for i in range(n):
            total = i
            last = 100 // (a - i)
    except ZeroDivisionError:
        total = -total
    return total, last


@on(COUNT)
def swaps_globals(n):
    global first, second
    for _ in range(n % 40):
        first, second = second, first + second & 0xFFFF
    return first


@on(COUNT)
def assigns_what_is_no_number(n):
    global name, total
    for i in range(n):
        total += i
        if i == 5:
            name = "another"
    return name


@on(COUNT)
def changes_its_type(n):
    global last
    last = 0
    for i in range(n):
        last = i * 0.5 if i % 4 == 3 else i if i % 4 else None if i % 3 else True
    return last


@on(COUNT)
def leaves_and_goes_on(n):
    global total
    seen = []
    for i in range(n):
        total += i
        seen.append(total)
        total += 1
    return seen


@on(COUNT)
def counts_calls_of_itself(n):
    global total
    total += 1
    if n < 2:
        return 1
    return counts_calls_of_itself(min(n, 12) - 1) + counts_calls_of_itself(min(n, 12) - 2)


@on((0, 1, 5, 40, 900, 2000, True, 2.5))
def deepens(n):
    global total
    total = n
    if n <= 0:
        return total
    below = deepens(n - 1)
    total += 1
    return below + total


@on(COUNT)
def deletes_a_global(n):
    global last
    last = 1
    for i in range(n):
        last += i
        if i == 6:
            del last
    return last


def make_closures():
    count = 0
    state = 0x9E3779B97F4A7C15
    level = 1.0
    seen = None

    @on(COUNT, EDGES)
    def counts_in_a_cell(n, a):
        nonlocal count
        for i in range(n):
            count += a - i
        return count

    @on(COUNT)
    def generates_in_a_cell(n):
        nonlocal state
        numbers = 0
        for _ in range(n):
            state ^= state << 13 & 0xFFFFFFFFFFFFFFFF
            state ^= state >> 7
            state ^= state << 17 & 0xFFFFFFFFFFFFFFFF
            numbers += state % 1000
        return numbers

    @on(COUNT, (0.5, 2, -1.5))
    def levels_a_cell(n, a):
        nonlocal level, seen
        while n > 0:
            level = level * a + 1
            seen = level > 3
            n -= 1
        return level, seen

    @on(ANY)
    def keeps_in_a_cell(a):
        nonlocal seen
        before, seen = seen, a
        return before == a

    return counts_in_a_cell, generates_in_a_cell, levels_a_cell, keeps_in_a_cell


make_closures()
