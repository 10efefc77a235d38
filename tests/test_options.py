"""The environment variables."""

from tracejit.options import DUMP_STAGES, read_options


def test_the_compiler_is_on_unless_turned_off():
    assert read_options({}).enabled
    assert read_options({"TRACEJIT": "1"}).enabled
    assert not read_options({"TRACEJIT": "0"}).enabled


def test_dump_names_stages_and_functions():
    options = read_options({"TRACEJIT_DUMP": "ir, asm,gcd"})
    assert options.dumps("ir", "gcd")
    assert options.dumps("asm", "Outer.gcd")
    assert not options.dumps("lir", "gcd")
    assert not options.dumps("ir", "lcm")


def test_dump_without_a_function_prints_every_function():
    assert read_options({"TRACEJIT_DUMP": "exits"}).dumps("exits", "anything")


def test_dump_all_prints_every_stage():
    options = read_options({"TRACEJIT_DUMP": "all"})
    assert all(options.dumps(stage, "f") for stage in DUMP_STAGES)


def test_verification_is_asked_for():
    assert not read_options({}).verify
    assert read_options({"TRACEJIT_VERIFY": "1"}).verify
