"""Orders over the control-flow graph, checked against their definitions."""

from __future__ import annotations

from hypothesis import given

from tests.ir.random_ir import functions
from tracejit.ir.dominators import dominator_tree, loop_depths, natural_loops, reverse_postorder
from tracejit.ir.function import Block, Function
from tracejit.ir.parser import parse

NEST = parse("""function nest:
block0(v0: bool):
    jump block1()
block1():
    jump block2()
block2():
    br_if v0, block2(), block3()
block3():
    br_if v0, block1(), block4()
block4():
    br_if v0, block5(), block6()
block5():
    jump block4()
block6():
    ret None
block7():
    jump block6()
""")


def reached(function: Function, without: Block | None = None) -> set[Block]:
    """The blocks that can be reached from the entry without passing one block."""
    seen: set[Block] = set()
    work = [function.entry]
    while work:
        block = work.pop()
        if block is not without and block not in seen:
            seen.add(block)
            work += block.successors()
    return seen


@given(functions())
def test_a_block_dominates_what_cannot_be_reached_without_it(function: Function) -> None:
    tree = dominator_tree(function)
    everywhere = reached(function)
    for upper in everywhere:
        cut_off = everywhere - reached(function, without=upper)
        assert {lower for lower in everywhere if tree.dominates(upper, lower)} == cut_off


@given(functions())
def test_paths_from_definitions_join_where_different_ones_arrive(function: Function) -> None:
    tree = dominator_tree(function)
    defining = set(tree.order[1::3])
    joins = tree.joins(defining)
    arriving = {function.entry: function.entry}
    for block in tree.order[1:]:
        has_own = block in defining or block in joins
        arriving[block] = block if has_own else arriving[tree.idom[block]]
    for block, sources in zip(tree.order, tree.sources, strict=True):
        found = {arriving[tree.order[source]] for source in sources}
        assert (len(found) > 1) is (block in joins)


@given(functions())
def test_reverse_postorder_puts_blocks_before_their_successors(function: Function) -> None:
    order = reverse_postorder(function)
    assert set(order) == reached(function)
    number = {block: index for index, block in enumerate(order)}
    tree = dominator_tree(function)
    for block in order:
        for successor in block.successors():
            assert number[block] < number[successor] or tree.dominates(successor, block)


def test_immediate_dominators_of_a_nest() -> None:
    tree = dominator_tree(NEST)
    found = {block.id: upper.id for block, upper in tree.idom.items()}
    assert found == {0: 0, 1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4}
    assert [block.id for block in tree.children[NEST.blocks[4]]] == [5, 6] or [6, 5]


def test_natural_loops_of_a_nest() -> None:
    loops = natural_loops(NEST)
    found = {
        loop.header.id: (
            sorted(block.id for block in loop.blocks),
            [latch.id for latch in loop.latches],
            loop.parent.header.id if loop.parent else None,
            loop.depth,
        )
        for loop in loops
    }
    assert found == {
        1: ([1, 2, 3], [3], None, 1),
        2: ([2], [2], 1, 2),
        4: ([4, 5], [5], None, 1),
    }


def test_outer_loops_come_before_the_loops_in_them() -> None:
    headers = [loop.header.id for loop in natural_loops(NEST)]
    assert headers.index(1) < headers.index(2)


def test_loop_depths_count_the_loops_around_a_block() -> None:
    depths = {block.id: depth for block, depth in loop_depths(NEST).items()}
    assert depths == {0: 0, 1: 1, 2: 2, 3: 1, 4: 1, 5: 1, 6: 0, 7: 0}


def test_a_deep_chain_needs_no_recursion() -> None:
    count = 5000
    lines = [f"block{i}():\n    jump block{i + 1}()" for i in range(count)]
    function = parse("\n".join(["function chain:", *lines, f"block{count}():", "    ret None"]))
    tree = dominator_tree(function)
    assert tree.dominates(function.blocks[1], function.blocks[count])
    assert len(reverse_postorder(function)) == count + 1
