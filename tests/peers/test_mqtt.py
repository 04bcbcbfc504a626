"""The MQTT client against mosquitto; the broker example against mosquitto's clients and paho-mqtt."""

import getpass
import os
import pathlib
import queue
import select
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import paho.mqtt.client as paho
import trustme
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from example import EXAMPLES, ROOT, Server, enter, example

LIB = pathlib.Path(os.environ.get("MG_LIB", ROOT / "target" / "release"))
SECONDS = 20
VERSIONS = {4: paho.MQTTv311, 5: paho.MQTTv5}


def mosquitto(owner, *more):
    """Starts a broker of our own, with our own configuration; `more` are lines of it."""
    folder = pathlib.Path(enter(owner, tempfile.TemporaryDirectory(prefix="mg-mosquitto-")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser {getpass.getuser()}\n"
                      "log_dest none\n" + "".join(f"{line}\n" for line in more))
    # It warns when root runs it.
    return enter(owner, Server("sh", "-c", "exec mosquitto -c \"$0\" 2>/dev/null", config, port=port))


class Lines:
    """A program whose output is read line by line."""

    def __init__(self, *command, env=None):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0, env=env)
        self.pending = b""

    def next(self, seconds=SECONDS):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not chunk:
                raise AssertionError(f"no more lines, after {self.pending!r}")
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(SECONDS)
        self.process.stdout.close()


def run(*command, env=None):
    return subprocess.run(list(map(str, command)), capture_output=True, timeout=60, env=env)


