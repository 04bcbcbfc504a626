"""docs/api/manager.md, timers"""

import threading

from conftest import Loop, poll_until, wait_for


def test_one_shot_fires_once(manager):
    fired = []
    manager.timer_add(20, lambda: fired.append(1))
    poll_until(manager, lambda: fired)
    for _ in range(5):
        manager.poll(20)
    assert fired == [1]


def test_repeating_and_run_now(manager):
    fired = []
    timer = manager.timer_add(10, lambda: fired.append(1), repeat=True, run_now=True)
    manager.poll(0)
    assert fired == [1]
    poll_until(manager, lambda: len(fired) >= 4)
    assert timer.active


def test_cancel_in_its_own_callback(manager):
    fired = []

    def callback():
        fired.append(1)
        timer.cancel()

    timer = manager.timer_add(5, callback, repeat=True)
    poll_until(manager, lambda: fired)
    for _ in range(5):
        manager.poll(10)
    assert fired == [1] and not timer.active


def test_cancel_from_another_thread():
    fired = threading.Event()
    loop = Loop()
    timer = loop.manager.timer_add(5, fired.set, repeat=True)
    with loop:
        wait_for(fired.is_set)
        threads = [threading.Thread(target=timer.cancel) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not timer.active
        # The removal happens at the next iteration; one that was due may still run.
        loop.manager.wakeup(loop.manager.wakeup_id)
        wait_for(lambda: quiet(fired))


def quiet(event):
    event.clear()
    return not event.wait(0.3)


def test_timer_added_by_a_timer(manager):
    order = []

    def outer():
        order.append("outer")
        manager.timer_add(1, lambda: order.append("inner"))

    manager.timer_add(1, outer)
    poll_until(manager, lambda: len(order) == 2)
    assert order == ["outer", "inner"]


def test_many_timers_cancelled_in_turn(manager):
    fired = []
    timers = [manager.timer_add(1, lambda i=i: fired.append(i), repeat=True) for i in range(200)]
    poll_until(manager, lambda: len(set(fired)) == 200)
    for timer in timers[::2]:
        timer.cancel()
    manager.poll(0)
    fired.clear()
    poll_until(manager, lambda: len(set(fired)) == 100)
    assert all(i % 2 for i in fired)
