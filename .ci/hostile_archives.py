"""Archives of ZIP that ask for too much, with arrays of NumPy, models of Keras or pickles of PyTorch, for hostile_files.py."""
import io
import json
import math
import pickle
import struct
import zipfile
import zlib
from hostile_hdf5 import BYTE_TYPE, FLOAT_TYPE, NOTHING, Hierarchy, contiguous, dataset, dataspace, link


# ZIP and NumPy

def npy(shape, data=b"", kind="<f4"):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def archive(*members, deflated=True):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED, compresslevel=1) as file:
        for name, data in members:
            file.writestr(name, data)
    return out.getvalue()


def packed(name, data, size, stored=None, header=0, count=1, extra=b"", method=8, end=None):
    """An archive of one deflated member, said to have `size` bytes, whose directory lists it `count` times."""
    stored = len(data) if stored is None else stored
    checksum = 0
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, method, 0, 0, checksum, min(stored, 2**32 - 1), min(size, 2**32 - 1),
                        len(name), 0) + name + data
    entries = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 45, 45, 0, method, 0, 0, checksum, min(stored, 2**32 - 1), min(size, 2**32 - 1),
                    len(own), len(extra), 0, 0, 0, 0, header) + own + extra
        for own in ([name] if count == 1 else (b"%d.npy" % n for n in range(count))))
    if end is None:
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count % 65536, count % 65536, len(entries), len(local), 0)
    return local + entries + end


