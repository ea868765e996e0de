#!/usr/bin/env python3
"""Writes the HDF5 and MessagePack files in Tests/Fixtures/foreign, and the first inputs of the fuzz targets that read such.

    pip install keras==3.15.1 jax==0.10.2 flax==0.12.8 h5py==3.16.0 tables==3.11.1 msgpack==1.2.4
    python3 Tests/Interop/make_keras_fixtures.py

Elements follow the rule of make_fixtures.py: element i of an array is i/8, plus the array's number in its file. The
library writes some bytes that mean nothing and differ from run to run.
"""
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
import flax.serialization
import h5py
import keras
import ml_dtypes
import msgpack
import numpy
import tables

folder = pathlib.Path(__file__).parent.parent / "Fixtures" / "foreign"
fuzz = folder.parent / "fuzz"
for target in ["hdf5", "msgpack"]:
    (fuzz / target).mkdir(exist_ok=True)


def array(*shape, kind="<f4", number=0):
    """An array by the rule above."""
    values = numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape)
    if numpy.dtype(kind).kind == "b":
        return values % 2 == 1
    return numpy.asarray(values / 8 + number if numpy.dtype(kind).kind == "f" else values + number, kind)


def keras_files():
    """A model whose weights are numbered in their order."""
    model = keras.Sequential([
        keras.Input((None, 2)), keras.layers.LSTM(3, return_sequences=True),
        keras.layers.Bidirectional(keras.layers.GRU(2)), keras.layers.Dense(2, name="out")])
    model.set_weights([array(*weight.shape, number=number) for number, weight in enumerate(model.weights)])
    model.save_weights(folder / "keras-3.weights.h5")
    model.save(folder / "keras-3.keras")
    model.save(folder / "keras-3-legacy.h5")
    with keras.device("cpu:0"):
        half = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, dtype="bfloat16")])
    half.set_weights([array(2, 3).astype(ml_dtypes.bfloat16), array(3, number=1).astype(ml_dtypes.bfloat16)])
    half.save_weights(folder / "bfloat16.weights.h5")


def keras_2_file():
    """A file as Keras 2.2 writes weights: names are texts of one length, and parts of a model are named with `:0`."""
    with h5py.File(folder / "keras-2.h5", "w") as file:
        file.attrs["layer_names"] = numpy.array([b"embedding", b"lstm_1"])
        file.attrs["backend"] = numpy.bytes_("tensorflow")
        file.attrs["keras_version"] = numpy.bytes_("2.2.4")
        for number, (layer, weights) in enumerate(
                {"embedding": {"embeddings": (4, 2)}, "lstm_1": {"kernel": (2, 12), "recurrent_kernel": (3, 12), "bias": (12,)}}.items()):
            group = file.create_group(layer)
            group.attrs["weight_names"] = numpy.array([f"{layer}/{name}:0".encode() for name in weights])
            for place, (name, shape) in enumerate(weights.items()):
                group.create_dataset(f"{layer}/{name}:0", data=array(*shape, number=number + place))


def write_types(file):
    for kind in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        for order in "<>":
            file[f"{'little' if order == '<' else 'big'}/{kind}"] = array(2, 3, kind=order + kind)
    file["truth"] = array(2, 3, kind="?")
    file["scalar"] = array(number=5)
    file["none"] = array(0, 3)
    file.create_dataset("unwritten", (2, 2), "<f4", fillvalue=0.5)
    attributes = file["truth"].attrs
    attributes["text"] = "é"
    attributes["fixed"] = numpy.bytes_("ab")
    attributes["texts"] = ["a", "", "bcd"]
    attributes["fixed texts"] = numpy.array([b"a", b"", b"bcd"])
    attributes["number"] = 7
    attributes["numbers"] = array(2, 2)
    attributes["empty"] = h5py.Empty("f")


def write_chunks(file):
    data = array(5, 7, kind="<f4")
    plain = dict(data=data, chunks=(2, 3))
    file.create_dataset("plain", **plain)
    file.create_dataset("gzip", **plain, compression="gzip")
    file.create_dataset("shuffle", **plain, compression="gzip", shuffle=True)
    file.create_dataset("checksum", **plain, fletcher32=True)
    file.create_dataset("all", **plain, compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("single", data=data, chunks=(5, 7))
    file.create_dataset("single-gzip", data=data, chunks=(5, 7), compression="gzip")
    file.create_dataset("odd", data=array(7, kind="u1"), chunks=(3,), fletcher32=True)
    file.create_dataset("line", data=array(300, kind="<i4"), chunks=(4,), compression="gzip")
    # The whole chunk that the first element is in, and no other.
    file.create_dataset("holes", (4, 4), ">i2", chunks=(2, 2), fillvalue=-2)[0, 0] = 1
    space = h5py.h5s.create_simple((4, 3))
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    early.set_chunk((3, 2))
    h5py.h5d.create(file.id, b"early", h5py.h5t.IEEE_F32LE, space, early).write(h5py.h5s.ALL, h5py.h5s.ALL, array(4, 3))
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, compact).write(h5py.h5s.ALL, h5py.h5s.ALL, array(4, 3))


def write_links(file):
    file["a/b/c"] = array(2)
    file["a/same"] = file["a/b/c"]
    file["a/soft"] = h5py.SoftLink("/a/b")
    file["a/b/near"] = h5py.SoftLink("c")
    for number in range(12):
        file[f"many/{number}"] = array(number=number)


