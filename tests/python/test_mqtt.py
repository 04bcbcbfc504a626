"""docs/guide/mqtt.md"""

import json
import shutil
import socket
import ssl
import subprocess
import threading

import paho.mqtt.client as paho
import pytest
from conftest import SECONDS, Loop, port_of, wait_for
from cymongoose import (
    MG_EV_ACCEPT,
    MG_EV_CLOSE,
    MG_EV_CONNECT,
    MG_EV_ERROR,
    MG_EV_MQTT_CMD,
    MG_EV_MQTT_MSG,
    MG_EV_MQTT_OPEN,
    TlsOpts,
    match,
)
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14


class Broker(Loop):
    """A broker made of the page's: it hands every message to the subscribers whose filter fits."""

    def __init__(self, tls=None):
        self.subscriptions, self.commands, self.messages, self.properties = [], [], [], []
        self._tls = tls
        super().__init__(self._handle)
        self.port = port_of(self.manager.mqtt_listen("mqtt://127.0.0.1:0"))

    def _handle(self, conn, ev, data):
        if ev == MG_EV_ACCEPT and self._tls:
            conn.tls_init(self._tls)
        elif ev == MG_EV_MQTT_CMD:
            self.commands.append(data.cmd)
            if data.cmd == CONNECT:
                conn.send(b"\x20\x02\x00\x00")  # CONNACK, accepted
            elif data.cmd == SUBSCRIBE:
                # The message's id and its one filter, from the packet itself: id, length, filter, QoS.
                packet = conn.recv_data()
                start = 2 + next(n for n in range(4) if packet[1 + n] < 128)
                id, length = packet[start : start + 2], int.from_bytes(packet[start + 2 : start + 4], "big")
                qos = packet[start + 4 + length]
                self.subscriptions.append((conn, packet[start + 4 : start + 4 + length].decode()))
                conn.send(b"\x90\x03" + id + bytes([qos]))  # SUBACK
            elif data.cmd == PINGREQ:
                conn.mqtt_pong()
        elif ev == MG_EV_MQTT_MSG:
            topic, payload = data.topic, data.data
            self.messages.append((topic, payload, data.qos, data.id > 0))
            for subscriber, pattern in self.subscriptions:
                if match(topic, pattern.replace("+", "*"))[0]:
                    subscriber.mqtt_pub(topic, payload, qos=0)
        elif ev == MG_EV_CLOSE:
            self.subscriptions = [s for s in self.subscriptions if s[0] is not conn]


class Paho:
    """A client of paho whose messages are collected."""

    def __init__(self, port, protocol=paho.MQTTv311, context=None, **options):
        self.messages, self._ready = [], threading.Event()
        self._subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol, **options)
        self.client.on_connect = lambda *_: self._ready.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _client, _data, m: self.messages.append((m.topic, m.payload, m.qos, m.retain))
        if context:
            self.client.tls_set_context(context)
        self._port, self._host = port, "localhost" if context else "127.0.0.1"

    def __enter__(self):
        self.client.connect(self._host, self._port, 60)
        self.client.loop_start()
        assert self._ready.wait(SECONDS)
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, topic, qos=0):
        self._subscribed.clear()
        self.client.subscribe(topic, qos)
        assert self._subscribed.wait(SECONDS)


# Broker


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_broker_receives_every_quality_of_service(qos):
    """paho waits for the acknowledgements of its messages: they have to come."""
    with Broker() as broker, Paho(broker.port) as peer:
        for n in range(20):
            info = peer.client.publish(f"a/{n}", b"payload %d" % n, qos)
            info.wait_for_publish(SECONDS)
            assert info.is_published()
        wait_for(lambda: len(broker.messages) == 20)
    assert broker.messages == [(f"a/{n}", b"payload %d" % n, qos, qos > 0) for n in range(20)]


