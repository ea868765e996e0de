"""Files of other packages' formats that ask for too much, for hostile_files.py: archives, pickles, HDF5, MessagePack, ONNX."""
import io
import math
import pickle
import struct
import zipfile
import zlib

FLOAT = "<f4"


def files(of):
    """Names and makers of all files; `of` divides a count by the scale."""
    megabytes = lambda count: of(count * 1_000_000)
    for kind, cases in [("npz", archives), ("pt", pickles), ("h5", hdf5), ("msgpack", messages), ("onnx", graphs)]:
        for name, make in cases(of, megabytes):
            yield f"{kind}/{name}", make


# ZIP and NumPy

def npy(shape, data=b"", kind=FLOAT):
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
    yield "bomb-of-200-megabytes", lambda: archive(("a.npy", npy((megabytes(200) // 4,), bytes(megabytes(200)))))
    yield "bomb-within-the-limit", lambda: archive(("a.npy", npy((megabytes(66) // 4,), bytes(megabytes(66)))))
    yield "bombs-of-many-members", lambda: archive(
        *((f"{n}.npy", npy((250_000,), bytes(1_000_000))) for n in range(of(200))))
    yield "bomb-of-an-unread-member", lambda: archive(("a.npy", npy((1,), bytes(4))), ("b.txt", bytes(megabytes(200))))
    yield "bomb-said-to-be-small", lambda: packed(b"a.npy", raw_deflate(bytes(megabytes(60))), 100_000)
    yield "data-said-to-be-large", lambda: packed(
        b"a.npy", raw_deflate(bytes(100)) + bytes(megabytes(60) // 1032), megabytes(60))
    yield "member-that-is-listed-often", lambda: packed(b"0.npy", b"\3\0", 0, count=of(60_000))
    yield "directory-of-entries", lambda: archive(*((f"{n}", b"") for n in range(of(60_000))), deflated=False)
    yield "arrays-of-no-elements", lambda: archive(
        *((f"{n}.npy", npy((0,) * 30)) for n in range(of(32_000))), deflated=False)
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
    yield "pickle-of-200-megabytes", lambda: torch(bytes(megabytes(200)), deflated=True)
    yield "texts-of-8-megabytes", lambda: torch(b"\x80\2(" + unicode(b"x" * 30) * of(230_000) + b"t.")
    for name, code, width in [("bytes", b"B", 4), ("text", b"X", 4), ("bytes-of-64-bits", b"\x8e", 8),
                              ("text-of-64-bits", b"\x8d", 8), ("frame", b"\x95", 8), ("long", b"\x8b", 4)]:
        yield f"length-of-{name}", lambda code=code, width=width: torch(b"\x80\4" + code + b"\xff" * (width - 1) + b"\x7f.")
    yield "integer-of-255-bytes", lambda: torch(b"\x80\2\x8a\xff" + b"\x7f" * 255 + b".")
    yield "function-of-the-system", lambda: torch(b"\x80\2cos\nsystem\n" + short("true") + b"\x85R.")
    yield "function-from-the-stack", lambda: torch(b"\x80\4" + short("builtins") + short("eval") + b"\x93.")
    yield "object-of-a-class", lambda: torch(pickle.dumps(zlib.error("x"), protocol=2))
    # The shape of one tensor, of many axes, in many tensors.
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


# HDF5

NOTHING = b"\xff" * 8


def superblock(root, size):
    return (b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
            + struct.pack("<Q", 0) + NOTHING + struct.pack("<Q", size) + NOTHING
            + struct.pack("<QQII", 0, root, 0, 0) + bytes(16))


def sealed(data):
    """A structure followed by its checksum, Jenkins's lookup3."""
    words = list(struct.unpack(f"<{(len(data) + 3) // 4}I", data + bytes(-len(data) % 4))) + [0, 0]
    state = [(0xDEADBEEF + len(data)) % 2**32] * 3
    rolled = lambda x, turn: (x << turn | x >> (32 - turn)) % 2**32
    while True:
        state = [(x + words.pop(0)) % 2**32 for x in state]
        if len(words) <= 2:
            break
        for x, turn in zip([0, 1, 2] * 2, [4, 6, 8, 16, 19, 4]):
            y, z = (x + 2) % 3, (x + 1) % 3
            state[x] = (state[x] - state[y]) % 2**32 ^ rolled(state[y], turn)
            state[y] = (state[y] + state[z]) % 2**32
    for x, turn in zip([2, 0, 1, 2, 0, 1, 2], [14, 11, 25, 16, 4, 14, 24]):
        y = (x + 2) % 3
        state[x] = ((state[x] ^ state[y]) - rolled(state[y], turn)) % 2**32
    return data + struct.pack("<I", state[2])


class Hierarchy:
    """A file whose parts are put one after the other."""

    def __init__(self):
        self.parts, self.size = [], 96

    def put(self, data):
        place, data = self.size, data + bytes(-len(data) % 8)
        self.parts.append(data)
        self.size += len(data)
        return place

    def header(self, *messages):
        """An object header of version 1, of messages (kind, data)."""
        body = b"".join(
            struct.pack("<HHB3x", kind, (len(data) + 7) // 8 * 8, 0) + data + bytes(-len(data) % 8) for kind, data in messages)
        return self.put(struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body)

    def file(self, root):
        return superblock(root, self.size) + b"".join(self.parts)


def link(name, address):
    return 6, bytes([1, 0, len(name)]) + name.encode() + struct.pack("<Q", address)


def soft(name, path):
    return 6, bytes([1, 8, 1, len(name)]) + name.encode() + struct.pack("<H", len(path)) + path.encode()


def dataspace(*sizes):
    return 1, bytes([1, len(sizes), 0, 0, 0, 0, 0, 0]) + struct.pack(f"<{len(sizes)}Q", *sizes)


FLOAT_TYPE = 3, bytes([0x11, 0x20, 0x1F, 0]) + struct.pack("<IHHBBBBI", 4, 0, 32, 23, 8, 0, 23, 127)
BYTE_TYPE = 3, bytes([0x10, 0, 0, 0]) + struct.pack("<IHH", 1, 0, 8)


def contiguous(address, size):
    return 8, bytes([3, 1]) + struct.pack("<QQ", address, size)


def chunked(address, *sizes):
    return 8, bytes([3, 2, len(sizes)]) + struct.pack(f"<Q{len(sizes)}I", address, *sizes)


def filters(*numbers):
    return 0xB, bytes([2, len(numbers)]) + b"".join(
        struct.pack("<H", n) + (b"\0\0" if n >= 256 else b"") + struct.pack("<HH", 0, 1 if n == 2 else 0)
        + (struct.pack("<I", 4) if n == 2 else b"") for n in numbers)


def chunk_tree(chunks, rank):
    """A leaf of a tree of chunks (size, offsets, address)."""
    entries = b"".join(struct.pack(f"<II{rank + 1}QQ", size, 0, *offsets, 0, address) for size, offsets, address in chunks)
    return b"TREE" + struct.pack("<BBH", 1, 0, len(chunks)) + NOTHING * 2 + entries + bytes(8 * (rank + 3))


def dataset(*messages, more=lambda h: ()):
    """A file of one dataset, whose further messages `more` makes of the parts that it puts into the file."""
    hierarchy = Hierarchy()
    rest = more(hierarchy)
    return hierarchy.file(hierarchy.header(link("a", hierarchy.header(*messages, *rest))))


def one_chunk(data, *sizes):
    """The layout of a dataset whose only chunk, of these sizes, has these data."""
    def put(hierarchy):
        address = hierarchy.put(data)
        tree = hierarchy.put(chunk_tree([(len(data), [0] * len(sizes), address)], len(sizes)))
        return [chunked(tree, *sizes, 4)]
    return put


def hdf5(of, megabytes):
    def root(*messages):
        hierarchy = Hierarchy()
        return hierarchy.file(hierarchy.header(*messages))

    yield "group-within-itself", lambda: root(link("a", 96))
    yield "links-in-a-circle", lambda: root(soft("a", "/b"), soft("b", "/a"))
    yield "link-that-grows", lambda: root(soft("a", "/a/a/a/a/a/a/a/a"))
    yield "link-to-another-file", lambda: root((6, bytes([1, 8, 64, 1]) + b"a" + struct.pack("<H", 4) + b"\0a\0b"))

    def doubling():
        hierarchy = Hierarchy()
        place = hierarchy.header(FLOAT_TYPE, dataspace(1), contiguous(96, 4))
        for _ in range(60):
            place = hierarchy.header(link("a", place), link("b", place))
        return hierarchy.file(place)

    yield "groups-that-stand-in-each-other-twice", doubling

    def groups():
        hierarchy = Hierarchy()
        places = [hierarchy.header(link("a", 96)) for _ in range(of(125_000))]
        return hierarchy.file(hierarchy.header(*(link(f"{n}", place) for n, place in enumerate(places[:1000]))))

    def chain(count):
        hierarchy = Hierarchy()
        place = hierarchy.header(FLOAT_TYPE, dataspace(1), contiguous(96, 4))
        for _ in range(count):
            place = hierarchy.header(link("a", place))
        return hierarchy.file(place)

    yield "groups-in-number", lambda: chain(of(120_000))
    yield "groups-in-each-other", lambda: chain(1000)
    yield "messages-in-number", lambda: root(*((6, b"\1\0\1a" + struct.pack("<Q", 96)) for _ in range(of(65_000))))
    yield "header-that-continues-in-itself", lambda: root((0x10, struct.pack("<QQ", 112, 24)), (0x10, struct.pack("<QQ", 112, 24)))

    def new_header(size):
        hierarchy = Hierarchy()
        return hierarchy.file(hierarchy.put(b"OHDR" + bytes([2, 3]) + struct.pack("<Q", size) + bytes(size + 4)))

    yield "header-of-90-megabytes", lambda: new_header(megabytes(90))

    def tree_in_itself():
        hierarchy = Hierarchy()
        tree = hierarchy.size
        hierarchy.put(b"TREE" + struct.pack("<BBH", 0, 255, 2) + NOTHING * 2 + struct.pack("<QQQQQ", 0, tree, 0, tree, 0))
        heap = hierarchy.put(b"HEAP" + bytes(4) + struct.pack("<QQQ", 8, 1, 96) + bytes(8))
        return hierarchy.file(hierarchy.header((0x11, struct.pack("<QQ", tree, heap))))

    yield "tree-within-itself", tree_in_itself
    yield "size-of-64-bits", lambda: dataset(FLOAT_TYPE, dataspace(2**62), contiguous(96, 4))
    yield "size-beyond-64-bits", lambda: dataset(FLOAT_TYPE, dataspace(2**64 - 1), contiguous(96, 4))
    yield "product-of-sizes", lambda: dataset(FLOAT_TYPE, dataspace(2**32, 2**32), contiguous(96, 4))
    yield "zero-times-64-bits", lambda: dataset(FLOAT_TYPE, dataspace(0, 2**62, 2**62), contiguous(96, 0))
    yield "axes-in-number", lambda: dataset(FLOAT_TYPE, dataspace(*[1] * 255), contiguous(96, 4))
    yield "data-beyond-the-file", lambda: dataset(FLOAT_TYPE, dataspace(100), contiguous(2**63 - 8, 400))
    yield "data-never-written", lambda: dataset(FLOAT_TYPE, dataspace(megabytes(200)), (8, bytes([3, 1]) + NOTHING + struct.pack("<Q", 4 * megabytes(200))))

    def unwritten():
        hierarchy = Hierarchy()
        size = megabytes(10)
        places = [hierarchy.header(BYTE_TYPE, dataspace(size), (8, bytes([3, 1]) + NOTHING + struct.pack("<Q", size)))
                  for _ in range(of(1000))]
        return hierarchy.file(hierarchy.header(*(link(f"{n}", place) for n, place in enumerate(places))))

    yield "datasets-never-written", unwritten
    nothing = struct.unpack("<Q", NOTHING)[0]
    yield "chunks-of-one-number", lambda: dataset(BYTE_TYPE, dataspace(megabytes(60)), chunked(nothing, 1, 1))
    yield "chunks-beyond-64-bits", lambda: dataset(BYTE_TYPE, dataspace(2**40, 2**22), chunked(nothing, 1, 1, 1))
    yield "chunk-of-gigabytes", lambda: dataset(BYTE_TYPE, dataspace(1), chunked(nothing, 2**32 - 1, 1))
    yield "chunk-that-is-listed-often", lambda: dataset(
        BYTE_TYPE, dataspace(65_000), more=lambda h: [chunked(h.put(chunk_tree([(1, [0], 96)] * 65_000, 1)), 1, 1)])
    bomb = lambda size: zlib.compress(bytes(size), 9)
    yield "bomb-in-a-chunk", lambda: dataset(
        FLOAT_TYPE, dataspace(1), filters(1), more=one_chunk(bomb(megabytes(60)), megabytes(60) // 4))
    yield "bomb-of-the-dataset", lambda: dataset(
        FLOAT_TYPE, dataspace(megabytes(60) // 4), filters(1), more=one_chunk(bomb(megabytes(60)), megabytes(60) // 4))
    yield "bomb-that-is-shuffled", lambda: dataset(
        FLOAT_TYPE, dataspace(megabytes(30) // 4), filters(2, 1), more=one_chunk(bomb(megabytes(30)), megabytes(30) // 4))
    yield "bomb-said-to-be-small", lambda: dataset(
        FLOAT_TYPE, dataspace(10), filters(1), more=one_chunk(bomb(megabytes(60)), 10))
    yield "bomb-in-a-bomb", lambda: dataset(
        FLOAT_TYPE, dataspace(megabytes(30) // 4), filters(1, 1), more=one_chunk(zlib.compress(bomb(megabytes(30))), megabytes(30) // 4))
    yield "filters-in-number", lambda: dataset(
        FLOAT_TYPE, dataspace(megabytes(10) // 4), filters(*[2] * 31, 1), more=one_chunk(bomb(megabytes(10)), megabytes(10) // 4))
    yield "filter-that-is-unknown", lambda: dataset(FLOAT_TYPE, dataspace(1), filters(32015), more=one_chunk(b"x", 1))

    def paged():
        """An array of chunks, each in a page of its own, all of them said to be written."""
        hierarchy, count = Hierarchy(), megabytes(20)
        block = hierarchy.put(b"FADB" + bytes(10) + b"\xff" * (count // 8))
        head = hierarchy.put(sealed(b"FAHD" + bytes([0, 0, 8, 0]) + struct.pack("<QQ", count, block)))
        layout = 8, bytes([4, 2, 0, 2, 4]) + struct.pack("<II", 1, 1) + bytes([3, 0]) + struct.pack("<Q", head)
        return hierarchy.file(hierarchy.header(link("a", hierarchy.header(BYTE_TYPE, dataspace(count), layout))))

    yield "chunks-in-pages", paged
    text_type = 3, bytes([0x13, 0, 0, 0]) + struct.pack("<I", 2**32 - 1)
    yield "text-of-4-gigabytes", lambda: dataset(text_type, dataspace(1), contiguous(96, 2**32 - 1))
    yield "texts-never-written", lambda: dataset(
        (3, bytes([0x13, 0, 0, 0]) + struct.pack("<I", 1)), dataspace(megabytes(60)),
        (8, bytes([3, 1]) + NOTHING + struct.pack("<Q", megabytes(60))))

    def attributes():
        """A configuration of nested lists."""
        text = b"[" * 60_000
        value = (bytes([1, 0]) + struct.pack("<HHH", 13, 8, 8) + b"model_config\0\0\0\0"
                 + bytes([0x13, 0, 0, 0]) + struct.pack("<I", len(text)) + bytes([1, 0, 0, 0, 0, 0, 0, 0]) + text)
        return root((0xC, value), link("a", 96))

    yield "configuration-of-brackets", attributes


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
    yield "text-of-90-megabytes", lambda: key + b"\xdb" + struct.pack(">I", megabytes(90)) + b"x" * megabytes(90)
    yield "bytes-of-90-megabytes", lambda: key + b"\xc6" + struct.pack(">I", megabytes(90)) + bytes(megabytes(90))
    yield "extension-of-90-megabytes", lambda: key + b"\xc9" + struct.pack(">I", megabytes(90)) + b"\7" + bytes(megabytes(90))
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

    yield "array-in-parts", lambda: in_parts(of(90))


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


def model(*parts):
    return field(1, 8) + field(7, b"".join(parts))


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

    yield "graphs-in-each-other", lambda: nested(of(20_000))
    yield "messages-in-each-other", lambda: field(1, 8) + b"\x3a\xff\xff\xff\x07" * of(200_000)
    yield "length-of-64-bits", lambda: field(1, 8) + b"\x3a" + b"\xff" * 9 + b"\1"
    yield "nodes-in-number", lambda: model(field(1, b"") * megabytes(10))
    yield "names-in-number", lambda: model(field(1, field(1, "") * megabytes(10)))
    yield "integers-in-number", lambda: model(field(1, field(5, field(1, "a") + field(8, b"\1" * megabytes(40)) + field(20, 7))))
    yield "text-of-90-megabytes", lambda: field(2, b"x" * megabytes(90)) + model(small)
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
    yield "weight-computed-in-many-steps", lambda: chain("Identity", ["{0}"], of(100_000), size=16)
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
    yield "layers-in-number", lambda: model(small, *(lstm() for _ in range(of(60_000))))
