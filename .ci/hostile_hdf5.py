"""HDF5 files that ask for too much, for hostile_files.py."""
import struct
import zlib

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


def files(of, megabytes):
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

    yield "header-of-50-megabytes", lambda: new_header(megabytes(50))

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

    def listed():
        """Layers that are one group, which lists many weights."""
        hierarchy = Hierarchy()
        def names(attribute, name, count):
            return 0xC, (bytes([1, 0]) + struct.pack("<HHH", len(attribute) + 1, 8, 16) + attribute.encode()
                         + bytes(8 - len(attribute) % 8) + bytes([0x13, 0, 0, 0]) + struct.pack("<I", 1)
                         + bytes([1, 1, 0, 0, 0, 0, 0, 0]) + struct.pack("<Q", count) + name * count)
        data = hierarchy.put(bytes(4))
        tensors = (link(f"t{number}", hierarchy.header(FLOAT_TYPE, dataspace(1), contiguous(data, 4))) for number in range(of(5000)))
        group = hierarchy.header(names("weight_names", b"w", 60_000), *tensors)
        return hierarchy.file(hierarchy.header(names("layer_names", b"a", 60_000), link("a", group)))

    yield "layers-listed-over-and-over", listed
