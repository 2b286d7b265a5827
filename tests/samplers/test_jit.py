import io
import time
import types

import numba

from gnnkit.samplers import _compiling
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


def test_a_terminal_is_told_why_it_waits(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    class Plan:
        pass

    def compile_slowly(kinds, done, delay):
        time.sleep(0.3)
        done.set()

    terminal, plan = Terminal(), Plan()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(_compiling, "_SHOW_AFTER", 0.01)
    monkeypatch.setattr(_compiling, "_jobs", {})
    monkeypatch.setattr(_compiling, "_compile", compile_slowly)
    _compiling.await_kernel(plan, (1, 2))
    assert "Compiling the sampler" in terminal.getvalue()
    assert plan in _compiling._ready
