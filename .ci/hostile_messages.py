"""Files of MessagePack and ONNX that ask for too much, for hostile_files.py."""
import math
import struct


# MessagePack

def flax_array(shape, data, name=b"float32", shape_code=None):
    sizes = shape_code or bytes([0x90 + len(shape)]) + b"".join(b"\xcf" + struct.pack(">Q", size) for size in shape)
    body = b"\x93" + sizes + bytes([0xA0 + len(name)]) + name + b"\xc6" + struct.pack(">I", len(data)) + data
    return b"\xc9" + struct.pack(">I", len(body)) + b"\1" + body


def messages(of, megabytes):
    key = b"\x81\xa1a"
    for name, code, width in [("array", b"\xdd", 4), ("map", b"\xdf", 4), ("text", b"\xdb", 4), ("bytes", b"\xc6", 4),
                              ("extension", b"\xc9", 4)]:
        yield f"{name}-of-4-gigabytes", lambda code=code: key + code + b"\xff\xff\xff\xff\1"
    yield "nested-arrays", lambda: key + b"\x91" * megabytes(1)
    yield "nested-maps", lambda: key * of(300_000)
    yield "values", lambda: key + b"\xdd" + struct.pack(">I", megabytes(20)) + b"\xc0" * megabytes(20)
    yield "values-at-the-limit", lambda: key + b"\xdd" + struct.pack(">I", of(260_000)) + b"\x90" * of(260_000)
    yield "text-of-50-megabytes", lambda: key + b"\xdb" + struct.pack(">I", megabytes(50)) + b"x" * megabytes(50)
    yield "bytes-of-50-megabytes", lambda: key + b"\xc6" + struct.pack(">I", megabytes(50)) + bytes(megabytes(50))
    yield "extension-of-50-megabytes", lambda: key + b"\xc9" + struct.pack(">I", megabytes(50)) + b"\7" + bytes(megabytes(50))
    yield "shape-of-64-bits", lambda: key + flax_array([2**32, 2**32], bytes(4))
    yield "shape-of-zero-times-64-bits", lambda: key + flax_array([0, 2**62, 2**62], b"")
    yield "axes-in-number", lambda: key + flax_array(
        [], bytes(4), shape_code=b"\xdd" + struct.pack(">I", of(200_000)) + b"\1" * of(200_000))
    yield "array-within-an-array", lambda: key + b"\xc9" + struct.pack(">I", 1000) + b"\1" + b"\x93\xc9" * 500
    yield "arrays-of-no-elements", lambda: b"\xdf" + struct.pack(">I", of(60_000)) + b"".join(
        b"\xa6%06d" % n + flax_array([0], b"") for n in range(of(60_000)))

    def in_parts(count):
        text = lambda value: bytes([0xA0 + len(value)]) + value.encode()
        parts = b"".join(text(f"{n}") + flax_array([250_000], bytes(1_000_000)) for n in range(count))
        return (key + b"\x83" + text("__msgpack_chunked_array__") + b"\xc3" + text("shape") + b"\x81" + text("0")
                + b"\xce" + struct.pack(">I", count * 250_000) + text("chunks") + b"\xde" + struct.pack(">H", count) + parts)

    yield "array-in-parts", lambda: in_parts(of(60))


# ONNX

def varint(value):
    out = bytearray()
    value &= 2**64 - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def numbers(name, dims, data, kind=1):
    return field(8, name) + b"".join(field(1, size) for size in dims) + field(2, kind) + field(9, data)


def external(name, dims, **entries):
    return (field(8, name) + b"".join(field(1, size) for size in dims) + field(2, 1) + field(14, 1)
            + b"".join(field(13, field(1, key) + field(2, value)) for key, value in entries.items()))


def node(operation, inputs, outputs, *attributes):
    return field(1, b"".join(field(1, name) for name in inputs) + b"".join(field(2, name) for name in outputs)
                 + field(4, operation) + b"".join(field(5, attribute) for attribute in attributes))


def attribute(name, value):
    """An attribute of whole numbers or of one."""
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    return field(1, name) + b"".join(field(8, item) for item in value) + field(20, 7)


def value(name, dims, kind):
    """An input of the graph; a size of None is any."""
    shape = b"".join(field(1, b"" if size is None else field(1, size)) for size in dims)
    return field(11, field(1, name) + field(2, field(1, field(1, kind) + field(2, shape))))


