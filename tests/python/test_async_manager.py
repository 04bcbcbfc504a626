"""docs/api/async_manager.md"""

import asyncio
import threading
import warnings

import aiohttp
import pytest
from conftest import SECONDS, port_of
from cymongoose import MG_EV_ACCEPT, MG_EV_CLOSE, MG_EV_HTTP_MSG, MG_EV_MQTT_OPEN, MG_EV_READ, MG_EV_WAKEUP, AsyncManager

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, SECONDS))


def hello(conn, ev, data):
    if ev == MG_EV_HTTP_MSG:
        conn.reply(200, b"Hello from async!")


async def get(port, session=None):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as response:
        return await response.text()


def test_async_with_serves_and_releases():
    async def main():
        am = AsyncManager(hello)
        assert not am.running
        with pytest.raises(RuntimeError):
            am.listen("http://127.0.0.1:0")
        async with am:
            assert am.running
            port = port_of(am.listen("http://127.0.0.1:0"))
            assert await asyncio.gather(*(get(port) for _ in range(50))) == ["Hello from async!"] * 50
        assert not am.running
        with pytest.raises(RuntimeError):
            am.manager
        with pytest.raises(aiohttp.ClientConnectorError):
            await get(port)
        # The manager starts again, on the same port.
        async with am:
            am.listen(f"http://127.0.0.1:{port}")
            assert await get(port) == "Hello from async!"

    run(main())


def test_exit_after_an_exception_stops_the_loop():
    async def main():
        am = AsyncManager(hello)
        with pytest.raises(ValueError):
            async with am:
                am.listen("http://127.0.0.1:0")
                raise ValueError
        assert not am.running

    run(main())


def test_per_listener_handler_and_error_handler():
    errors = []

    def failing(conn, ev, data):
        if ev == MG_EV_HTTP_MSG:
            conn.reply(200, b"failing")
            raise ValueError("from a handler")

    async def main():
        async with AsyncManager(hello, error_handler=errors.append) as am:
            first = port_of(am.listen("http://127.0.0.1:0"))
            second = port_of(am.listen("http://127.0.0.1:0", handler=failing))
            assert await get(second) == "failing"
            assert await get(first) == "Hello from async!"

    run(main())
    assert [str(e) for e in errors] == ["from a handler"]


def test_schedule_runs_coroutines_and_callbacks_on_the_asyncio_loop():
    async def main():
        done = asyncio.Queue()
        home = threading.get_ident()

        async def process(text):
            await done.put((text, threading.get_ident() == home))

        def handler(conn, ev, data):
            if ev == MG_EV_HTTP_MSG:
                conn.reply(200, b"Accepted")
                am.schedule(process(data.body_text))
                am.schedule(lambda: done.put_nowait(("callback", threading.get_ident() == home)))

        async with AsyncManager(handler) as am:
            port = port_of(am.listen("http://127.0.0.1:0"))
            async with aiohttp.ClientSession() as session:
                async with session.post(f"http://127.0.0.1:{port}/", data=b"work") as response:
                    assert await response.text() == "Accepted"
            assert {await done.get(), await done.get()} == {("work", True), ("callback", True)}

    run(main())


@pytest.mark.parametrize("size", [0, 9 << 10, 1 << 20])
def test_wakeups_from_coroutines_all_arrive(size):
    count = 500 if size < 1 << 20 else 20

    async def main():
        received = []
        done = asyncio.Event()

        def handler(conn, ev, data):
            if ev == MG_EV_WAKEUP:
                received.append(data)
                if len(received) == count:
                    am.schedule(done.set)

        async with AsyncManager(handler) as am:
            target = am.listen("tcp://127.0.0.1:0").id

            async def send(n):
                await asyncio.sleep(0)
                assert am.wakeup(target, b"%06d" % n + b"x" * size)

            await asyncio.gather(*(send(n) for n in range(count)))
            await done.wait()
        assert sorted(int(data[:6]) for data in received) == list(range(count))
        assert {len(data) for data in received} == {size + 6}

    run(main())


