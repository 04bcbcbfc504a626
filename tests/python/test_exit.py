"""A process that ends while daemon threads are in Manager.poll(), as in the examples of docs/guide and docs/advanced."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import asyncio, sys, threading, time
    from cymongoose import AsyncManager, Manager

    class Lingering:
        # Lets the interpreter take its time to end, so that all threads come to run Python code meanwhile. One that
        # comes later crashes in CPython: PyGILState_Ensure() has no interpreter then.
        def __del__(self, sleep=time.sleep):
            sleep(0.2)

    lingering = Lingering()

    def handler(conn, ev, data):
        pass

    def serve(enable_wakeup=False):
        manager = Manager(handler, enable_wakeup=enable_wakeup)
        manager.listen("tcp://127.0.0.1:0")
        polled = threading.Event()

        def loop():
            while True:
                manager.poll(5)
                polled.set()

        threading.Thread(target=loop, daemon=True).start()
        assert polled.wait(60)
        return manager
"""

ENDINGS = {
    "returns": ("serve()", 0),
    "sys.exit": ("serve(); sys.exit(3)", 3),
    "an exception": ("serve(); raise ValueError('uncaught')", 1),
    "several managers": ("for _ in range(4): serve()", 0),
    "a timer": ("serve().timer_add(1, lambda: None, repeat=True); time.sleep(0.05)", 0),
    "wakeups": ("m = serve(True)\n"
                "conn = m.listen('tcp://127.0.0.1:0')\n"
                "def wake():\n"
                "    while m.wakeup(conn.id, b'x'): time.sleep(0.001)\n"
                "threading.Thread(target=wake, daemon=True).start(); time.sleep(0.05)", 0),
    "an asyncio manager": ("async def main():\n"
                           "    m = AsyncManager(handler)\n"
                           "    await m.__aenter__()\n"
                           "    m.listen('tcp://127.0.0.1:0')\n"
                           "    await asyncio.sleep(0.05)\n"
                           "asyncio.run(main())", 0),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_thread_is_in_poll_when_the_process_ends(ending):
    statements, code = ENDINGS[ending]
    for _ in range(3):
        result = subprocess.run([sys.executable, "-c", textwrap.dedent(PROGRAM) + "\n" + statements], capture_output=True, text=True, timeout=120)
        assert result.returncode == code, result.stderr
        assert "FATAL" not in result.stderr and "Fatal" not in result.stderr