def test_broker_forwards_to_subscribers():
    with Broker() as broker, Paho(broker.port) as first, Paho(broker.port) as second:
        first.subscribe("sensors/+/temperature", 1)
        second.subscribe("sensors/#")
        first.client.publish("sensors/room1/temperature", "23.5").wait_for_publish(SECONDS)
        first.client.publish("sensors/room1/humidity", bytes(range(256))).wait_for_publish(SECONDS)
        first.client.publish("other", "x").wait_for_publish(SECONDS)
        wait_for(lambda: len(second.messages) == 2 and first.messages)
        wait_for(lambda: len(broker.messages) == 3)
    assert first.messages == [("sensors/room1/temperature", b"23.5", 0, False)]
    assert second.messages == [*first.messages, ("sensors/room1/humidity", bytes(range(256)), 0, False)]


def test_broker_forwards_large_messages():
    payload = bytes(i % 251 for i in range(1_000_000))
    with Broker() as broker, Paho(broker.port) as peer:
        peer.subscribe("large")
        peer.client.publish("large", payload, 1).wait_for_publish(SECONDS)
        wait_for(lambda: peer.messages)
    assert peer.messages[0][:2] == ("large", payload)


def test_broker_sees_the_commands():
    """docs/api/messages.md: MG_EV_MQTT_CMD tells CONNECT, SUBSCRIBE, DISCONNECT and the others."""
    with Broker() as broker:
        with Paho(broker.port) as peer:
            peer.subscribe("a")
            peer.client.publish("a", "b").wait_for_publish(SECONDS)
        wait_for(lambda: DISCONNECT in broker.commands)
    assert [c for c in broker.commands if c in (CONNECT, SUBSCRIBE, PUBLISH, DISCONNECT)] == [CONNECT, SUBSCRIBE, PUBLISH, DISCONNECT]


def test_secure_broker(authority, identity):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with Broker(TlsOpts(cert=identity[0], key=identity[1])) as broker, Paho(broker.port, context=context) as peer:
        peer.subscribe("a")
        peer.client.publish("a", "over TLS", 2).wait_for_publish(SECONDS)
        wait_for(lambda: peer.messages)
    assert peer.messages[0][:2] == ("a", b"over TLS")


