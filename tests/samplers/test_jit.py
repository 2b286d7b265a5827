import types

import numba

from gnnkit.samplers._jit import jit


def test_where_nothing_can_be_written_there_is_no_cache(monkeypatch):
    original, calls = numba.njit, []

    def njit(**options):
        calls.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function 'f': no locator available for file 'f.py'")
        return original(**options)

    monkeypatch.setattr("gnnkit.samplers._jit.numba", types.SimpleNamespace(njit=njit))
    assert jit(lambda x: x + 1)(2) == 3
    assert calls == [{"nogil": True, "cache": True}, {"nogil": True}]
