"""WebSocket frames on a plain socket, well-formed or not."""

import base64
import hashlib
import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_value(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def xor(data, key):
    key = (key * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")


class Frame:
    def __init__(self, opcode, payload=b"", fin=True, rsv=0):
        self.opcode, self.payload, self.fin, self.rsv = opcode, payload, fin, rsv

    def encode(self, masked):
        first, length = self.fin << 7 | self.rsv << 4 | self.opcode, len(self.payload)
        if length < 126:
            header = struct.pack("!BB", first, masked << 7 | length)
        elif length < 1 << 16:
            header = struct.pack("!BBH", first, masked << 7 | 126, length)
        else:
            header = struct.pack("!BBQ", first, masked << 7 | 127, length)
        if not masked:
            return header + self.payload
        key = os.urandom(4)
        return header + key + xor(self.payload, key)


TAIL = b"\x00\x00\xff\xff"


class Deflate:
    """permessage-deflate of one side, made with zlib."""

    def __init__(self, bits=15, takeover=True, peer_takeover=True, peer_bits=15):
        self.bits, self.takeover, self.peer_bits, self.peer_takeover = bits, takeover, peer_bits, peer_takeover
        self.deflater = self.inflater = None

    def compress(self, payload):
        if not self.deflater or not self.takeover:
            self.deflater = zlib.compressobj(wbits=-self.bits)
        data = self.deflater.compress(payload) + self.deflater.flush(zlib.Z_SYNC_FLUSH)
        assert data.endswith(TAIL)
        return data[:-4]

    def inflate(self, payload):
        if not self.inflater or not self.peer_takeover:
            self.inflater = zlib.decompressobj(wbits=-self.peer_bits)
        return self.inflater.decompress(payload + TAIL)


class Tester:
    """One connection; a client if it masks."""

    def __init__(self, connection, masks):
        self.connection, self.masks, self.received = connection, masks, b""
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def to_server(cls, port, fields=b""):
        """A client of ours; `fields` are more lines of its request. What the server answers is `answer`."""
        tester = cls(socket.create_connection(("127.0.0.1", port)), True)
        key = base64.b64encode(os.urandom(16))
        tester.connection.sendall(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n" + fields + b"\r\n")
        tester.answer = head = tester.head()
        assert head.startswith(b"HTTP/1.1 101 ") and accept_value(key) in head, head
        return tester

    @classmethod
    def to_client(cls, connection, fields=b""):
        """A server of ours; `fields` are more lines of its answer. What the client asked is `request`."""
        tester = cls(connection, False)
        tester.request = tester.head()
        lines = tester.request.split(b"\r\n")
        names = dict(line.split(b": ", 1) for line in lines[1:] if line)
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: echo\r\n"
            b"Sec-WebSocket-Accept: " + accept_value(names[b"Sec-WebSocket-Key"]) + b"\r\n" + fields + b"\r\n")
        return tester

    def head(self):
        while b"\r\n\r\n" not in self.received:
            self.more()
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        return head

    def more(self):
        chunk = self.connection.recv(1 << 18)
        if not chunk:
            raise EOFError("the peer closed the connection")
        self.received += chunk

    def take(self, count):
        if count > len(self.received):
            parts, have = [self.received], len(self.received)
            while have < count:
                chunk = self.connection.recv(1 << 18)
                if not chunk:
                    raise EOFError("the peer closed the connection")
                parts.append(chunk)
                have += len(chunk)
            self.received = b"".join(parts)
        data, self.received = self.received[:count], self.received[count:]
        return data

    def send(self, data, chop=None):
        for start in range(0, len(data), chop or len(data) or 1):
            self.connection.sendall(data[start:start + chop] if chop else data)

    def frame(self, rsv=0):
        """The next frame as (opcode, payload). It must be whole, masked as it should, and have these reserved bits."""
        first, second = self.take(2)
        assert first & 0xf0 == 0x80 | rsv << 4, f"first byte {first:02x}"
        assert bool(second & 0x80) != self.masks, "wrong masking"
        length = second & 0x7f
        if length == 126:
            length = struct.unpack("!H", self.take(2))[0]
            assert length > 125, "the length is not in its shortest form"
        elif length == 127:
            length = struct.unpack("!Q", self.take(8))[0]
            assert length > 0xffff, "the length is not in its shortest form"
        key = self.take(4) if not self.masks else None
        payload = self.take(length)
        return first & 15, xor(payload, key) if key else payload

    def expect_end(self):
        """Nothing more comes but the end of the stream. A reset is one, too: the peer need not read what we sent in vain."""
        try:
            rest = self.received or self.connection.recv(1000)
        except ConnectionResetError:
            rest = b""
        assert rest == b"", f"more than expected: {rest[:50]}"

    def close(self):
        self.connection.close()
