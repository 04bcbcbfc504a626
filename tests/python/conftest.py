"""What the tests of the documentation's promises share."""

import threading
import time

import pytest
import trustme
from cymongoose import Manager

SECONDS = 20


class Loop:
    """A manager whose loop runs in a thread; listeners and connections are made before it starts."""

    def __init__(self, handler=None, **options):
        self.manager = Manager(handler, enable_wakeup=True, **options)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._stop.is_set():
            self.manager.poll(200)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.manager.wakeup(self.manager.wakeup_id)
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        self.manager.close()


def port_of(connection):
    return connection.local_addr[1]


def wait_for(condition, seconds=SECONDS):
    """Waits until a condition holds; returns its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.005)
    raise AssertionError("still not so")


def poll_until(manager, condition, seconds=SECONDS):
    """Runs the loop in this thread until a condition holds; returns its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        manager.poll(20)
        if value := condition():
            return value
    raise AssertionError("still not so")


@pytest.fixture
def manager():
    """A manager that the test polls itself."""
    with Manager(enable_wakeup=True) as m:
        yield m


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def identity(authority):
    """Certificate chain and key of localhost, PEM."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return chain, issued.private_key_pem.bytes()