def model(*parts, x=(None, None, None)):
    """A model whose input is a sequence of vectors of one number."""
    return field(1, 8) + field(7, b"".join(parts) + value("x", x, 1) + value("tokens", [None, None], 7))


def lstm(weight="W", recurrent="R"):
    return node("LSTM", ["x", weight, recurrent], ["y"], attribute("hidden_size", 1))


def graphs(of, megabytes):
    initializer = lambda *arguments, **more: field(5, numbers(*arguments, **more))
    small = initializer("W", [1, 4, 1], bytes(16)) + initializer("R", [1, 4, 1], bytes(16))

    def nested(count):
        graph = b""
        for _ in range(count):
            graph = field(1, field(4, "If") + field(5, field(1, "a") + field(6, graph) + field(20, 5)))
        return model(graph)

    yield "graphs-in-each-other", lambda: nested(of(4_000))
    yield "messages-in-each-other", lambda: field(1, 8) + b"\x3a\xff\xff\xff\x07" * of(200_000)
    yield "length-of-64-bits", lambda: field(1, 8) + b"\x3a" + b"\xff" * 9 + b"\1"
    yield "nodes-in-number", lambda: model(field(1, b"") * megabytes(10))
    yield "names-in-number", lambda: model(field(1, field(1, "") * megabytes(10)))
    yield "integers-in-number", lambda: model(field(1, field(5, field(1, "a") + field(8, b"\1" * megabytes(40)) + field(20, 7))))
    yield "text-of-50-megabytes", lambda: field(2, b"x" * megabytes(50)) + model(small)
    yield "axes-in-number", lambda: model(field(5, field(8, "W") + field(1, b"\1" * megabytes(40))))
    yield "shape-of-64-bits", lambda: model(initializer("W", [2**32, 2**32], bytes(4)))
    yield "shape-of-zero-times-64-bits", lambda: model(initializer("W", [0, 2**62, 2**62], b""))
    yield "shape-below-zero", lambda: model(initializer("W", [-1, -4], bytes(16)))
    yield "data-cut-short", lambda: model(initializer("W", [1, 4, 10**9], bytes(16)))
    yield "data-of-one-byte-each", lambda: model(
        field(5, field(8, "W") + field(1, megabytes(20)) + field(2, 7) + field(7, bytes(megabytes(20)))))
    for name, location in [("above", "../weights"), ("of-the-system", "/etc/passwd"), ("missing", "weights"),
                           ("of-a-device", "../../../../dev/zero"), ("of-no-name", ""), ("in-memory", "*/_ORT_MEM_ADDR_/*"),
                           ("of-this-folder", ".")]:
        yield f"data-in-a-file-{name}", lambda location=location: model(
            field(5, external("W", [1, 4, 1], location=location)), initializer("R", [1, 4, 1], bytes(16)), lstm())
    yield "data-beyond-their-file", lambda: model(
        field(5, external("W", [1, 4, 1], location="model.onnx", offset=str(2**63 - 1), length="16")))
    yield "data-in-this-file", lambda: model(
        *(field(5, external(f"{n}", [megabytes(9) // 4], location="model.onnx")) for n in range(of(1000))),
        field(10, bytes(megabytes(10))), lstm())
    for name in ["Expand", "Tile", "ConstantOfShape", "Range", "Pad", "Resize"]:
        yield f"weight-of-{name.lower()}", lambda name=name: model(
            small, initializer("s", [3], struct.pack("<3q", 1, 2**40, 2**20), 7), node(name, ["W", "s"], ["V"]), lstm("V"))

    def chain(operation, inputs, count, *attributes, size=megabytes(10)):
        nodes = [node(operation, [name.format(n) for name in inputs], [f"{n + 1}"], *attributes) for n in range(count)]
        return model(initializer("0", [1, 4, size // 16], bytes(size)), small, *nodes, lstm(f"{count}"))

    yield "weight-joined-with-itself", lambda: chain("Concat", ["{0}", "{0}"], 40, attribute("axis", 2), size=1600)
    column = lambda name: initializer(name, [megabytes(20), 1], bytes(megabytes(20)), kind=2)
    yield "weight-joined-byte-by-byte", lambda: model(
        column("a"), column("b"), small, node("Concat", ["a", "b"], ["V"], attribute("axis", 1)), lstm("V"))
    yield "weight-transposed-often", lambda: chain("Transpose", ["{0}"], 60, attribute("perm", [0, 2, 1]))
    yield "weight-computed-in-many-steps", lambda: chain("Identity", ["{0}"], of(30_000), size=16)
    yield "weight-of-itself", lambda: model(small, node("Identity", ["a"], ["b"]), node("Identity", ["b"], ["a"]), lstm("a"))
    matrix = lambda: initializer("m", [4, megabytes(10) // 16], bytes(megabytes(10)))
    yield "matrix-transposed-often", lambda: model(
        matrix(), small, lstm(), *(node("Transpose", ["m"], [f"t{n}"]) for n in range(of(20_000))))
    yield "matrix-used-often", lambda: model(
        matrix(), small, lstm(), *(node("MatMul", ["y", "m"], [f"t{n}"]) for n in range(of(20_000))))
    half = lambda: initializer("h", [megabytes(60) // 2], bytes(megabytes(60)), kind=10)
    yield "state-of-half-precision", lambda: model(
        half(), small, node("LSTM", ["x", "W", "R", "", "", "h"], ["y"], attribute("hidden_size", 1)))
    yield "states-in-number", lambda: model(
        half(), small, *(node("LSTM", ["x", "W", "R", "", "", "h"], [f"y{n}"], attribute("hidden_size", 1)) for n in range(of(2000))))
    side = math.isqrt(megabytes(60) // 2)
    yield "table-of-half-precision", lambda: model(
        initializer("e", [side, side], bytes(2 * side * side), kind=10), small, *(node("Gather", ["e", "x"], [f"g{n}"]) for n in range(of(2000))), lstm())
    yield "input-of-gigabytes", lambda: model(small, lstm(), x=[2**20, 2**20, 1])
    yield "input-of-64-bits", lambda: model(small, lstm(), x=[2**62, 2**62, 1])
    yield "input-of-many-axes", lambda: model(small, lstm(), x=[1] * of(2_000_000))

    def arranged(operation, inputs, count, *attributes, x=(1000, 1000, 1), more=b""):
        """A graph whose input is arranged over and over."""
        names = ["x"] + [f"x{n}" for n in range(count)]
        nodes = [node(operation, [name.format(names[n]) for name in inputs], [names[n + 1]], *attributes) for n in range(count)]
        return model(small, more, *nodes, node("LSTM", [names[-1], "W", "R"], ["y"], attribute("hidden_size", 1)), x=x)

    sizes = lambda name, values: initializer(name, [len(values)], struct.pack(f"<{len(values)}q", *values), 7)
    yield "input-joined-with-itself", lambda: arranged("Concat", ["{0}", "{0}"], 40, attribute("axis", 0), x=[10, 10, 1])
    yield "input-transposed-often", lambda: arranged("Transpose", ["{0}"], of(20_000), attribute("perm", [1, 0, 2]))
    yield "input-reshaped-often", lambda: arranged("Reshape", ["{0}", "s"], of(20_000), more=sizes("s", [-1, 1, 1]))
    yield "input-expanded", lambda: arranged("Expand", ["{0}", "s"], 1, x=[1, 1, 1], more=sizes("s", [2**20, 2**20, 1]))
    yield "input-taken-often", lambda: arranged("Gather", ["{0}", "s"], 2, more=sizes("s", [0] * (megabytes(10) // 8)))
    yield "input-split-in-number", lambda: model(small, node("Split", ["x"], [f"s{n}" for n in range(of(200_000))]), lstm())
    yield "symbols-of-wide-vectors", lambda: model(
        initializer("e", [1, megabytes(60) // 4], bytes(megabytes(60))), small, node("Gather", ["e", "tokens"], ["x1"]),
        node("LSTM", ["x1", "W", "R"], ["y"], attribute("hidden_size", 1)))
    yield "constants-in-number", lambda: model(
        *(initializer(f"c{n}", [1024], bytes(8192), 7) for n in range(of(10_000))), small,
        node("LSTM", ["x", "W", "R"], ["y"], attribute("hidden_size", 1)))
    yield "layers-in-number", lambda: model(small, *(lstm() for _ in range(of(20_000))))
