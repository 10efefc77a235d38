"""Register allocation: copies merged, then registers by priority, with spilling everywhere.

Virtual registers that a copy joins and whose live ranges do not overlap become one bundle, the most
frequent copies first. Bundles then take registers in the order of their spill weight for each
position of their range (Chow and Hennessy's priority, "The Priority-Based Coloring Approach to
Register Allocation", 1990), so that what finds none weighs least: it goes to a slot, and every
instruction that cannot take it from memory loads it into a register for itself.
"""

from __future__ import annotations

from operator import attrgetter, itemgetter

from tracejit.backend.exits import InRegister, InSlot, IsConstant, Location
from tracejit.backend.forwarding import forward
from tracejit.backend.lir import (
    LirExit,
    LirFunction,
    MachInst,
    Memory,
    Operand,
    Slot,
    VirtualRegister,
)
from tracejit.backend.lir import (
    inst as make,
)
from tracejit.backend.liveness import Liveness, live_ranges
from tracejit.backend.parallel_move import sequence
from tracejit.backend.x64 import (
    ALLOCATION_ORDER,
    CALLEE_SAVED,
    FIRST_VIRTUAL,
    FLOAT_ORDER,
    READ,
    REGISTERS,
    ROWS,
    WRITE,
    XMM,
    Register,
    fits_i32,
)

_PMOVE = ROWS["pmove"]
_ALL = (*REGISTERS, *XMM)
_PUSH_AND_POP = 2.0
"""The spill weight up to which a slot costs no more than saving one more register."""


class Bundle:
    """Virtual registers that share a place."""

    __slots__ = ("hints", "members", "order", "place", "range", "temporary", "weight")

    def __init__(
        self, member: VirtualRegister, range: int, weight: float, temporary: bool = False
    ) -> None:
        self.members = [member]
        self.order = FLOAT_ORDER if member.is_float else ALLOCATION_ORDER
        """The registers that may hold it, the best ones first."""
        self.range = range
        self.weight = weight
        self.temporary = temporary
        self.hints: dict[Register, float] = {}
        self.place: Register | Slot | int | None = None

    @property
    def priority(self) -> float:
        return self.weight / self.range.bit_count()

    def hint(self, register: Register, weight: float) -> None:
        """The bundle would better be in that register."""
        self.hints[register] = self.hints.get(register, 0.0) + weight


def allocate(function: LirFunction) -> None:
    """Give every virtual register a register or a slot, in place, and the exits their locations."""
    allocator = _Allocator(function)
    allocator.coalesce()
    allocator.assign()
    allocator.rewrite()
    for block in allocator.liveness.blocks_at(allocator.spilled):
        forward(block)


