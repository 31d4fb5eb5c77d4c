"""Fixtures of the tests that fetch: a server, and a cache of their own."""

import pytest

from tests.checkpoints.server import serving


@pytest.fixture
def web():
    with serving() as server:
        yield server


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, used by all downloads of the test."""
    monkeypatch.setenv("EDGEBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
