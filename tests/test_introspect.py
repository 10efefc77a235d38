"""`explain` and `stats` tell what happened."""

from tests.eager import eager
from tracejit import explain, stats, tracejit


def note_of(text, marker):
    """The line of the explanation that shows the source line with this marker."""
    return next(line for line in text.splitlines() if marker in line)


def make_total():
    @tracejit
    def total(n):
        result = 0
        for i in range(n):
            result += i * 2**40
        if n == 7:
            print(end="")
        return result

    return total


def test_a_function_that_was_not_called_says_so():
    assert explain(make_total()).endswith("total is not compiled yet: it has not been called\n")
    assert stats(make_total()).versions == 0


def test_every_line_says_whether_it_is_native_and_what_left():
    total = make_total()
    total(10)
    total(7)
    total(2**13)
    text = explain(total)
    assert "total(0 <= int < 2**30): " in text
    assert note_of(text, "for i in range(n)").startswith("native")
    assert note_of(text, "print(end").startswith("leaves")
    assert note_of(text, "print(end").endswith("call:print: once")
    assert note_of(text, "result += i").endswith("overflow: once")


def test_stats_count_calls_exits_and_time():
    total = make_total()
    for n in (10, 7, 2**13):
        total(n)
    found = stats(total)
    assert (found.versions, found.bridges, found.calls, found.misses) == (1, 0, 3, 0)
    assert found.exits == {"call:print": 1, "overflow": 1}
    assert {"build", "optimise", "lower", "allocate", "emit", "assemble"} <= set(found.nanoseconds)
    assert all(found.nanoseconds.values())
    assert found.disarmed is None


def test_stats_count_misses():
    function = tracejit(lambda x: x + 1)
    function(1)
    for _ in range(3):
        function(2**70)
    assert stats(function).misses == 3
    assert "3 calls found no version for their arguments" in explain(function)


def test_bridges_are_counted_as_the_function_they_continue():
    @tracejit
    def collect(n, big):
        result = 0
        for i in range(n):
            result = big + big - big - big + i
        return result

    with eager():
        for _ in range(20):
            collect(5, 2**62)
    assert stats(collect).exits["overflow"] >= 20


def test_a_refused_signature_is_explained():
    function = tracejit(lambda x: x * 2)
    function(1)
    function(1.5j)
    assert "(complex) runs in the interpreter: leaves at once: type:complex" in explain(function)


def test_without_its_source_a_function_is_explained_by_line_numbers():
    names = {}
    exec(compile("def f(x):\n    return x + 1\n", "<nowhere>", "exec"), names)
    function = tracejit(names["f"])
    function(1)
    assert "native     2 |" in explain(function)