def test_an_answer_that_waits_for_a_coroutine():
    """The request's handler schedules work; its result comes back through wakeup."""

    async def main():
        async def work(conn_id, text):
            await asyncio.sleep(0)
            am.wakeup(conn_id, text[::-1].encode())

        def handler(conn, ev, data):
            if ev == MG_EV_HTTP_MSG:
                am.schedule(work(conn.id, data.body_text))
            elif ev == MG_EV_WAKEUP:
                conn.reply(200, data)

        async with AsyncManager(handler) as am, aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port_of(am.listen('http://127.0.0.1:0'))}/"

            async def ask(n):
                async with session.post(url, data=f"{n}-abc") as response:
                    return await response.text() == f"{n}-abc"[::-1]

            assert all(await asyncio.gather(*(ask(n) for n in range(100))))

    run(main())


def test_timers():
    async def main():
        once, often, now = asyncio.Event(), asyncio.Event(), asyncio.Event()
        beats = []

        def beat():
            beats.append(1)
            if len(beats) == 3:
                am.schedule(often.set)

        async with AsyncManager() as am:
            timers = [
                am.timer_add(10, lambda: am.schedule(once.set)),
                am.timer_add(10, beat, repeat=True),
                am.timer_add(1_000_000, lambda: am.schedule(now.set), run_now=True),
            ]
            await asyncio.gather(once.wait(), often.wait(), now.wait())
            # From another thread than the loop's.
            for timer in timers:
                timer.cancel()
            assert not any(timer.active for timer in timers)

    run(main())


def test_clients_of_every_kind():
    async def main():
        events = asyncio.Queue()

        def report(name, wanted):
            return lambda conn, ev, data: am.schedule(lambda: events.put_nowait(name)) if ev == wanted else None

        def echo(conn, ev, data):
            if ev == MG_EV_ACCEPT:
                conn.send(b"welcome")

        async with AsyncManager() as am:
            tcp = am.listen("tcp://127.0.0.1:0", handler=echo)
            http = am.listen("http://127.0.0.1:0", handler=hello)
            am.connect(f"tcp://127.0.0.1:{port_of(tcp)}", report("tcp", MG_EV_READ))
            answer = report("http", MG_EV_HTTP_MSG)
            am.connect(f"http://127.0.0.1:{port_of(http)}", answer).send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert {await events.get(), await events.get()} == {"tcp", "http"}

    run(main())


def test_mqtt_listen_hears_a_client():
    async def main():
        opened = asyncio.Event()

        def client(conn, ev, data):
            if ev == MG_EV_MQTT_OPEN:
                am.schedule(opened.set)

        def broker(conn, ev, data):
            from cymongoose import MG_EV_MQTT_CMD

            if ev == MG_EV_MQTT_CMD and data.cmd == 1:
                conn.send(bytes([0x20, 2, 0, 0]))

        async with AsyncManager() as am:
            port = port_of(am.mqtt_listen("mqtt://127.0.0.1:0", broker))
            am.mqtt_connect(f"mqtt://127.0.0.1:{port}", handler=client, client_id="x")
            await opened.wait()

    run(main())


def test_exit_closes_every_connection():
    closed = []

    async def main():
        async with AsyncManager(lambda conn, ev, data: closed.append(1) if ev == MG_EV_CLOSE else None) as am:
            accepted = asyncio.Event()
            listening = am.listen(
                "tcp://127.0.0.1:0", lambda conn, ev, data: am.schedule(accepted.set) if ev == MG_EV_ACCEPT else None
            )
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(listening))
            await accepted.wait()
            am.listen("tcp://127.0.0.1:0")
        assert await reader.read() == b""
        writer.close()

    run(main())
    assert closed


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_shutdown_gives_up_on_a_blocked_handler():
    release = threading.Event()

    async def main():
        entered = asyncio.Event()

        def handler(conn, ev, data):
            if ev == MG_EV_ACCEPT:
                am.schedule(entered.set)
                release.wait(SECONDS)

        am = AsyncManager(handler, shutdown_timeout=0.2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            async with am:
                port = port_of(am.listen("tcp://127.0.0.1:0"))
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                await entered.wait()
                thread, manager = am._thread, am.manager
        writer.close()
        # The thread is abandoned and the manager is not freed beneath it.
        assert ["abandoning thread" in str(w.message) for w in caught if w.category is RuntimeWarning] == [True]
        assert thread.is_alive()
        release.set()
        thread.join(SECONDS)
        assert not thread.is_alive()
        manager.close()

    run(main())
