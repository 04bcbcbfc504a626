"""MQTT sessions: our client and mosquitto, over a network that cuts connections at any byte."""

import random
import signal
import socket
import subprocess
import threading
import time
import unittest

import paho.mqtt.client as mqtt

from example import EXAMPLES, enter, program
from test_mqtt import mosquitto

SECONDS = 60


class BadNetwork:
    """Passes bytes between clients and a server on, until it cuts the connection."""

    def __init__(self, target, seed=1):
        self.target, self.random, self.cuts = target, random.Random(seed), 0
        self.good = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            budget = None if self.good else [self.random.randrange(30, 1500)]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink, budget), daemon=True).start()

    def _pass_on(self, source, sink, budget):
        try:
            while data := source.recv(4096):
                if budget is not None:
                    data = data[:max(0, budget[0])]
                    budget[0] -= len(data)
                sink.sendall(data)
                if budget is not None and budget[0] <= 0:
                    self.cuts += 1
                    break
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


class Sessions(unittest.TestCase):
    def subscriber(self, port, topic):
        received, ready = [], threading.Event()
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.on_message = lambda _client, _data, message: received.append(message.payload.decode())
        client.on_subscribe = lambda *_: ready.set()
        client.connect("127.0.0.1", port)
        client.subscribe(topic, 2)
        client.loop_start()
        self.addCleanup(lambda: (client.disconnect(), client.loop_stop()))
        self.assertTrue(ready.wait(SECONDS))
        return received

    def wait_for(self, condition):
        deadline = time.monotonic() + SECONDS
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(condition())

    def test_a_burst_is_no_more_than_the_broker_takes(self):
        """Mosquitto drops, and acknowledges, what is under way beyond 20 messages, and cannot say so in MQTT 3.1.1."""
        burst = program(self, "mqtt_burst")
        for version in (4, 5):
            broker = mosquitto(self)
            received = self.subscriber(broker.port, "burst")
            # A queue of the broker's holds 1000 by default.
            subprocess.run([burst, f"mqtt://127.0.0.1:{broker.port}", "500", str(version)], check=True, timeout=SECONDS)
            self.wait_for(lambda: len(received) >= 500)
            self.assertEqual(received, [str(i) for i in range(500)])

    def test_every_report_arrives_once_and_in_order(self):
        broker = mosquitto(self, "max_inflight_messages 0", "max_queued_messages 0")
        received = self.subscriber(broker.port, "sensors/#")
        network = enter(self, BadNetwork(broker.port))
        count = 300
        process = subprocess.Popen([EXAMPLES / "mqtt_session", f"mqtt://127.0.0.1:{network.port}", "sensors/1", "5", str(count)],
                                   stderr=subprocess.DEVNULL)
        try:
            self.wait_for(lambda: network.cuts >= 10 or process.poll() is not None)
            network.good = True
            self.assertEqual(process.wait(SECONDS), 0)
        finally:
            process.kill()
            process.wait()
        self.wait_for(lambda: len(received) >= count)
        self.assertEqual(received, [f"report {n}" for n in range(count)])
        self.assertGreaterEqual(network.cuts, 10)

    def test_broker_that_starts_late(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen([EXAMPLES / "mqtt_session", f"mqtt://127.0.0.1:{port}", "late", "5", "20"],
                                   stderr=subprocess.PIPE)
        try:
            self.assertIn(b"socket error", process.stderr.readline())
            # The port is known to be free; the broker takes it.
            broker = enter(self, Broker(port))
            self.assertEqual(process.wait(SECONDS), 0)
            self.assertIsNotNone(broker)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    def test_stops_when_told(self):
        broker = mosquitto(self)
        process = subprocess.Popen([EXAMPLES / "mqtt_session", f"mqtt://127.0.0.1:{broker.port}", "t", "5"], stderr=subprocess.PIPE)
        self.assertIn(b"connected", process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(SECONDS), 0)
        process.stderr.close()


class Broker:
    """mosquitto on a given port."""

    def __init__(self, port):
        self.port = port

    def __enter__(self):
        self.process = subprocess.Popen(["mosquitto", "-p", str(self.port)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


if __name__ == "__main__":
    unittest.main()