class Mosquitto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = mosquitto(cls)
        cls.url = f"mqtt://127.0.0.1:{cls.broker.port}"

    def listen(self, topic, version=4, qos=1):
        """Our client, subscribed."""
        lines = enter(self, Lines(EXAMPLES / "mqtt_client", self.url, topic, *self.options(version, qos)))
        self.assertEqual(lines.next(), b"subscribed")
        return lines

    @staticmethod
    def options(version, qos):
        # The message that is left out separates subscribing from publishing.
        return ["", version, qos]

    def publish(self, topic, message, version=4, qos=1, *more):
        result = run(EXAMPLES / "mqtt_client", self.url, topic, message, version, qos, *more)
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_our_clients_among_themselves(self):
        for version in VERSIONS:
            for qos in range(3):
                topic = f"own/{version}/{qos}"
                lines = self.listen(topic, version, qos)
                for message in ["x", "hello", "y" * 100000]:
                    self.publish(topic, message, version, qos)
                    self.assertEqual(lines.next(), f"{topic} {message}".encode())

    def test_mosquitto_pub_to_our_client(self):
        for version, name in {4: "mqttv311", 5: "mqttv5"}.items():
            for qos in range(3):
                topic = f"pub/{version}/{qos}"
                lines = self.listen("pub/#", version, qos)
                for message in ["x", "hello"]:
                    run("mosquitto_pub", "-h", "127.0.0.1", "-p", self.broker.port, "-V", name, "-q", qos, "-t", topic, "-m", message)
                    self.assertEqual(lines.next(), f"{topic} {message}".encode())
                run("mosquitto_pub", "-h", "127.0.0.1", "-p", self.broker.port, "-V", name, "-q", qos, "-t", topic, "-n")
                self.assertEqual(lines.next(), f"{topic} ".encode())

    def test_our_client_to_mosquitto_sub(self):
        for version, name in {4: "mqttv311", 5: "mqttv5"}.items():
            for qos in range(3):
                topic = f"sub/{version}/{qos}"
                # Retained, so that it does not matter who comes first.
                self.publish(topic, "kept", version, qos, "retain")
                result = run("mosquitto_sub", "-h", "127.0.0.1", "-p", self.broker.port, "-V", name, "-q", qos, "-t", topic, "-C", 1, "-W", SECONDS,
                             "-F", "%t %q %r %p")
                self.assertEqual(result.stdout, f"{topic} {qos} 1 kept\n".encode())

    def test_options_wills_and_properties(self):
        folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-mqtt-")))
        result = run("cc", "-Wall", "-Wextra", "-Werror", ROOT / "tests/peers/mqtt_with_broker.c", f"-I{ROOT / 'include'}", "-o", folder / "program",
                     f"-L{LIB}", "-lmongoose", f"-Wl,-rpath,{LIB}")
        self.assertEqual(result.returncode, 0, result.stderr)
        for version in VERSIONS:
            result = run(folder / "program", self.url, version)
            self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_tls(self):
        folder = pathlib.Path(enter(self, tempfile.TemporaryDirectory(prefix="mg-mqtts-")))
        authority, stranger = trustme.CA(), trustme.CA()
        certificate = authority.issue_cert("localhost")
        certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        stranger.cert_pem.write_to_path(folder / "stranger.pem")
        broker = mosquitto(self, f"certfile {folder / 'cert.pem'}", f"keyfile {folder / 'key.pem'}")
        url = f"mqtts://localhost:{broker.port}"
        trust = {**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem")}
        lines = enter(self, Lines(EXAMPLES / "mqtt_client", url, "t", env=trust))
        self.assertEqual(lines.next(), b"subscribed")
        for message in ["x", "y" * 100000]:
            self.assertEqual(run(EXAMPLES / "mqtt_client", url, "t", message, env=trust).returncode, 0)
            self.assertEqual(lines.next(), f"t {message}".encode())
        distrust = {**os.environ, "SSL_CERT_FILE": str(folder / "stranger.pem")}
        self.assertEqual(run(EXAMPLES / "mqtt_client", url, "t", "secret", env=distrust).returncode, 1)

    def test_refused_connection(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            result = run(EXAMPLES / "mqtt_client", f"mqtt://127.0.0.1:{unused.getsockname()[1]}", "t", "m")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"socket error", result.stderr)

    def test_client_connects_again(self):
        broker = mosquitto(self)
        url = f"mqtt://127.0.0.1:{broker.port}"
        lines = enter(self, Lines(EXAMPLES / "mqtt_client", url, "t"))
        self.assertEqual(lines.next(), b"subscribed")
        broker.process.kill()
        broker.process.wait()
        broker.process.stdout.close()
        broker.process = subprocess.Popen(broker.process.args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.assertEqual(lines.next(), b"subscribed")


class Paho:
    """A connected paho client whose messages are in a queue."""

    def __init__(self, port, version, client_id="", will=None, keepalive=60):
        self.messages, self.events = queue.Queue(), queue.Queue()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=VERSIONS[version])
        self.client.on_connect = lambda *a: self.events.put(("connect", a[3].value))
        self.client.on_subscribe = lambda *a: self.events.put(("subscribe", [code.value for code in a[3]]))
        self.client.on_unsubscribe = lambda *a: self.events.put(("unsubscribe",))
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        if will:
            self.client.will_set(*will)
        self.client.connect("127.0.0.1", port, keepalive)
        self.client.loop_start()
        assert self.event() == ("connect", 0)

    def event(self):
        return self.events.get(timeout=SECONDS)

    def subscribe(self, *filters):
        self.client.subscribe(list(filters))
        return self.event()[1]

    def publish(self, topic, payload, qos=0):
        self.client.publish(topic, payload, qos).wait_for_publish(SECONDS)

    def message(self):
        found = self.messages.get(timeout=SECONDS)
        return found.topic, found.payload, found.qos

    def abandon(self):
        """Breaks the connection without a goodbye."""
        self.client.loop_stop()
        self.client.socket().close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()


class Broker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = enter(cls, example("mqtt_broker", scheme="mqtt"))

    def paho(self, version, **options):
        return enter(self, Paho(self.broker.port, version, **options))

    def test_every_quality_of_service_and_version(self):
        for ours in VERSIONS:
            for theirs in VERSIONS:
                sender, receiver = self.paho(ours), self.paho(theirs)
                for qos in range(3):
                    self.assertEqual(receiver.subscribe((f"q/{qos}", qos)), [qos])
                    for sent in range(3):
                        for payload in [b"", b"x", bytes(range(256)) * 400]:
                            sender.publish(f"q/{qos}", payload, sent)
                            self.assertEqual(receiver.message(), (f"q/{qos}", payload, min(qos, sent)))

    def test_wildcards(self):
        for version in VERSIONS:
            matching = {
                "a/b": ["a/b"],
                "a/+": ["a/b", "a/"],
                "+/b": ["a/b", "/b"],
                "a/#": ["a", "a/b", "a/b/c"],
                "#": ["a", "a/b/c", "/"],
                "+/+/c": ["a/b/c", "//c"],
                "a/+/#": ["a/b", "a/b/c/d"],
            }
            others = {"a/b": ["a/b/c", "a/bb", "a"], "a/+": ["a", "a/b/c", "b/a"], "a/#": ["ab", "b/a"], "+/b": ["b", "a/a/b"], "+/+/c": ["a/c"], "a/+/#": ["a", "b/a"]}
            for pattern, topics in matching.items():
                client = self.paho(version)
                self.assertEqual(client.subscribe((pattern, 1)), [1])
                for topic in topics + others.get(pattern, []):
                    client.publish(topic, topic, 1)
                self.assertEqual([client.message()[0] for _ in topics], topics, pattern)
                client.publish(topics[0], "last", 1)
                self.assertEqual(client.message()[1], b"last", pattern)

    def test_unsubscribe(self):
        for version in VERSIONS:
            client = self.paho(version)
            client.subscribe(("one", 0), ("two", 1))
            client.client.unsubscribe("one")
            self.assertEqual(client.event(), ("unsubscribe",))
            client.publish("one", "not this")
            client.publish("two", "this")
            self.assertEqual(client.message(), ("two", b"this", 0))

    def test_many_subscriptions(self):
        client = self.paho(4)
        self.assertEqual(client.subscribe(*[(f"s/{i}", 1) for i in range(51)]), [1] * 50 + [0x80])
        client.client.unsubscribe("s/7")
        client.event()
        self.assertEqual(client.subscribe(("s/50", 2)), [2])
        client.publish("s/50", "x", 2)
        self.assertEqual(client.message(), ("s/50", b"x", 2))

    def test_will(self):
        for version in VERSIONS:
            watcher = self.paho(version)
            watcher.subscribe(("wills/#", 1))
            for qos in range(2):
                polite = Paho(self.broker.port, version, will=(f"wills/{qos}", b"not sent", qos))
                polite.__exit__()
                Paho(self.broker.port, version, will=(f"wills/{qos}", b"gone", qos)).abandon()
                self.assertEqual(watcher.message(), (f"wills/{qos}", b"gone", qos))

    def test_keepalive(self):
        watcher = self.paho(4)
        watcher.subscribe(("silent", 0))
        with self.broker.connect() as silent:
            silent.sendall(b"\x10\x1b\x00\x04MQTT\x04\x06\x00\x01\x00\x01s\x00\x06silent\x00\x04gone")
            self.assertEqual(silent.recv(100), b"\x20\x02\x00\x00")
            # Nothing more is said, so the broker gives up.
            self.assertEqual(watcher.message(), ("silent", b"gone", 0))
            self.assertEqual(silent.recv(100), b"")

    def test_pings_keep_a_client(self):
        client = self.paho(5, keepalive=1)
        client.subscribe(("kept", 0))
        time.sleep(4)
        client.publish("kept", "x")
        self.assertEqual(client.message(), ("kept", b"x", 0))
        self.assertTrue(client.events.empty())

    def test_properties_of_the_peer_do_no_harm(self):
        sender, receiver = self.paho(5), self.paho(5)
        properties = Properties(PacketTypes.SUBSCRIBE)
        properties.UserProperty = ("k", "v")
        receiver.client.subscribe("p", 1, properties=properties)
        self.assertEqual(receiver.event(), ("subscribe", [1]))
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = ("k", "v" * 200)
        sender.client.publish("p", "x", 1, properties=properties).wait_for_publish(SECONDS)
        self.assertEqual(receiver.message(), ("p", b"x", 1))

    def test_mosquitto_clients(self):
        for name in ["mqttv311", "mqttv5"]:
            for qos in range(3):
                command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", self.broker.port, "-V", name, "-q", qos, "-t", "m/#", "-t", "other", "-d", "-C", 2]
                lines = enter(self, Lines("stdbuf", "-oL", *command))
                while not lines.next().startswith(b"Subscribed"):
                    pass
                for message in ["one", "two"]:
                    result = run("mosquitto_pub", "-h", "127.0.0.1", "-p", self.broker.port, "-V", name, "-q", qos, "-t", f"m/{qos}", "-m", message)
                    self.assertEqual(result.returncode, 0, result.stderr)
                found = []
                while len(found) < 2:
                    line = lines.next()
                    if line in (b"one", b"two"):
                        found.append(line)
                self.assertEqual(found, [b"one", b"two"])
                # It ends by itself: it deadlocks if a signal comes while it disconnects.
                self.assertEqual(lines.process.wait(SECONDS), 0)

    def test_nonsense_does_no_harm(self):
        client = self.paho(4)
        client.subscribe(("alive", 0))
        for bytes_ in [b"\xc0\x00", b"\x10\x00", b"\x10\x02\xff\xff", b"\x30\xff\xff\xff\x7f", b"\xff" * 10, b"\x82\x02\x00\x01",
                       b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01s" * 2, b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01s\x82\x06\x00\x01\x00\x09ab",
                       b"\x10\x10\x00\x04MQTT\x05\x06\x00\x3c\x00\x00\x01s\x7f\x00\x01"]:
            with self.broker.connect() as connection:
                connection.sendall(bytes_)
                while connection.recv(1000):
                    pass
        client.publish("alive", "yes")
        self.assertEqual(client.message(), ("alive", b"yes", 0))


if __name__ == "__main__":
    unittest.main()
