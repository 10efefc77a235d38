"""Options of the suite: `--bless` rewrites filetests, `--fuzz-examples` is the fuzzer's budget."""

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("TRACEJIT_VERIFY", "1")

settings.register_profile(
    "tracejit",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tracejit")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="write what filetests print into them")
    parser.addoption(
        "--fuzz-examples", type=int, default=60, metavar="N", help="programs the fuzzer tries"
    )
