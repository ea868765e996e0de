#!/usr/bin/env python3
"""Writes Tests/Fixtures/foreign: small files of NumPy and PyTorch, for the tests of ForeignFiles.
Those of Keras, h5py and flax are written by make_keras_fixtures.py.

    pip install numpy==2.4.6 torch==2.15.0
    python3 Tests/Interop/make_fixtures.py

Element i of an array, in row-major order, is i/8 (of whole numbers: i, of truth values: whether i is odd), plus the array's
number in its file, so that tests compute what they expect. The same versions of the packages write the same bytes, but for
old-format.pt and script.pt. Also writes the first inputs of the fuzz targets that read such files.
"""
import io
import pathlib
import zipfile
import zlib
import numpy
import torch
from torch import nn

folder = pathlib.Path(__file__).parent.parent / "Fixtures" / "foreign"
folder.mkdir(exist_ok=True)


def array(*shape, kind="<f4", number=0):
    """An array by the rule above."""
    values = numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape)
    if numpy.dtype(kind).kind == "b":
        return values % 2 == 1
    return numpy.asarray(values / 8 + number if numpy.dtype(kind).kind == "f" else values + number, kind)


def tensor(*shape, number=0, dtype=torch.float32):
    """A tensor by the same rule."""
    kind = "<f8" if dtype.is_floating_point else "<i8"
    return torch.from_numpy(array(*shape, kind=kind, number=number)).to(dtype)


def ruled(module):
    """A module whose parameters are numbered in their order."""
    with torch.no_grad():
        for number, parameter in enumerate(module.parameters()):
            parameter.copy_(tensor(*parameter.shape, number=number))
    return module


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(2, 3)
        self.decoder = nn.Linear(3, 2)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(4, 3)
        self.decoder = nn.Linear(3, 4, bias=False)
        self.decoder.weight = self.encoder.weight


def numpy_files():
    kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
    numpy.savez(folder / "types.npz", **{kind: array(2, 3, kind=f"<{kind}") for kind in kinds})
    numpy.savez(folder / "big-endian.npz", **{kind: array(2, 3, kind=f">{kind}") for kind in kinds[:11]})
    arrays = {"z": array(3, 4, number=1), "a": array(number=2), "empty": array(0, 5),
              "fortran": numpy.asfortranarray(array(2, 3, 4, number=3)), "line": array(500, kind="<i4")}
    numpy.savez(folder / "stored.npz", **arrays)
    numpy.savez_compressed(folder / "deflated.npz", **arrays)
    numpy.save(folder / "single.npy", array(3, 2))
    for version in [2, 3]:
        with open(folder / f"version-{version}.npy", "wb") as file:
            numpy.lib.format.write_array(file, array(3, 2), version=(version, 0))
    fields = numpy.zeros(2, [("a", "<f4"), ("b", "<i4")])
    numpy.save(folder / "fields.npy", fields)
    numpy.save(folder / "objects.npy", numpy.array([None, 1], dtype=object), allow_pickle=True)
    numpy.save(folder / "texts.npy", numpy.array(["a", "b"]))
    numpy.save(folder / "complex.npy", numpy.zeros(2, "<c8"))


def torch_files():
    model = ruled(Tagger())
    torch.save(model.state_dict(), folder / "state-dict.pt")
    for protocol in [3, 4, 5]:
        torch.save(model.state_dict(), folder / f"protocol-{protocol}.pt", pickle_protocol=protocol)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.25)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "best": 0.5,
                "name": "tagger", "notes": [None, True, (1, -2), b"\x00\xff"]}, folder / "checkpoint.pt")
    # The keys of a Lightning checkpoint that holds plain data.
    torch.save({"epoch": 1, "global_step": 8, "pytorch-lightning_version": "2.6.0", "state_dict": model.state_dict(),
                "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 1}}}}, "callbacks": {},
                "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [],
                "hyper_parameters": {"hidden": 3, "device": torch.device("cuda", 0), "dtype": torch.float32,
                                     "size": torch.Size([2, 3])}}, folder / "lightning.pt")
    torch.save({"generator": {"w": tensor(1)}, "discriminator": {"w": tensor(2)}}, folder / "two-models.pt")
    torch.save(ruled(Tied()).state_dict(), folder / "tied.pt")
    whole = tensor(4, 6)
    torch.save({"whole": whole, "transposed": whole.T, "rows": whole[1:3], "columns": whole[:, 2:4],
                "every-other": whole[::2, ::3], "three-axes": tensor(2, 3, 4).permute(2, 0, 1),
                "parameter": nn.Parameter(tensor(3, number=7)), "none": whole[4:]}, folder / "views.pt")
    kinds = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
    torch.save({str(kind): tensor(2, 3, dtype=kind) for kind in kinds} | {
        "torch.bool": torch.tensor([False, True, False]), "torch.complex64": torch.tensor([1 + 2j]),
        "scalar": tensor(number=5)}, folder / "types.pt")
    torch.save({"w": torch.ones(1).expand(8)}, folder / "expanded.pt")
    torch.save(torch.optim.SGD(model.parameters(), lr=0.5).state_dict(), folder / "no-model.pt")
    torch.save(ruled(nn.Linear(2, 1)), folder / "whole-module.pt")
    torch.save({"w": tensor(2)}, folder / "old-format.pt", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.script(ruled(nn.Linear(2, 1))), str(folder / "script.pt"))


def archives():
    """Bytes i² mod 251 div 8, compressed by each kind of block, and with each strategy of zlib."""
    data = bytes(i * i % 251 // 8 for i in range(3000))
    plain = zipfile._get_compressor
    with zipfile.ZipFile(folder / "deflate.zip", "w") as archive:
        for name, level, strategy in [("stored-blocks", 0, zlib.Z_DEFAULT_STRATEGY), ("fixed", 9, zlib.Z_FIXED),
                                      ("huffman-only", 9, zlib.Z_HUFFMAN_ONLY), ("runs", 9, zlib.Z_RLE),
                                      ("fast", 1, zlib.Z_DEFAULT_STRATEGY), ("best", 9, zlib.Z_DEFAULT_STRATEGY)]:
            zipfile._get_compressor = lambda *_: zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    zipfile._get_compressor = plain


def fuzz_inputs():
    """Seeds: each storage of a pickle is the one that the fuzz target has, 0, of eight floats."""
    inputs = folder.parent / "fuzz"

    def pickle(value, protocol):
        buffer = io.BytesIO()
        torch.save(value, buffer, pickle_protocol=protocol)
        archive = zipfile.ZipFile(buffer)
        return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))

    w = tensor(8)
    for name, protocol, value in [
            ("state-dict", 2, {"a": w.view(2, 4), "b": w[2:5]}), ("parameter", 2, {"p": nn.Parameter(w), "b": b"a"}),
            ("protocol-4", 4, {"model": {"a": w.view(2, 4).T}, "n": [1, -2, 0.5, None, True, (), b"x"],
                               "s": torch.Size([2]), "d": torch.device("cpu")})]:
        (inputs / "pickle" / name).write_bytes(pickle(value, protocol))
    for name, value in [("row-major", array(3, 2)), ("column-major", numpy.asfortranarray(array(2, 3, kind=">i2")))]:
        numpy.save((inputs / "npy" / name).open("wb"), value)
    for name, save in [("stored", numpy.savez), ("deflated", numpy.savez_compressed)]:
        save((inputs / "zip" / name).open("wb"), a=array(5))


numpy_files()
torch_files()
archives()
fuzz_inputs()