def h5py_files():
    for libver in ["earliest", "latest"]:
        for name, write in [("types", write_types), ("chunks", write_chunks), ("links", write_links)]:
            with h5py.File(folder / f"{name}-{libver}.h5", "w", libver=libver) as file:
                write(file)
    with h5py.File(folder / "ordered.h5", "w", track_order=True) as file:
        for name in "zyx":
            file[name] = array(2)
    with h5py.File(folder / "user-block.h5", "w", userblock_size=512) as file:
        file["w"] = array(2, 2)
    with h5py.File(folder / "dense.h5", "w", libver="latest") as file:
        file["w"] = array(number=1)
        for number in range(300):
            file[f"group/a-name-of-some-length-{number}"] = file["w"]
            file["w"].attrs[f"attribute {number}"] = number
    refused = {"external-link": lambda file: file.__setitem__("a", h5py.ExternalLink("other.h5", "/b")),
               "lzf": lambda file: file.create_dataset("a", data=array(64), compression="lzf"),
               "records": lambda file: file.__setitem__("a", numpy.zeros(2, [("x", "<f4"), ("y", "<i4")])),
               "texts": lambda file: file.__setitem__("a", ["b", "c"]),
               "dangling": lambda file: file.__setitem__("a", h5py.SoftLink("b")),
               "cycle": lambda file: file.__setitem__("a/b", file["/"]),
               "external-data": lambda file: file.create_dataset("a", (2,), "<f4", external="other.bin")}
    for name, write in refused.items():
        with h5py.File(folder / f"refused-{name}.h5", "w") as file:
            write(file)
    with tables.open_file(str(folder / "pytables.h5"), "w") as file:
        file.create_array("/", "plain", array(2, 3))
        file.create_carray("/", "packed", obj=array(20, 3, number=1), filters=tables.Filters(complevel=5, complib="zlib"))
        file.create_array("/", "truth", array(4, kind="?"))


def flax_files():
    import jax
    from flax import linen

    class Model(linen.Module):
        @linen.compact
        def __call__(self, tokens):
            return linen.Dense(2)(linen.RNN(linen.OptimizedLSTMCell(3))(tokens))

    params = Model().init(jax.random.key(0), numpy.zeros((1, 4, 2), "f4"))
    leaves, tree = jax.tree_util.tree_flatten(params)
    params = jax.tree_util.tree_unflatten(tree, [array(*leaf.shape, number=n) for n, leaf in enumerate(leaves)])
    (folder / "flax.msgpack").write_bytes(flax.serialization.to_bytes(params))
    (folder / "flax-state.msgpack").write_bytes(flax.serialization.to_bytes(
        {"step": 3, "rate": 0.5, "name": "tagger", "none": None, "params": {"w": array(2, 3)},
         "moments": (array(2, number=1), numpy.float32(2)), "half": array(3).astype(ml_dtypes.bfloat16)}))
    whole = flax.serialization.MAX_CHUNK_SIZE
    flax.serialization.MAX_CHUNK_SIZE = 16
    (folder / "flax-chunked.msgpack").write_bytes(flax.serialization.to_bytes({"a": {"w": array(3, 5)}, "b": array(2)}))
    flax.serialization.MAX_CHUNK_SIZE = whole
    kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
    (folder / "flax-types.msgpack").write_bytes(
        flax.serialization.msgpack_serialize({kind: array(2, 3, kind=f"<{kind}") for kind in kinds}))
    numbers = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1,
               -1, -32, -33, -128, -129, -32768, -32769, -2**31, -2**31 - 1, -2**63]
    (folder / "values.msgpack").write_bytes(msgpack.packb(
        [numbers, [None, True, False, 0.5, "a" * 31, "b" * 32, "c" * 300, b"\x00\xff"],
         {str(number): number for number in range(20)}, msgpack.ExtType(5, b"x"), msgpack.Timestamp(-1, 0)]))
    (fuzz / "msgpack" / "params").write_bytes(flax.serialization.to_bytes({"a": {"w": array(2)}, "s": [1, array()]}))
    (fuzz / "msgpack" / "values").write_bytes(msgpack.packb(
        [numbers, [None, True, 0.5, "é", b"\xff"], {"a": 1}, msgpack.ExtType(5, b"x")]))
    (fuzz / "msgpack" / "chunked").write_bytes((folder / "flax-chunked.msgpack").read_bytes())


def fuzz_inputs():
    """Seeds below 4096 bytes, each of other structures."""
    def write(name, body, **options):
        with h5py.File(fuzz / "hdf5" / name, "w", **options) as file:
            body(file)

    def old(file):
        file["a"] = h5py.SoftLink("b")
        file.create_group("b").attrs["t"] = numpy.bytes_("x")

    def chunks(file):
        file.create_dataset("c", data=array(5), chunks=(2,), compression="gzip", shuffle=True, fletcher32=True)

    def dense(file):
        for number in range(9):
            file[str(number)] = h5py.SoftLink("/0")

    def compact(file):
        file["a"] = array(2, kind=">i2")
        file["b"] = h5py.SoftLink("a")
        file["a"].attrs["t"] = array(2, kind="?")

    write("old", old)
    write("chunks", chunks)
    write("chunks-latest", chunks, libver="latest")
    write("dense", dense, libver="latest")
    write("compact", compact, libver="latest")


keras_files()
keras_2_file()
h5py_files()
flax_files()
fuzz_inputs()
