"""The Modbus server example against pymodbus and plain sockets."""

import random
import socket
import struct
import time
import unittest

from pymodbus.client import ModbusTcpClient

from example import enter, example, read_all

SIZE = 1000


def frame(transaction, pdu, unit=1, protocol=0, length=None):
    return struct.pack("!HHHB", transaction, protocol, len(pdu) + 1 if length is None else length, unit) + pdu


def read_frame(connection):
    """Transaction, unit and PDU of the next frame."""
    head = receive(connection, 7)
    transaction, protocol, length, unit = struct.unpack("!HHHB", head)
    assert protocol == 0
    return transaction, unit, receive(connection, length - 1)


def receive(connection, size):
    data = bytearray()
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise EOFError(f"{len(data)} of {size} bytes")
        data += chunk
    return bytes(data)


class Modbus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = enter(cls, example("modbus_server", scheme="tcp"))

    def setUp(self):
        self.client = enter(self, ModbusTcpClient("127.0.0.1", port=self.server.port, timeout=10, retries=0))

    def test_coils(self):
        self.client.write_coil(5, True)
        self.client.write_coils(10, [True, False, True] * 7)
        self.assertEqual(self.client.read_coils(5, count=1).bits[:1], [True])
        self.assertEqual(self.client.read_coils(10, count=21).bits[:21], [True, False, True] * 7)
        self.assertEqual(self.client.read_discrete_inputs(9, count=4).bits[:4], [False, True, False, True])
        self.client.write_coil(5, False)
        self.assertEqual(self.client.read_coils(5, count=1).bits[:1], [False])

    def test_registers(self):
        self.client.write_register(5, 0xFFFF)
        self.client.write_registers(6, [0, 1, 0x1234])
        self.assertEqual(self.client.read_holding_registers(5, count=4).registers, [0xFFFF, 0, 1, 0x1234])
        self.assertEqual(self.client.read_input_registers(8, count=1).registers, [0x1234])

    def test_the_largest_quantities(self):
        bits = [bool(random.Random(i).getrandbits(1)) for i in range(SIZE)]
        registers = [i * 61 & 0xFFFF for i in range(123)]
        self.assertFalse(self.client.write_coils(0, bits).isError())
        self.assertEqual(self.client.read_coils(0, count=SIZE).bits[:SIZE], bits)
        self.assertFalse(self.client.write_registers(0, registers).isError())
        self.assertEqual(self.client.read_holding_registers(0, count=123).registers, registers)
        self.assertEqual(len(self.client.read_holding_registers(0, count=125).registers), 125)

    def test_exceptions(self):
        for answer, code in [(self.client.read_coils(SIZE, count=1), 2), (self.client.read_holding_registers(SIZE - 1, count=2), 2),
                             (self.client.write_register(65535, 1), 2), (self.client.mask_write_register(address=1), 1),
                             (self.client.readwrite_registers(read_count=1, values=[1]), 1), (self.client.report_device_id(), 1),
                             (self.client.read_device_information(), 1), (self.client.read_exception_status(), 1)]:
            with self.subTest(function=answer.function_code):
                self.assertTrue(answer.isError())
                self.assertEqual(answer.exception_code, code)

    def test_any_unit(self):
        for unit in [0, 1, 17, 247]:
            self.assertFalse(self.client.write_register(20, unit, device_id=unit).isError())

    def test_many_clients(self):
        clients = [enter(self, ModbusTcpClient("127.0.0.1", port=self.server.port, timeout=10)) for _ in range(50)]
        for i, client in enumerate(clients):
            client.write_register(100 + i, 1000 + i)
        for i, client in enumerate(reversed(clients)):
            self.assertEqual(client.read_holding_registers(100 + i, count=1).registers, [1000 + i])


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = enter(cls, example("modbus_server", scheme="tcp"))

    def setUp(self):
        self.idle = self.server.descriptors()
        self.connection = self.server.connect()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tearDown(self):
        self.connection.close()
        with self.server.connect() as other:
            other.sendall(frame(9, b"\x03\0\0\0\1"))
            self.assertEqual(read_frame(other)[0], 9)
        self.assertTrue(self.server.wait_for_descriptors(self.idle), "descriptors are left open")

    def test_byte_by_byte(self):
        for byte in frame(0x1234, b"\x10\0\1\0\2\4\0\7\0\x08", unit=9) + frame(0x1235, b"\3\0\1\0\2", unit=9):
            self.connection.send(bytes([byte]))
            time.sleep(0.005)
        self.assertEqual(read_frame(self.connection), (0x1234, 9, b"\x10\0\1\0\2"))
        self.assertEqual(read_frame(self.connection), (0x1235, 9, b"\3\4\0\7\0\x08"))

    def test_pipelined_requests_in_random_pieces(self):
        pieces = random.Random(1)
        data = b"".join(frame(i & 0xFFFF, b"\6\0\7" + struct.pack("!H", i & 0xFFFF)) for i in range(2000))
        while data:
            n = pieces.randint(1, 900)
            self.connection.sendall(data[:n])
            data = data[n:]
        for i in range(2000):
            self.assertEqual(read_frame(self.connection), (i, 1, b"\6\0\7" + struct.pack("!H", i)))

    def test_short_functions_do_not_stall(self):
        for function in [7, 11, 12, 17, 0, 0x83]:
            self.connection.sendall(frame(function, bytes([function])))
            self.assertEqual(read_frame(self.connection), (function, 1, bytes([function | 0x80, 1])))
        self.connection.sendall(frame(1, b"\3\0") + frame(2, b"\3\0\7\0\1"))
        self.assertEqual(read_frame(self.connection), (1, 1, b"\x83\3"))
        self.assertEqual(read_frame(self.connection)[0], 2)

    def test_what_is_no_modbus_closes_the_connection(self):
        for data in [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc", frame(1, b"\3\0\0\0\1", protocol=1), frame(1, b"", length=0),
                     frame(1, b"", length=1), frame(1, bytes(300)), frame(1, b"\3\0\0\0\1", length=65535)]:
            with self.subTest(data=data[:12]), self.server.connect() as other:
                other.sendall(data[:12])
                self.assertEqual(read_all(other), b"")

    def test_answers_before_an_error_arrive(self):
        self.connection.sendall(frame(1, b"\6\0\3\0\4") * 100 + frame(2, b"\6\0\3\0\4", protocol=7) + b"more" * 10)
        for _ in range(100):
            self.assertEqual(read_frame(self.connection), (1, 1, b"\6\0\3\0\4"))
        self.assertEqual(read_all(self.connection), b"")

    def test_half_closed_client(self):
        self.connection.sendall(frame(1, b"\3\0\0\0\x7d") * 50)
        self.connection.shutdown(socket.SHUT_WR)
        self.assertEqual(len(read_all(self.connection)), 50 * 259)

    def test_incomplete_requests_do_not_hold_up_others(self):
        waiting = [self.server.connect() for _ in range(50)]
        for i, connection in enumerate(waiting):
            connection.sendall(frame(1, b"\3\0\0\0\1")[:i % 12])
        self.connection.sendall(frame(3, b"\3\0\0\0\1"))
        self.assertEqual(read_frame(self.connection)[0], 3)
        for connection in waiting:
            connection.close()

    def test_random_bytes(self):
        noise = random.Random(2)
        for _ in range(200):
            with self.server.connect() as other:
                pdu = noise.randbytes(noise.randint(1, 20))
                other.sendall(frame(1, pdu))
                other.sendall(noise.randbytes(noise.randint(0, 40)))
                other.shutdown(socket.SHUT_WR)
                try:
                    read_all(other)
                except ConnectionError:
                    pass


if __name__ == "__main__":
    unittest.main()
