"""The cases of the Autobahn testsuite, sections 1 to 7, 9, 10, 12 and 13, with the strict outcome for each.

The peer under test sends every message back. A case is a list of steps that are sent, the frames that must come back,
and how it ends: CLEAN, with our Close answered in kind; FAIL(code), with a Close frame the peer sends because of us;
CLOSED(payload), with a Close frame that answers one among the steps. Nothing may come besides.
"""

import json
import random

from ws_tester import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Deflate, Frame

# The receive buffer of the library (MG_MAX_RECV_SIZE): larger messages end with 1009.
LIMIT = 3 << 20


class Case:
    def __init__(self, name, steps, answers, end):
        self.name, self.steps, self.answers, self.end = name, steps, answers, end


class Step:
    """Frames, or a part of one, to send: at once, `chop` bytes at a time, or frame by frame."""

    def __init__(self, *frames, chop=None, framewise=False, part=None, repeat=1):
        self.frames, self.chop, self.framewise, self.part, self.repeat = frames, chop, framewise, part, repeat


CLEAN = ("clean", None)


def FAIL(code):
    return ("fail", code.to_bytes(2, "big"))


def CLOSED(payload):
    return ("closed", payload)


def code(number, reason=b""):
    return number.to_bytes(2, "big") + reason


HELLO = b"Hello, world!"
COSMOS = bytes.fromhex("cebae1bdb9cf83cebcceb5")  # κόσμε, with an accent of three bytes


def messages():
    """Sections 1.1 and 1.2: messages of the sizes at which the form of the length changes."""
    for section, opcode, byte in (1, TEXT, b"*"), (2, BINARY, b"\xfe"):
        for number, size in enumerate((0, 125, 126, 127, 128, 65535, 65536, 65536), 1):
            chop = 997 if number == 8 else None
            payload = byte * size
            yield Case(f"1.{section}.{number}", [Step(Frame(opcode, payload), chop=chop)], [(opcode, payload)], CLEAN)


def pings():
    """Section 2."""
    binary = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    payloads = (1, b"", None), (2, HELLO, None), (3, binary, None), (4, b"\xfe" * 125, None), (6, b"\xfe" * 125, 1)
    for number, payload, chop in payloads:
        yield Case(f"2.{number}", [Step(Frame(PING, payload), chop=chop)], [(PONG, payload)], CLEAN)
    yield Case("2.5", [Step(Frame(PING, b"\xfe" * 126))], [], FAIL(1002))
    yield Case("2.7", [Step(Frame(PONG))], [], CLEAN)
    yield Case("2.8", [Step(Frame(PONG, b"unsolicited pong payload"))], [], CLEAN)
    steps = [Step(Frame(PONG, b"unsolicited pong payload")), Step(Frame(PING, b"ping payload"))]
    yield Case("2.9", steps, [(PONG, b"ping payload")], CLEAN)
    payloads = [b"payload-%d" % i for i in range(10)]
    for number, chop in (10, None), (11, 1):
        step = Step(*(Frame(PING, p) for p in payloads), chop=chop)
        yield Case(f"2.{number}", [step], [(PONG, p) for p in payloads], CLEAN)