class _Allocator:
    def __init__(self, function: LirFunction) -> None:
        self.function = function
        self.liveness: Liveness = live_ranges(function)
        ranges, weights = self.liveness.ranges, self.liveness.weights
        self.fixed = {register: ranges[register.number] for register in _ALL}
        # Pinned ones are taken everywhere.
        self.fixed |= dict.fromkeys(function.pinned, -1)
        self.busy = dict(self.fixed)
        self.holders: dict[Register, list[Bundle]] = {register: [] for register in _ALL}
        self.bundles = {
            register: Bundle(register, live, weight)
            for register, live, weight in zip(
                function.registers, ranges[FIRST_VIRTUAL:], weights[FIRST_VIRTUAL:], strict=True
            )
            if live
        }
        self.slots: list[int] = []
        self.spilled = 0
        """Where registers are accessed that are in slots."""
        self.before: dict[MachInst, list[MachInst]] = {}
        self.after: dict[MachInst, list[MachInst]] = {}
        self.saved = {r for r in CALLEE_SAVED if self.fixed[r] and r not in function.pinned}

    # Merging copies

    def coalesce(self) -> None:
        joins: list[tuple[float, VirtualRegister, VirtualRegister]] = []
        for frequency, target, source in self.liveness.copies:
            if type(target) is VirtualRegister:
                if type(source) is VirtualRegister:
                    joins.append((frequency, target, source))
                elif type(source) is Register:
                    self.bundles[target].hint(source, frequency)
            elif type(source) is VirtualRegister and type(target) is Register:
                self.bundles[source].hint(target, frequency)
        joins.sort(key=itemgetter(0), reverse=True)
        for _, target, source in joins:
            self.merge(target, source)

    def merge(self, target: VirtualRegister, source: VirtualRegister) -> None:
        a, b = self.bundles[target], self.bundles[source]
        if a is b or a.range & b.range:
            return
        if len(a.members) < len(b.members):
            a, b = b, a
        a.members += b.members
        a.range |= b.range
        a.weight += b.weight
        for register, weight in b.hints.items():
            a.hint(register, weight)
        for member in b.members:
            self.bundles[member] = a

    # Assigning registers

    def assign(self) -> None:
        distinct = dict.fromkeys(self.bundles.values())
        queue = sorted(distinct, key=attrgetter("priority"), reverse=True)
        for bundle in queue:
            register = self.find(bundle)
            if register is None:
                self.spill(bundle)
            else:
                self.hold(bundle, register)

    def find(self, bundle: Bundle) -> Register | None:
        range, busy = bundle.range, self.busy
        if bundle.hints:
            for register in sorted(bundle.hints, key=lambda register: -bundle.hints[register]):
                if not busy[register] & range and self.is_open(register, bundle):
                    return register
        for register in bundle.order:
            if not busy[register] & range and self.is_open(register, bundle):
                return register
        return None

    def is_open(self, register: Register, bundle: Bundle) -> bool:
        """Whether the register is saved already, needs no saving, or is worth it."""
        if register not in CALLEE_SAVED or register in self.saved or bundle.temporary:
            return True
        return bundle.weight >= _PUSH_AND_POP

    def hold(self, bundle: Bundle, register: Register) -> None:
        bundle.place = register
        self.busy[register] |= bundle.range
        self.holders[register].append(bundle)
        if register in CALLEE_SAVED:
            self.saved.add(register)

    # Spilling

    def spill(self, bundle: Bundle) -> None:
        """Keep the bundle in memory, and load it wherever that will not do."""
        pending = [bundle]
        while pending:
            spilled = pending.pop()
            constant = self.constant_of(spilled)
            spilled.place = self.free_slot(spilled.range) if constant is None else constant
            for member in spilled.members:
                self.spilled |= self.liveness.accesses[member.number]
                for number in self.liveness.occurrences(member):
                    pending += self.rewrite_spilled(number, member, spilled)

    def constant_of(self, bundle: Bundle) -> int | None:
        """The number that the bundle always holds, if it does."""
        if len(bundle.members) > 1:
            return None
        (member,) = bundle.members
        found: set[Operand] = set()
        for number in self.liveness.occurrences(member):
            inst = self.liveness.insts[~number]
            if self.liveness.writes(number, member):
                if inst.op.name != "mov":
                    return None
                found.add(inst.operands[1])
        constant = found.pop() if len(found) == 1 else None
        return constant if isinstance(constant, int) else None

    def free_slot(self, range: int) -> Slot:
        for index, taken in enumerate(self.slots):
            if not taken & range:
                self.slots[index] |= range
                return Slot(index)
        self.slots.append(range)
        return Slot(len(self.slots) - 1)

    def rewrite_spilled(
        self, number: int, member: VirtualRegister, spilled: Bundle
    ) -> list[Bundle]:
        """Replace the register in one instruction; what had to leave its register for that."""
        inst, place = self.liveness.insts[~number], spilled.place
        assert isinstance(place, Slot | int)
        if inst.op.name == "pmove":
            return []
        if inst.virtual is None:
            inst.virtual = inst.operands.copy()
        if isinstance(place, int) and inst.op.name == "mov" and inst.operands[0] is member:
            return []
        evicted: list[Bundle] = []
        places = [at for at, operand in enumerate(inst.operands) if operand is member]
        if inst.op.name == "mov" and places == [1] and inst.operands[0] == place:
            inst.operands[1] = place
        elif len(places) == 1 and _takes(inst, places[0], place):
            inst.operands[places[0]] = place
        elif places:
            roles = {inst.op.roles[at] for at in places}
            role = roles.pop() if len(roles) == 1 else "m"
            register = self.load(number, role, spilled, evicted)
            for at in places:
                inst.operands[at] = register
        for at, operand in enumerate(inst.operands):
            if isinstance(operand, Memory):
                evicted += self.reload_address(number, at, operand, member, spilled)
        return evicted

    def reload_address(
        self, number: int, at: int, memory: Memory, member: VirtualRegister, spilled: Bundle
    ) -> list[Bundle]:
        evicted: list[Bundle] = []
        base, index = memory.base, memory.index
        if member in (base, index):
            register = self.load(number, "u", spilled, evicted)
            base = register if base is member else base
            index = register if index is member else index
            replaced = Memory(base, memory.displacement, index, memory.scale)
            self.liveness.insts[~number].operands[at] = replaced
            self.liveness.addresses.append(replaced)
        return evicted

    def load(self, number: int, role: str, spilled: Bundle, evicted: list[Bundle]) -> Register:
        """A register for one instruction, loaded before it and stored after it as its role asks."""
        inst, place = self.liveness.insts[~number], spilled.place
        assert isinstance(place, Slot | int)
        range = {"u": READ, "d": WRITE, "m": READ | WRITE}[role] << 2 * number
        bundle = Bundle(spilled.members[0], range, 0.0, temporary=True)
        register = self.find(bundle)
        if register is None:
            register = self.evict(bundle, evicted)
        self.hold(bundle, register)
        if role != "d":
            self.before.setdefault(inst, []).append(make("mov", register, place))
        if role != "u":
            assert isinstance(place, Slot)
            self.after.setdefault(inst, []).append(make("mov", place, register))
        return register

    def evict(self, bundle: Bundle, evicted: list[Bundle]) -> Register:
        """Free for the bundle the register whose holders there weigh least."""
        range = bundle.range
        costs = {
            register: max(b.priority for b in self.holders[register] if b.range & range)
            for register in bundle.order
            if not self.fixed[register] & range
            and not any(b.temporary and b.range & range for b in self.holders[register])
        }
        register = min(costs, key=lambda register: costs[register])
        leaving = [b for b in self.holders[register] if b.range & range]
        self.holders[register] = [b for b in self.holders[register] if not b.range & range]
        self.busy[register] = self.fixed[register]
        for bundle in self.holders[register]:
            self.busy[register] |= bundle.range
        evicted += leaving
        return register

    # Writing the result

    def rewrite(self) -> None:
        function, before, after = self.function, self.before, self.after
        places = self.places()
        for block in function.blocks:
            insts: list[MachInst] = []
            for inst in block.insts:
                _place(inst, places)
                if inst.op is _PMOVE:
                    targets, sources = inst.operands[::2], inst.operands[1::2]
                    if targets != sources:
                        moves = zip(targets, sources, strict=True)
                        insts += sequence(list(moves))  # type: ignore[arg-type]  # places by now
                if before and inst in before:
                    insts += [load for load in before[inst] if not _is_reload(insts, load)]
                insts.append(inst)
                if after and inst in after:
                    insts += after[inst]
            block.insts = insts
        for exit in function.exits:
            _place_exit(exit, places)
        function.slots = len(self.slots)
        function.saved = tuple(r for r in CALLEE_SAVED if r in self.saved)

    def places(self) -> dict[Operand, Operand]:
        """What takes the place of each operand that is not real."""
        places: dict[Operand, Operand] = {}
        for register, bundle in self.bundles.items():
            assert bundle.place is not None
            places[register] = bundle.place
            if isinstance(bundle.place, int):
                self.function.rematerialised[register.number] = bundle.place
        for memory in self.liveness.addresses:
            base = places.get(memory.base, memory.base)
            index = memory.index and places.get(memory.index, memory.index)
            placed = Memory(base, memory.displacement, index, memory.scale)  # type: ignore[arg-type]
            places[memory] = placed
        return places