def raw_deflate(data, level=9):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def archives(of, megabytes):
    yield "size-of-4-gigabytes", lambda: packed(b"a.npy", b"\3\0", 2**32 - 2)
    yield "size-of-64-bits", lambda: packed(
        b"a.npy", b"\3\0", 2**32 - 1, extra=struct.pack("<HHQ", 1, 8, 2**63 - 1))
    yield "size-beyond-64-bits", lambda: packed(
        b"a.npy", b"\3\0", 2**32 - 1, extra=struct.pack("<HHQ", 1, 8, 2**64 - 1))
    yield "stored-size-of-64-bits", lambda: packed(
        b"a.npy", b"\3\0", 2**32 - 1, 2**32 - 1, extra=struct.pack("<HHQQ", 1, 16, 2**62, 2**62))
    yield "bomb-of-60-megabytes", lambda: archive(("a.npy", npy((megabytes(60) // 4,), bytes(megabytes(60)))))
    yield "bomb-within-the-limit", lambda: archive(("a.npy", npy((megabytes(33) // 4,), bytes(megabytes(33)))))
    yield "bombs-of-many-members", lambda: archive(
        *((f"{n}.npy", npy((250_000,), bytes(1_000_000))) for n in range(of(60))))
    yield "bomb-of-an-unread-member", lambda: archive(("a.npy", npy((1,), bytes(4))), ("b.txt", bytes(megabytes(60))))
    yield "bomb-said-to-be-small", lambda: packed(b"a.npy", raw_deflate(bytes(megabytes(60))), 100_000)
    yield "data-said-to-be-large", lambda: packed(
        b"a.npy", raw_deflate(bytes(100)) + bytes(megabytes(60) // 1032), megabytes(60))
    yield "member-that-is-listed-often", lambda: packed(b"0.npy", b"\3\0", 0, count=of(60_000))
    yield "directory-of-entries", lambda: archive(*((f"{n}", b"") for n in range(of(20_000))), deflated=False)
    yield "arrays-of-no-elements", lambda: archive(
        *((f"{n}.npy", npy((0,) * 30)) for n in range(of(10_000))), deflated=False)
    yield "name-of-64-kilobytes", lambda: archive(("a" * 65_000 + ".npy", b""))
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**64 - 1, 2**64 - 1, 2**63, 2**63)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    yield "directory-of-64-bits", lambda: end64 + locator + last
    yield "locator-beyond-the-file", lambda: b"PK\3\4" + struct.pack("<4sIQI", b"PK\6\7", 0, 2**63 - 10, 1) + last
    yield "blocks-of-nothing", lambda: packed(
        b"a.npy", b"\0\0\0\xff\xff" * (megabytes(20) // 5) + b"\3\0", 100)

    def codes(size):
        """Codes of all symbols before every few hundred bytes."""
        block = zlib.compressobj(9, zlib.DEFLATED, -15)
        part = block.compress(bytes((n * n * 7 + n) % 251 for n in range(700))) + block.flush(zlib.Z_FULL_FLUSH)
        return packed(b"a.npy", part * (size // len(part)) + b"\3\0", size // len(part) * 700)

    yield "blocks-of-codes", lambda: codes(megabytes(20))
    for name, shape in [("product", "(4294967296, 4294967296)"), ("size", "(2305843009213693952,)"),
                        ("zero-times", f"(0, {2**62}, {2**62})"), ("digits", f"({'9' * 60_000},)"),
                        ("axes", f"({'1, ' * 20_000})"), ("brackets", "(" * 60_000)]:
        yield f"shape-of-{name}", lambda shape=shape: archive(("a.npy", npy(shape)))


# Models of Keras

CELL = json.dumps({"class_name": "LSTM", "config": {"name": "lstm"}})


def keras(weights=None, configuration=CELL, metadata='{"keras_version": "3.15.1"}'):
    weights = weights or dataset(BYTE_TYPE, dataspace(1), contiguous(96, 1))
    return archive(("config.json", configuration), ("metadata.json", metadata), ("model.weights.h5", weights))


def kerases(of, megabytes):
    def zeros(size):
        return dataset(BYTE_TYPE, dataspace(size), more=lambda h: [contiguous(h.put(bytes(size)), size)])

    def unwritten(size, beside):
        hierarchy = Hierarchy()
        hierarchy.put(bytes(beside))
        data = hierarchy.header(BYTE_TYPE, dataspace(size), (8, bytes([3, 1]) + NOTHING + struct.pack("<Q", size)))
        return hierarchy.file(hierarchy.header(link("a", data)))

    def groups(count):
        hierarchy = Hierarchy()
        place = hierarchy.header(FLOAT_TYPE, dataspace(1), contiguous(96, 4))
        places = [hierarchy.header(link("a", place)) for _ in range(count)]
        return hierarchy.file(hierarchy.header(*(link(f"{n:0200}", place) for n, place in enumerate(places))))

    yield "weights-of-200-megabytes", lambda: keras(zeros(megabytes(200)))
    yield "weights-within-the-limit", lambda: keras(zeros(megabytes(33)))
    yield "weights-and-data-never-written", lambda: keras(unwritten(megabytes(30), megabytes(30)))
    yield "weights-of-groups", lambda: keras(groups(of(30_000)))
    yield "configuration-of-200-megabytes", lambda: keras(configuration=" " * megabytes(200))
    yield "metadata-of-200-megabytes", lambda: keras(metadata=" " * megabytes(200))
    for name, part in [("lists", "[],"), ("numbers", "1,"), ("objects", '{"a":1},'), ("texts", '"",')]:
        yield f"configuration-of-{name}", lambda part=part: keras(
            configuration="[" + part * ((260_000 - 3) // len(part)) + "0]")
    yield "configuration-of-few-objects", lambda: keras(configuration="[" + '{"a":1},' * 4000 + "1," * 110_000 + "0]")
    yield "configuration-of-brackets", lambda: keras(configuration="[" * 260_000)
    yield "metadata-of-brackets", lambda: keras(metadata="[" * 260_000)
    yield "metadata-of-lists", lambda: keras(metadata="[" + "[]," * 80_000 + "0]")


# Pickles

def torch(data, storages=(), deflated=False):
    return archive(("m/data.pkl", data), *((f"m/data/{n}", numbers) for n, numbers in enumerate(storages)), deflated=deflated)


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def unicode(text):
    return b"X" + struct.pack("<I", len(text)) + text


def number(value):
    """LONG1."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def storage(count, name="0"):
    return b"(" + short("storage") + b"ctorch\nFloatStorage\n" + short(name) + short("cpu") + number(count) + b"tQ"


def tensor(shape, strides, offset=0, count=1, name="0"):
    tuple_of = lambda values: b"(" + b"".join(map(number, values)) + b"t"
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage(count, name) + number(offset) + tuple_of(shape)
            + tuple_of(strides) + b"\x89}tR")


def state(*entries):
    """A pickle of a dictionary."""
    return b"\x80\2}(" + b"".join(unicode(name.encode()) + value for name, value in entries) + b"u."


def pickles(of, megabytes):
    yield "nested-tuples", lambda: torch(b"\x80\2N" + b"\x85" * of(250_000) + b".")
    yield "nested-lists", lambda: torch(b"\x80\2" + b"]" * of(120_000) + b"a" * (of(120_000) - 1) + b".")
    yield "list-within-itself", lambda: torch(b"\x80\2]\x94h\0a.")
    yield "tuples-of-one-tuple-twice", lambda: torch(
        b"\x80\2)\x94" + b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86\x94" for n in range(60)) + b".")
    yield "memo-of-one-value", lambda: torch(b"\x80\2" + unicode(b"x" * 1000) + b"\x94" * of(260_000) + b".")
    yield "memo-out-of-turn", lambda: torch(b"\x80\2Nr\xff\xff\xff\x7f.")
    yield "instructions", lambda: torch(b"\x80\2" + b"N" * of(8_000_000) + b".")
    yield "values-at-the-limit", lambda: torch(b"\x80\2(" + (b"}" * of(260_000)) + b"t.")
    yield "groups", lambda: torch(b"\x80\2" + b"(" * of(8_000_000) + b".")
    yield "pickle-of-60-megabytes", lambda: torch(bytes(megabytes(60)), deflated=True)
    yield "texts-of-8-megabytes", lambda: torch(b"\x80\2(" + unicode(b"x" * 30) * of(230_000) + b"t.")
    for name, code, width in [("bytes", b"B", 4), ("text", b"X", 4), ("bytes-of-64-bits", b"\x8e", 8),
                              ("text-of-64-bits", b"\x8d", 8), ("frame", b"\x95", 8), ("long", b"\x8b", 4)]:
        yield f"length-of-{name}", lambda code=code, width=width: torch(b"\x80\4" + code + b"\xff" * (width - 1) + b"\x7f.")
    yield "integer-of-255-bytes", lambda: torch(b"\x80\2\x8a\xff" + b"\x7f" * 255 + b".")
    yield "function-of-the-system", lambda: torch(b"\x80\2cos\nsystem\n" + short("true") + b"\x85R.")
    yield "function-from-the-stack", lambda: torch(b"\x80\4" + short("builtins") + short("eval") + b"\x93.")
    yield "object-of-a-class", lambda: torch(pickle.dumps(zlib.error("x"), protocol=2))
    axes = lambda: (b"\x80\2](" + b"K\1" * of(100_000) + b"t\x94ctorch._utils\n_rebuild_tensor_v2\n\x94" + storage(1) + b"\x94(")
    yield "shape-of-many-axes-in-many-tensors", lambda: torch(
        axes() + b"h\1(h\2K\0h\0h\0\x89}tR" * of(16_000) + b"t.")
    yield "device-of-a-long-name", lambda: torch(
        b"\x80\2](" + unicode(b"x" * of(4_000_000)) + b"\x94ctorch\ndevice\n\x94" + b"h\1(h\0K\0tR" * of(30_000) + b"t.")
    yield "encoded-text-used-often", lambda: torch(
        b"\x80\2](" + unicode(b"x" * of(4_000_000)) + b"\x94c_codecs\nencode\n\x94"
        + (b"h\1(h\0" + short("latin1") + b"tR") * of(30_000) + b"t.")
    yield "storage-larger-than-the-file", lambda: torch(state(("a", tensor([2**40], [1], 0, 2**40))), [bytes(4)])
    yield "storage-of-64-bits", lambda: torch(state(("a", tensor([2**62], [1], 0, 2**62))), [bytes(4)])
    yield "strides-that-overflow", lambda: torch(state(("a", tensor([2, 2], [2**62, 2**62]))), [bytes(4)])
    yield "strides-out-of-the-storage", lambda: torch(state(("a", tensor([2, 2], [1000, 1], 0, 4))), [bytes(16)])
    yield "strides-below-zero", lambda: torch(state(("a", tensor([2], [-1], 1, 2))), [bytes(8)])
    yield "offset-of-64-bits", lambda: torch(state(("a", tensor([1], [1], 2**63 - 1))), [bytes(4)])
    yield "shape-of-64-bits", lambda: torch(state(("a", tensor([2**32, 2**32], [0, 0]))), [bytes(4)])
    yield "shape-of-zero-times-64-bits", lambda: torch(state(("a", tensor([0, 2**62, 2**62], [0, 0, 0]))), [bytes(4)])
    yield "number-expanded", lambda: torch(state(("a", tensor([10**9], [0]))), [bytes(4)])
    side = math.isqrt(megabytes(20) // 4)
    yield "views-of-one-storage", lambda: torch(
        state(*((f"{n}", tensor([side, side], [1, side], 0, side * side)) for n in range(of(1000)))), [bytes(4 * side * side)])
    yield "bombs-of-storages", lambda: torch(
        state(*((f"{n}", tensor([2_500_000], [1], 0, 2_500_000, f"{n}")) for n in range(of(12)))), [bytes(10_000_000)] * of(12),
        deflated=True)
    yield "slices-of-a-bomb", lambda: torch(
        state(*((f"{n}", tensor([2_499_000], [1], n, 2_500_000)) for n in range(of(1000)))), [bytes(10_000_000)], deflated=True)
    yield "empty-tensors-in-number", lambda: torch(
        state(*((f"a{n}", tensor([0], [1], 0, 1)) for n in range(of(9_000)))), [bytes(4)])