def reserved_bits():
    """Section 3."""
    hello = (TEXT, HELLO)
    yield Case("3.1", [Step(Frame(TEXT, HELLO, rsv=1))], [], FAIL(1002))
    for number, options in (2, {}), (3, {"framewise": True}), (4, {"chop": 1}):
        step = Step(Frame(TEXT, HELLO), Frame(TEXT, HELLO, rsv=number), Frame(PING), **options)
        yield Case(f"3.{number}", [step], [hello], FAIL(1002))
    yield Case("3.5", [Step(Frame(BINARY, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", rsv=5))], [], FAIL(1002))
    yield Case("3.6", [Step(Frame(PING, HELLO, rsv=6))], [], FAIL(1002))
    yield Case("3.7", [Step(Frame(CLOSE, code(1000), rsv=7))], [], FAIL(1002))


def reserved_opcodes():
    """Section 4: data frames, then control frames."""
    for section, opcodes in (1, range(3, 8)), (2, range(11, 16)):
        for number, opcode in enumerate(opcodes, 1):
            frame = Frame(opcode, HELLO if number in (2, 4, 5) else b"")
            if number < 3:
                yield Case(f"4.{section}.{number}", [Step(frame)], [], FAIL(1002))
            else:
                step = Step(Frame(TEXT, HELLO), frame, Frame(PING), chop=1 if number == 5 else None)
                yield Case(f"4.{section}.{number}", [step], [(TEXT, HELLO)], FAIL(1002))


def fragmentation():
    """Section 5."""
    first, last = Frame(TEXT, b"fragment1", fin=False), Frame(CONTINUATION, b"fragment2")
    whole = (TEXT, b"fragment1fragment2")
    for number, opcode in (1, PING), (2, PONG):
        yield Case(f"5.{number}", [Step(Frame(opcode, b"fragment1", fin=False), last)], [], FAIL(1002))
    ways = {}, {"framewise": True}, {"chop": 1}
    for i, way in enumerate(ways):
        yield Case(f"5.{3 + i}", [Step(first, last, **way)], [whole], CLEAN)
        step = Step(first, Frame(PING, b"ping payload"), last, **way)
        yield Case(f"5.{6 + i}", [step], [(PONG, b"ping payload"), whole], CLEAN)
        for base, fin in (9, True), (12, False):
            stray = Frame(CONTINUATION, b"non-continuation payload", fin=fin)
            yield Case(f"5.{base + i}", [Step(stray, Frame(TEXT, HELLO), **way)], [], FAIL(1002))
    stray = Frame(CONTINUATION, b"fragment3", fin=False)
    yield Case("5.15", [Step(first, last, stray, Frame(TEXT, b"fragment4"))], [whole], FAIL(1002))
    for number, fin in (16, False), (17, True):
        stray = Frame(CONTINUATION, b"fragment1", fin=fin)
        message = Frame(TEXT, b"fragment2", fin=False), Frame(CONTINUATION, b"fragment3")
        yield Case(f"5.{number}", [Step(*(stray, *message) * 2)], [], FAIL(1002))
    yield Case("5.18", [Step(first, Frame(TEXT, b"fragment2"))], [], FAIL(1002))
    parts = [Frame(CONTINUATION if i > 1 else TEXT, b"fragment%d" % i, fin=i == 5) for i in range(1, 6)]
    answers = [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), (TEXT, b"".join(part.payload for part in parts))]
    for number, way in (19, {}), (20, {"framewise": True}):
        pings = Frame(PING, b"pongme 1!"), Frame(PING, b"pongme 2!")
        steps = [Step(*parts[:2], pings[0], **way), Step(*parts[2:4], pings[1], parts[4], **way)]
        yield Case(f"5.{number}", steps, answers, CLEAN)


def fragments(payload, size):
    pieces = [payload[i:i + size] for i in range(0, len(payload), size)] or [b""]
    return [Frame(CONTINUATION if i else TEXT, piece, fin=i == len(pieces) - 1) for i, piece in enumerate(pieces)]


def unicode_handling():
    """Sections 6.1 to 6.4."""
    yield Case("6.1.1", [Step(Frame(TEXT))], [(TEXT, b"")], CLEAN)
    for number, middle in (2, b""), (3, b"middle frame payload"):
        parts = Frame(TEXT, fin=False), Frame(CONTINUATION, middle, fin=False), Frame(CONTINUATION)
        yield Case(f"6.1.{number}", [Step(*parts)], [(TEXT, middle)], CLEAN)
    parts = "Hello-µ@ßöä".encode(), "üàá-UTF-8!!".encode()
    whole = b"".join(parts)
    yield Case("6.2.1", [Step(Frame(TEXT, whole))], [(TEXT, whole)], CLEAN)
    yield Case("6.2.2", [Step(Frame(TEXT, parts[0], fin=False), Frame(CONTINUATION, parts[1]))], [(TEXT, whole)], CLEAN)
    yield Case("6.2.3", [Step(*fragments(whole, 1))], [(TEXT, whole)], CLEAN)
    yield Case("6.2.4", [Step(*fragments(COSMOS, 1))], [(TEXT, COSMOS)], CLEAN)
    broken = COSMOS + b"\xed\xa0\x80edited"
    yield Case("6.3.1", [Step(Frame(TEXT, broken))], [], FAIL(1007))
    yield Case("6.3.2", [Step(*fragments(broken, 1))], [], FAIL(1007))
    # The peer must fail before the third part, which is never sent: three frames, then three parts of one.
    for number, parts in (1, (COSMOS, b"\xf4\x90\x80\x80", b"edited")), (2, (COSMOS + b"\xf4", b"\x90", b"\x80\x80edited")):
        first, second = Frame(TEXT, parts[0], fin=False), Frame(CONTINUATION, parts[1], fin=False)
        yield Case(f"6.4.{number}", [Step(first), Step(second)], [], FAIL(1007))
        frame, end = Frame(TEXT, b"".join(parts)), -len(parts[2])
        middle = end - len(parts[1])
        steps = [Step(frame, part=slice(0, middle)), Step(frame, part=slice(middle, end))]
        yield Case(f"6.4.{number + 2}", steps, [], FAIL(1007))


def utf8_sequences():
    """Sections 6.5 to 6.23, each as (section, sequences, valid)."""
    prefixes = [COSMOS[:n] for n in range(1, len(COSMOS) + 1)]
    yield 5, [text.encode() for text in ("hello$world", "hello¢world", "hello€world", "hello𤭢world")] + [COSMOS], True
    yield 6, prefixes, [n in (2, 5, 7, 9, 11) for n in range(1, 12)]
    yield 7, "00 c280 e0a080 f0908080", True
    yield 8, "f888808080 fc8480808080", False
    yield 9, "7f dfbf efbfbf f48fbfbf", True
    yield 10, "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf", False
    yield 11, "ed9fbf ee8080 efbfbd f48fbfbf f4908080", [True, True, True, True, False]
    continuations = bytes(range(0x80, 0xc0)).hex()
    yield 12, f"80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf {continuations}", False
    starts = (0xc0, 0xe0), (0xe0, 0xf0), (0xf0, 0xf8), (0xf8, 0xfc), (0xfc, 0xfe)
    yield 13, [b"".join(bytes([b]) + b" " for b in range(*ends)) for ends in starts], False
    cut = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf"
    yield 14, cut, False
    yield 15, cut.replace(" ", ""), False
    yield 16, "fe ff fefeffff", False
    yield 17, "c0af e080af f08080af f8808080af fc80808080af", False
    yield 18, "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf", False
    yield 19, "c080 e08080 f0808080 f880808080 fc8080808080", False
    yield 20, "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf", False
    pairs = [high + low for high in ("eda080", "edadbf", "edae80", "edafbf") for low in ("edb080", "edbfbf")]
    yield 21, " ".join(pairs), False
    yield 22, [chr(plane << 16 | low).encode() for plane in range(17) for low in (0xfffe, 0xffff)], True
    yield 23, [chr(c).encode() for c in range(0xfff9, 0x10000)], True


def utf8():
    for section, sequences, valid in utf8_sequences():
        if isinstance(sequences, str):
            sequences = [bytes.fromhex(sequence) for sequence in sequences.split()]
        valid = valid if isinstance(valid, list) else [valid] * len(sequences)
        for number, (sequence, good) in enumerate(zip(sequences, valid, strict=True), 1):
            answers, end = ([(TEXT, sequence)], CLEAN) if good else ([], FAIL(1007))
            yield Case(f"6.{section}.{number}", [Step(Frame(TEXT, sequence))], answers, end)


def closing():
    """Section 7."""
    normal = Frame(CLOSE, code(1000))
    yield Case("7.1.1", [Step(Frame(TEXT, HELLO), normal)], [(TEXT, HELLO)], CLOSED(code(1000)))
    yield Case("7.1.2", [Step(normal, normal)], [], CLOSED(code(1000)))
    yield Case("7.1.3", [Step(normal, Frame(PING))], [], CLOSED(code(1000)))
    yield Case("7.1.4", [Step(normal, Frame(TEXT, HELLO))], [], CLOSED(code(1000)))
    around_close = Frame(TEXT, b"fragment1", fin=False), normal, Frame(CONTINUATION, b"fragment2")
    yield Case("7.1.5", [Step(*around_close)], [], CLOSED(code(1000)))
    large = b"BAsd7&jh23" * 26214
    yield Case("7.1.6", [Step(Frame(TEXT, large), normal, Frame(PING))], [(TEXT, large)], CLOSED(code(1000)))
    yield Case("7.3.1", [Step(Frame(CLOSE))], [], CLOSED(b""))
    yield Case("7.3.2", [Step(Frame(CLOSE, b"a"))], [], FAIL(1002))
    yield Case("7.3.3", [Step(normal)], [], CLOSED(code(1000)))
    for number, reason in (4, b"Hello World!"), (5, b"*" * 123):
        yield Case(f"7.3.{number}", [Step(Frame(CLOSE, code(1000, reason)))], [], CLOSED(code(1000, reason)))
    yield Case("7.3.6", [Step(Frame(CLOSE, code(1000, b"*" * 124)))], [], FAIL(1002))
    yield Case("7.5.1", [Step(Frame(CLOSE, code(1000, COSMOS + b"\xed\xa0\x80edited")))], [], FAIL(1007))
    for number, value in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
        yield Case(f"7.7.{number}", [Step(Frame(CLOSE, code(value)))], [], CLOSED(code(value)))
    for number, value in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield Case(f"7.9.{number}", [Step(Frame(CLOSE, code(value)))], [], FAIL(1002))
    for number, value in enumerate((5000, 65535), 1):
        yield Case(f"7.13.{number}", [Step(Frame(CLOSE, code(value)))], [], FAIL(1002))


def limits():
    """Section 9. What exceeds the receive buffer ends with 1009; 9.3 and 9.4 are repeated with 2 MB, which fits."""
    kinds = (TEXT, b"*"), (BINARY, b"\xfe")
    for section, (opcode, byte) in zip((1, 2), kinds):
        for number, size in enumerate((1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 23, 1 << 24), 1):
            payload = byte * size
            answers, end = ([(opcode, payload)], CLEAN) if size < LIMIT else ([], FAIL(1009))
            yield Case(f"9.{section}.{number}", [Step(Frame(opcode, payload))], answers, end)
    sizes = [1 << n for n in (6, 8, 10, 12, 14, 16, 18, 20, 22)]
    for section, (opcode, byte) in zip((3, 4), kinds):
        for number, size in enumerate(sizes, 1):
            for total, suffix in (1 << 22, ""), (1 << 21, " with 2 MB"):
                frames = fragments(byte * total, size)
                frames[0].opcode = opcode
                answers, end = ([(opcode, byte * total)], CLEAN) if total < LIMIT else ([], FAIL(1009))
                yield Case(f"9.{section}.{number}{suffix}", [Step(*frames)], answers, end)
    for section, (opcode, byte) in zip((5, 6), kinds):
        for number, chop in enumerate((64, 128, 256, 512, 1024, 2048), 1):
            payload = byte * (1 << 20)
            yield Case(f"9.{section}.{number}", [Step(Frame(opcode, payload), chop=chop)], [(opcode, payload)], CLEAN)
    for section, (opcode, byte) in zip((7, 8), kinds):
        for number, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            payload = byte * size
            yield Case(f"9.{section}.{number}", [Step(Frame(opcode, payload), repeat=1000)], [(opcode, payload)] * 1000, CLEAN)


def automatic_fragmentation():
    """Section 10."""
    payload = b"*" * 65536
    yield Case("10.1.1", [Step(*fragments(payload, 1300))], [(TEXT, payload)], CLEAN)


def all_cases():
    sections = (messages, pings, reserved_bits, reserved_opcodes, fragmentation, unicode_handling, utf8, closing, limits,
                automatic_fragmentation)
    for section in sections:
        yield from section()


def send(tester, step, known):
    """Sends a step. `known` are frames that were encoded before: parts of one have the same masking key."""
    for frame in step.frames:
        if frame not in known:
            known[frame] = frame.encode(tester.masks)
    encoded = [known[frame] for frame in step.frames]
    if step.part:
        tester.send(encoded[0][step.part], step.chop)
    elif step.framewise:
        for data in encoded:
            tester.send(data)
    else:
        tester.send(b"".join(encoded), step.chop)


def run(case, tester):
    """Plays a case; an exception is a failure."""
    answers, known = iter(case.answers), {}
    try:
        for step in case.steps:
            for _ in range(step.repeat):
                send(tester, step, known)
                if step.repeat > 1:
                    expect(tester, next(answers))
    except (BrokenPipeError, ConnectionResetError):
        # The peer may fail while we are sending.
        if case.end[0] != "fail":
            raise
    for answer in answers:
        expect(tester, answer)
    kind, payload = case.end
    if kind == "clean":
        payload = code(1000, b"done")
        tester.send(Frame(CLOSE, payload).encode(tester.masks))
    expect(tester, (CLOSE, payload))
    tester.expect_end()


def expect(tester, wanted):
    opcode, payload = tester.frame()
    assert opcode == wanted[0], f"opcode {opcode} instead of {wanted[0]}: {payload[:80]}"
    assert payload == wanted[1], f"{len(payload)} bytes {payload[:80]} instead of {len(wanted[1])} bytes {wanted[1][:80]}"


class Compression:
    """Messages that are sent compressed. `offer` are the parameters of a client, `deflate` those that the server agrees on."""

    def __init__(self, name, offer, deflate, opcode, payloads, size):
        self.name, self.offer, self.deflate, self.opcode, self.payloads, self.size = name, offer, deflate, opcode, payloads, size


def payload_of(kind, size, rng):
    """Like the suite's kinds of content: JSON, text of many letters, something already compressed, nothing but zeros."""
    if kind == "json":
        items = [{"id": rng.randrange(10**6), "name": rng.choice("abcdef") * 5, "on": rng.random() < 0.5} for _ in range(size // 40 + 1)]
        return json.dumps(items).encode()[:size]
    if kind == "text":
        return "".join(rng.choice("Grüße an die κόσμε 👋 ") for _ in range(size)).encode()[:size].decode(errors="ignore").encode()
    return rng.randbytes(size) if kind == "noise" else bytes(size)


def compression(count=20):
    """Sections 12 and 13: kinds of content, sizes, fragments and parameters. The suite sends 1000 messages each."""
    rng = random.Random(1)
    sizes = [(16, 0), (64, 0), (256, 0), (1024, 0), (4096, 0), (8192, 0), (16384, 0), (32768, 0), (65536, 0), (131072, 0),
             (8192, 256), (16384, 256), (32768, 256), (65536, 256), (131072, 256), (131072, 1024), (131072, 4096)]
    for section, (kind, opcode) in enumerate((("json", TEXT), ("text", TEXT), ("noise", BINARY), ("zeros", BINARY)), 1):
        for number, (size, fragment) in enumerate(sizes, 1):
            payloads = [payload_of(kind, size, rng) for _ in range(count if size < 20000 else 3)]
            yield Compression(f"12.{section}.{number}", "", Deflate(), opcode, payloads, fragment)
    parameters = [
        ("", {}),
        ("server_no_context_takeover; client_no_context_takeover", {"takeover": False, "peer_takeover": False}),
        ("server_max_window_bits=9; client_max_window_bits=9", {"bits": 9, "peer_bits": 9}),
        ("server_max_window_bits=15; client_max_window_bits=15", {}),
        ("server_no_context_takeover; server_max_window_bits=9", {"peer_takeover": False, "peer_bits": 9}),
        ("client_no_context_takeover; client_max_window_bits", {"takeover": False}),
        ("server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10",
         {"takeover": False, "peer_takeover": False, "bits": 10, "peer_bits": 10}),
    ]
    for section, (offer, agreed) in enumerate(parameters, 1):
        for number, (size, fragment) in enumerate(((16, 0), (1024, 0), (8192, 0), (32768, 256), (131072, 0)), 1):
            payloads = [payload_of("json", size, rng) for _ in range(count if size < 20000 else 3)]
            yield Compression(f"13.{section}.{number}", offer, Deflate(**agreed), TEXT, payloads, fragment)


def run_compression(case, tester):
    """Sends compressed messages, in fragments with pings in between if it has a size for them; each must come back."""
    sent = received = 0
    for payload in case.payloads:
        data = case.deflate.compress(payload)
        size = case.size or len(data)
        pieces = [data[i:i + size] for i in range(0, len(data), size)]
        for i, piece in enumerate(pieces):
            frame = Frame(CONTINUATION if i else case.opcode, piece, fin=i == len(pieces) - 1, rsv=0 if i else 4)
            tester.send(frame.encode(tester.masks))
            if case.size and i == 1:
                tester.send(Frame(PING, b"between").encode(tester.masks))
                expect(tester, (PONG, b"between"))
        compressed = len(payload) >= 64
        opcode, back = tester.frame(rsv=4 if compressed else 0)
        sent, received = sent + len(payload), received + len(back)
        assert opcode == case.opcode and (case.deflate.inflate(back) if compressed else back) == payload
    if case.opcode == TEXT and len(case.payloads[0]) >= 256:
        assert received < sent * 0.8, f"{received} of {sent} bytes"
    tester.send(Frame(CLOSE, code(1000)).encode(tester.masks))
    expect(tester, (CLOSE, code(1000)))
    tester.expect_end()