def _place(user: MachInst | LirExit, places: dict[Operand, Operand]) -> None:
    """Make the operands real, and keep what they were."""
    operands = user.operands
    if user.virtual is None:
        user.virtual = operands.copy()
    for at, operand in enumerate(operands):
        kind = type(operand)
        if kind is VirtualRegister or kind is Memory:
            operands[at] = places[operand]


def _place_exit(exit: LirExit, places: dict[Operand, Operand]) -> None:
    _place(exit, places)
    for inst in exit.undo:
        _place(inst, places)
    exit.record.values = list(zip(exit.types, map(location, exit.operands), strict=True))


def _is_reload(insts: list[MachInst], load: MachInst) -> bool:
    """Whether the register has just been stored where it would be loaded from."""
    last = insts[-1] if insts else None
    return (
        last is not None
        and last.virtual is None
        and last.op.name == "mov"
        and last.operands == load.operands[::-1]
    )


def _takes(inst: MachInst, at: int, place: Slot | int) -> bool:
    """Whether the instruction can have the place itself as that operand."""
    if isinstance(place, int):
        takes_any = inst.op.is_float or inst.op.name == "mov"
        return at == inst.op.immediate and (takes_any or fits_i32(place))
    return at in inst.op.memory and not any(
        isinstance(operand, Slot | Memory) for operand in inst.operands
    )


def location(operand: Operand) -> Location:
    """An allocated operand as the runtime reads it."""
    if type(operand) is Register:
        return _IN_REGISTER[operand.number]
    if isinstance(operand, Slot):
        return InSlot(8 * operand.index)
    assert isinstance(operand, int)
    return IsConstant(operand)


_IN_REGISTER = [InRegister(number) for number in range(len(_ALL))]