# Client, with the broker above and with mosquitto


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory):
    """The port of a mosquitto that lets anyone in, and of one that wants a password."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    assert program, "mosquitto is not installed: see tests/setup.sh"
    folder = tmp_path_factory.mktemp("mosquitto")
    with socket.socket() as a, socket.socket() as b:
        a.bind(("127.0.0.1", 0)), b.bind(("127.0.0.1", 0))
        ports = a.getsockname()[1], b.getsockname()[1]
    subprocess.run(["mosquitto_passwd", "-b", "-c", folder / "passwords", "user", "secret"], check=True, capture_output=True)
    (folder / "passwords").chmod(0o644)
    folder.chmod(0o755)
    (folder / "conf").write_text(
        "per_listener_settings true\nmax_inflight_messages 0\n"
        f"listener {ports[0]} 127.0.0.1\nallow_anonymous true\n"
        f"listener {ports[1]} 127.0.0.1\nallow_anonymous false\npassword_file {folder}/passwords\n"
        "user root\n"
    )
    process = subprocess.Popen([program, "-c", folder / "conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        try:
            return all(socket.create_connection(("127.0.0.1", port), 1).close() is None for port in ports)
        except OSError:
            return False

    try:
        wait_for(answers)
        yield ports
    finally:
        process.terminate()
        process.wait(SECONDS)


class Client(Loop):
    """A client whose loop runs; what happens is collected. act(conn) runs when the broker has let it in."""

    def __init__(self, port, act=lambda conn: None, tls=None, **options):
        self.opened, self.messages, self.commands, self.errors, self.closed = [], [], [], [], []
        self._act, self._tls = act, tls
        super().__init__(self._handle)
        self.port = port
        scheme = "mqtts" if tls else "mqtt"
        self.conn = self.manager.mqtt_connect(f"{scheme}://127.0.0.1:{port}", **options)

    def _handle(self, conn, ev, data):
        if ev == MG_EV_CONNECT and self._tls:
            conn.tls_init(self._tls)
        elif ev == MG_EV_MQTT_OPEN:
            self.opened.append(data)
            if data == 0:
                self._act(conn)
        elif ev == MG_EV_MQTT_CMD:
            self.commands.append(data.cmd)
        elif ev == MG_EV_MQTT_MSG:
            self.messages.append((data.topic, data.data, data.qos))
        elif ev == MG_EV_ERROR:
            self.errors.append(data)
        elif ev == MG_EV_CLOSE:
            self.closed.append(1)


@pytest.mark.parametrize("options", [{}, {"client_id": "my-client", "clean_session": True, "keepalive": 5}])
def test_client_opens(mosquitto, options):
    with Client(mosquitto[0], **options) as client:
        wait_for(lambda: client.opened)
    assert client.opened == [0] and not client.errors


def test_client_with_credentials(mosquitto):
    with Client(mosquitto[1], username="user", password="secret") as client:
        wait_for(lambda: client.opened)
    assert client.opened == [0]


def test_client_with_wrong_credentials(mosquitto):
    """MQTT 3.1.1, 3.2.2.3: the return code is 4 or 5, and the broker closes."""
    with Client(mosquitto[1], username="user", password="wrong") as client:
        wait_for(lambda: client.closed)
    assert client.opened in ([4], [5])


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_client_publishes(mosquitto, qos):
    ids = []

    def publish(conn):
        ids.extend(conn.mqtt_pub(f"p{qos}/{n}", f"message {n}", qos=qos) for n in range(20))
        ids.append(conn.mqtt_pub(f"p{qos}/binary", bytes(range(256)), qos=qos))

    with Paho(mosquitto[0]) as peer:
        peer.subscribe(f"p{qos}/#", 2)
        with Client(mosquitto[0], publish) as client:
            wait_for(lambda: len(peer.messages) == 21)
            # With QoS 1 and 2 the last packet of each exchange is PUBACK (4) or PUBCOMP (7).
            wait_for(lambda: qos == 0 or client.commands.count({1: 4, 2: 7}[qos]) == 21)
    expected = [(f"p{qos}/{n}", b"message %d" % n, qos, False) for n in range(20)]
    assert peer.messages == [*expected, (f"p{qos}/binary", bytes(range(256)), qos, False)]
    if qos:
        assert len(set(ids)) == 21 and 0 not in ids


def test_client_retains(mosquitto):
    with Client(mosquitto[0], lambda conn: conn.mqtt_pub("status/online", "true", qos=1, retain=True)) as client:
        wait_for(lambda: 4 in client.commands)
        with Paho(mosquitto[0]) as peer:
            peer.subscribe("status/online", 1)
            wait_for(lambda: peer.messages)
    assert peer.messages == [("status/online", b"true", 1, True)]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_client_subscribes_with_wildcards(mosquitto, qos):
    def subscribe(conn):
        conn.mqtt_sub(f"s{qos}/+/temperature", qos=qos)
        conn.mqtt_sub(f"alerts{qos}/#", qos=qos)

    with Client(mosquitto[0], subscribe) as client, Paho(mosquitto[0]) as peer:
        wait_for(lambda: client.commands.count(9) == 2)
        for topic in [f"s{qos}/room1/temperature", f"s{qos}/room1/humidity", f"alerts{qos}/a/b", f"s{qos}/room2/temperature"]:
            peer.client.publish(topic, b"\x00" + topic.encode(), qos).wait_for_publish(SECONDS)
        wait_for(lambda: len(client.messages) == 3)
    topics = [f"s{qos}/room1/temperature", f"alerts{qos}/a/b", f"s{qos}/room2/temperature"]
    # Each came once: with QoS 2 the exchange was completed.
    assert client.messages == [(topic, b"\x00" + topic.encode(), qos) for topic in topics]


def test_client_unsubscribes(mosquitto):
    with Client(mosquitto[0], lambda conn: (conn.mqtt_sub("u/a", qos=1), conn.mqtt_sub("u/b", qos=1))) as client:
        wait_for(lambda: client.commands.count(9) == 2)
        with Paho(mosquitto[0]) as peer:
            peer.client.publish("u/a", "1", 1).wait_for_publish(SECONDS)
            wait_for(lambda: client.messages)
            # Connections belong to the loop's thread: a timer runs there.
            timer = client.manager.timer_add(1, lambda: client.conn.mqtt_unsub("u/a"))
            wait_for(lambda: 11 in client.commands)  # UNSUBACK
            peer.client.publish("u/a", "2", 1).wait_for_publish(SECONDS)
            peer.client.publish("u/b", "3", 1).wait_for_publish(SECONDS)
            wait_for(lambda: len(client.messages) > 1)
            assert not timer.active
    assert client.messages == [("u/a", b"1", 1), ("u/b", b"3", 1)]


def test_client_pings_and_disconnects(mosquitto):
    with Client(mosquitto[0], lambda conn: conn.mqtt_ping()) as client:
        wait_for(lambda: 13 in client.commands)  # PINGRESP
        timer = client.manager.timer_add(1, lambda: client.conn.mqtt_disconnect())
        wait_for(lambda: client.closed)
        assert not timer.active


def test_client_receives_large_messages(mosquitto):
    payload = bytes(i % 251 for i in range(1_000_000))
    with Client(mosquitto[0], lambda conn: conn.mqtt_sub("big", qos=1)) as client, Paho(mosquitto[0]) as peer:
        wait_for(lambda: 9 in client.commands)
        peer.client.publish("big", payload, 1).wait_for_publish(SECONDS)
        wait_for(lambda: client.messages)
    assert client.messages == [("big", payload, 1)]


def test_secure_client(authority, identity):
    tls = TlsOpts(ca=authority.cert_pem.bytes(), name="localhost")
    with Broker(TlsOpts(cert=identity[0], key=identity[1])) as broker:
        with Client(broker.port, lambda conn: conn.mqtt_pub("a", "over TLS", qos=1), tls=tls) as client:
            wait_for(lambda: broker.messages)
    assert broker.messages == [("a", b"over TLS", 1, True)] and not client.errors


def test_the_page_s_thermometer(mosquitto):
    """The complete example: readings arrive, a high one raises an alert."""

    def subscribe(conn):
        conn.mqtt_sub("sensors/+/temperature", qos=1)

    class Monitor(Client):
        def _handle(self, conn, ev, data):
            super()._handle(conn, ev, data)
            if ev == MG_EV_MQTT_MSG and float(data.text) > 30:
                conn.mqtt_pub("alerts/high_temp", json.dumps({"sensor": data.topic.split("/")[1]}), qos=2)

    with Paho(mosquitto[0]) as peer:
        peer.subscribe("alerts/#", 2)
        with Monitor(mosquitto[0], subscribe, client_id="temp-monitor") as client:
            wait_for(lambda: 9 in client.commands)
            for sensor, value in [("s1", 25.0), ("s2", 31.5)]:
                client.manager.wakeup(0)
                peer.client.publish(f"sensors/{sensor}/temperature", str(value), 1)
            wait_for(lambda: peer.messages)
    assert [(m[0], json.loads(m[1]), m[2]) for m in peer.messages] == [("alerts/high_temp", {"sensor": "s2"}, 2)]
    assert [m[0] for m in client.messages] == ["sensors/s1/temperature", "sensors/s2/temperature"]


def test_properties_of_version_5():
    """What a version 5 client sends with a message."""
    seen = []

    def handler(conn, ev, data):
        if ev == MG_EV_MQTT_CMD and data.cmd == CONNECT:
            conn.send(b"\x20\x03\x00\x00\x00")
        elif ev == MG_EV_MQTT_MSG:
            seen.append((data.topic, data.data, data.properties()))

    loop = Loop(handler)
    port = port_of(loop.manager.mqtt_listen("mqtt://127.0.0.1:0"))
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = 3600
    properties.ContentType = "text/plain"
    properties.UserProperty = ("key", "value")
    with loop, Paho(port, paho.MQTTv5) as peer:
        peer.client.publish("a", "b", 0, properties=properties).wait_for_publish(SECONDS)
        wait_for(lambda: seen)
    topic, payload, found = seen[0]
    # MQTT 5, 2.2.2.2: message expiry interval 2, content type 3, user property 38.
    by_id = {p["id"]: p for p in found}
    assert (topic, payload, set(by_id)) == ("a", b"b", {2, 3, 38})
    assert by_id[2]["iv"] == 3600 and by_id[3]["val"] == "text/plain"
    assert (by_id[38]["key"], by_id[38]["val"]) == ("key", "value")
