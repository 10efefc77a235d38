"""Errors of the compiler are errors of the test."""

import pytest

from tracejit.runtime import dispatcher


@pytest.fixture(autouse=True)
def _strict():
    dispatcher.strict.append(True)
    yield
    dispatcher.strict.clear()
