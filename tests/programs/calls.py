"""Parameters, globals, closures, recursion, and what the compiler does not know."""

# The forms that the linter warns of are what is tested.
# ruff: noqa: F821, PERF401, B023, PIE804

from tests.differential import EDGES, SMALL, MyInt
from tests.programs.program import ANY, COUNT, on

LIMIT = 1000
counter = 0


def helper(x, y=3):
    return x * y - 1


@on(SMALL)
def recursive(n):
    if n < 2:
        return n
    return recursive(n - 1) + recursive(n - 2)


@on((0, 1, 5, 30, True))
def recursive_factorial(n):
    return 1 if n <= 0 else n * recursive_factorial(n - 1)


@on(COUNT, EDGES)
def calls_a_python_function(n, a):
    s = a
    for i in range(n):
        s += helper(i)
        s -= helper(i, y=i)
    return s


@on(COUNT)
def reads_a_global(n):
    s = 0
    for i in range(n):
        s += i % LIMIT
    return s + LIMIT


@on(COUNT)
def writes_a_global(n):
    global counter
    for i in range(n):
        counter += i
    return counter


def make_closures():
    base = 10
    total = 0

    @on(COUNT)
    def reads_a_cell(n):
        s = 0
        for i in range(n):
            s += i * base
        return s

    @on(COUNT)
    def writes_a_cell(n):
        nonlocal total
        for i in range(n):
            total += i
        return total

    @on(COUNT)
    def passes_a_cell_on(n):
        s = 0
        for i in range(n):
            s += i
        return (lambda x: x + base + total)(s)

    return reads_a_cell, writes_a_cell, passes_a_cell_on


make_closures()


@on(EDGES, SMALL)
def default_arguments(a, b=7, *, c=9, d=None):
    return a + b * c, d


@on(ANY)
def undefined_name(a):
    if a:
        return a
    return undefined + 1


@on(COUNT)
def list_in_the_middle(n):
    squares = []
    for i in range(n):
        x = i * i
        squares.append(x)
        if x > 20:
            break
    return squares, x


@on(COUNT)
def text_in_the_middle(n):
    s = 0
    text = ""
    for i in range(n):
        s += i * i
        if s % 3 == 0:
            text += f"{s},"
    return text, s


@on(COUNT, EDGES)
def float_at_the_end(n, a):
    s = a
    for i in range(n):
        s += i
    return s / 2


@on(COUNT)
def comprehension(n):
    return [i * i for i in range(n)], sum(i for i in range(n) if i & 1)


@on(COUNT)
def nested_function(n):
    def inner(x):
        return x + n

    s = 0
    for i in range(n):
        s += inner(i)
    return s


@on(COUNT)
def lambda_over_the_loop_variable(n):
    functions = []
    for i in range(n):
        functions.append(lambda: i)
    return [function() for function in functions]


@on(COUNT)
def dictionary(n):
    seen = {}
    x = 7
    for i in range(n):
        x = x * 5 % 13
        seen[x] = i
    return seen


@on(([], [1, 2, 3], [True, 5, 2**70], None, (1, 2), (), "ab"))
def over_a_sequence(items):
    s = 0
    for item in items:
        s = s * 2 + item
    return s


@on(([5, 6, 7], [0, 2**70], [1.5, 2]), COUNT)
def indexed(items, n):
    s = 0
    for i in range(n):
        s += items[i]
        items[i] = s
    return s


@on(EDGES, SMALL)
def in_a_tuple(a, b):
    return a in (1, 2, 3), b not in (a, 5)


@on(SMALL, SMALL)
def matched(a, b):
    match a, b:
        case 0, y:
            return y
        case ((1 | 2), _):
            return a * 2
        case x, y if x > y:
            return x - y
        case _:
            return None


@on(COUNT)
def walrus(n):
    s = 0
    while (n := n - 1) > 0:
        s += n
    return s, n


@on(EDGES, EDGES)
def global_builtins_by_many_names(a, b):
    smallest = min
    return smallest(a, b), sum((a, b)), pow(abs(a), 3, 1000), len((a, b)), isinstance(a, int)


@on(EDGES)
def shadowed_builtin(a):
    abs = helper
    return abs(a)


@on((*SMALL, 2**62, MyInt(8)))
def star_call(n):
    parts = (n, n + 1)
    return helper(*parts), helper(**{"x": n})


@on(COUNT)
def variadic_sums(*numbers):
    s = 0
    for number in numbers:
        s += number
    return s


@on(EDGES, EDGES)
def unused_arguments(a, b):
    s = 0
    for i in range(10):
        s += i
    return s


@on(SMALL)
def unicode_names(größe):
    ñ = 0
    for ä in range(größe):
        ñ += ä
    return ñ


@on(EDGES, EDGES, EDGES)
def eight_parameters(a, b, c, d=4, e=5, f=6, g=7, h=8):
    return a + b - c + d * e - f * g + h


@on(COUNT)
def printed(n):
    import io

    out = io.StringIO()
    for i in range(n):
        print(i, file=out)
        i += 1
    return out.getvalue(), i
