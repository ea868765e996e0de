#!/usr/bin/env python3
"""Safetensors files that ask for too much, one for each way, and those of other formats (hostile_archives.py, hostile_hdf5.py,
hostile_messages.py).

    python3 .ci/hostile_files.py --list              # the names; of those that begin with "sound" the model is sound, and
                                                     # those with a slash begin with a format
    python3 .ci/hostile_files.py NAME PATH [SCALE]   # writes one; SCALE divides its sizes and counts (default 1)
    python3 .ci/hostile_files.py --serve             # writes one for each line "NAME PATH", and answers with a line

At scale 1 the files have up to 100 MB. Needs Python only.
"""
import json
import struct
import sys
import hostile_archives
import hostile_hdf5
import hostile_messages


def file(header, data=b""):
    """A file of this header, given as bytes or as an object."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def model(layers=1, hidden=1, symbols=("a",), **metadata):
    """The header and the data of a model of plain recurrent layers; metadata replace those of a sound one."""
    tensors, offset = {}, 0

    def add(name, *shape):
        nonlocal offset
        size = 4
        for factor in shape:
            size *= factor
        tensors[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size

    for layer in range(layers):
        add(f"rnn.weight_ih_l{layer}", hidden, len(symbols) if layer == 0 else hidden)
        add(f"rnn.weight_hh_l{layer}", hidden, hidden)
        add(f"rnn.bias_ih_l{layer}", hidden)
        add(f"rnn.bias_hh_l{layer}", hidden)
    add("decoder.weight", len(symbols), hidden)
    add("decoder.bias", len(symbols))
    shape = {"cell": "rnn", "layers": layers, "hidden": hidden, "embedding": 0, "dropout": 0, "vocabulary": len(symbols)}
    texts = {"architecture": json.dumps(shape), "tokens": "character",
             "vocabulary": json.dumps(list(symbols), ensure_ascii=False)}
    texts.update({key: value for key, value in metadata.items() if value is not None})
    return {"__metadata__": texts, **tensors}, bytes(offset)


def changed(**metadata):
    header, data = model(**metadata)
    return file(header, data)


def architecture(**changes):
    shape = {"cell": "rnn", "layers": 1, "hidden": 1, "embedding": 0, "dropout": 0, "vocabulary": 1}
    shape.update(changes)
    return json.dumps(shape)


def tensors(entries):
    """A header of these entries, as text, and no data."""
    return file(b"{" + ",".join(entries).encode() + b"}")


def entry(name, dtype="F32", shape="0", begin=0, end=0):
    return f'"{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{begin},{end}]}}'


def marks(count):
    """Combining marks of two classes in turn, whose canonical order is the reverse of theirs as often as can be."""
    return ("\u0301\u0316" * (count // 2 + 1))[:count]


def letters():
    """The characters that stand for bytes in vocabularies of words and subwords."""
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(byte) for byte in own] + [chr(0x100 + number) for number in range(256 - len(own))]


def files(scale):
    def of(count):
        return max(1, count // scale)

    megabytes = lambda count: of(count * 1_000_000)
    yield "sound-small", lambda: changed()
    yield "sound-large", lambda: file(*model(layers=1, hidden=of(4700)))
    yield "layers-524288", lambda: changed(architecture=architecture(layers=524_288))
    yield "layers-100000", lambda: file(*model(layers=of(100_000)))
    yield "layers-64-absent", lambda: changed(architecture=architecture(layers=64, hidden=65_536))
    yield "layers-64-of-lstm-absent", lambda: changed(architecture=architecture(cell="lstm", layers=64, hidden=65_536))
    yield "vocabulary-of-duplicates", lambda: changed(
        vocabulary="[" + ",".join(['"a"'] * of(14_000_000)) + "]", architecture=architecture(vocabulary=of(14_000_000)))
    yield "vocabulary-of-duplicates-within-the-limit", lambda: changed(
        vocabulary="[" + ",".join(['"a"'] * of(1_300_000)) + "]")
    yield "vocabulary-sorted", lambda: changed(
        vocabulary=json.dumps(sorted(f"{n:07}" for n in range(of(8_000_000))), separators=(",", ":")))
    yield "vocabulary-sorted-within-the-limit", lambda: changed(
        vocabulary=json.dumps(sorted(f"{n:07}" for n in range(of(650_000))), separators=(",", ":")))
    yield "vocabulary-of-one-long-symbol", lambda: changed(vocabulary=json.dumps(["a" * megabytes(90)]))
    yield "vocabulary-nested", lambda: changed(vocabulary="[" * megabytes(80))
    yield "subwords-of-one-merge", lambda: changed(
        tokens="subword", vocabulary=json.dumps({"symbols": letters() + ["!!"], "merges": ["! !"] * of(8_000_000)}))
    yield "subwords-of-merges-within-the-limit", lambda: changed(
        tokens="subword", vocabulary=json.dumps({"symbols": letters() + ["!!"], "merges": ["! !"] * of(1_000_000)}))
    yield "subwords-of-merges-alone", lambda: changed(
        tokens="subword", vocabulary=json.dumps({"merges": ["! !"] * of(8_000_000)}))
    yield "words-within-the-limit", lambda: changed(
        tokens="word", vocabulary=json.dumps(letters() + [f"w{n:07}" for n in range(of(261_000))]))
    yield "history-of-numbers", lambda: changed(history='{"step":[' + ",".join(["1"] * of(30_000_000)) + "]}")
    yield "architecture-of-keys", lambda: changed(
        architecture="{" + ",".join(f'"k{n}":1' for n in range(of(3_000_000))) + "}")
    yield "architecture-nested", lambda: changed(architecture="[" * megabytes(90))
    yield "architecture-of-spaces", lambda: changed(architecture=" " * megabytes(90))
    yield "metadata-of-keys", lambda: file(
        b'{"__metadata__":{' + ",".join(f'"{n}":""' for n in range(of(3_000_000))).encode() + b"}}")
    yield "metadata-of-long-values", lambda: file(
        {"__metadata__": {str(n): "x" * 100_000 for n in range(of(900))}})
    yield "metadata-of-one-string-of-escapes", lambda: file(
        b'{"__metadata__":{"a":"' + b"\\u00e9" * of(15_000_000) + b'"}}')
    yield "name-of-90-megabytes", lambda: tensors([entry("a" * megabytes(90))])
    yield "names-of-a-common-prefix", lambda: tensors([entry("a" * 400 + str(n)) for n in range(of(200_000))])
    yield "names-of-combining-marks", lambda: tensors(
        [entry(marks(240) + str(n)) for n in range(of(180_000))])
    yield "names-of-combining-marks-within-the-limit", lambda: tensors(
        [entry(marks(240) + str(n)) for n in range(of(500))])
    yield "symbol-of-combining-marks", lambda: changed(
        vocabulary=json.dumps(["e" + marks(of(500_000)), "a"], ensure_ascii=False))
    yield "names-twice", lambda: tensors([entry(str(n % of(60_000))) for n in range(of(1_500_000))])
    yield "tensors-of-no-elements", lambda: tensors([entry(f"t{n}") for n in range(of(1_000_000))])
    yield "tensors-at-the-limit", lambda: tensors(
        [entry(f"tensor-of-a-longer-name-{n}", shape=",".join(["0"] * 32)) for n in range(of(32_000))])
    yield "dtype-of-90-megabytes", lambda: tensors([entry("a", dtype="F" * megabytes(90))])
    yield "shape-of-numbers", lambda: tensors([entry("a", shape=",".join(["1"] * of(45_000_000)))])
    yield "shape-of-digits", lambda: tensors([entry("a", shape="1" * megabytes(90))])
    yield "offsets-of-numbers", lambda: file(
        b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[' + b",".join([b"0"] * of(45_000_000)) + b"]}}")
    yield "fields-of-a-tensor", lambda: file(
        b'{"a":{' + ",".join(f'"{n}":1' for n in range(of(8_000_000))).encode() + b"}}")
    yield "header-of-spaces", lambda: file(b"{" + b" " * megabytes(99) + b"}")
    yield "header-of-nesting", lambda: file(b'{"a":' * megabytes(19))
    yield "header-of-high-characters", lambda: file(b'{"' + "\u4f60".encode() * megabytes(30) + b'":1}')
    yield "sound-beside-other-tensors", lambda: foreign("other", of(32_000))
    yield "extra-parameters", lambda: foreign("rnn", of(32_000))
    for kind, cases in [("npz", hostile_archives.archives), ("keras", hostile_archives.kerases),
                        ("pt", hostile_archives.pickles), ("h5", hostile_hdf5.files),
                        ("msgpack", hostile_messages.messages), ("onnx", hostile_messages.graphs)]:
        for name, make in cases(of, megabytes):
            yield f"{kind}/{name}", make


def foreign(prefix, count):
    """A sound model beside many empty tensors whose names begin so."""
    header, data = model()
    for n in range(count):
        header[f"{prefix}.{n:050}"] = {"dtype": "F32", "shape": [0], "data_offsets": [len(data), len(data)]}
    return file(header, data)


def write(make, path):
    with open(path, "wb") as out:
        out.write(make())


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        print("\n".join(name for name, _ in files(1)))
    elif sys.argv[1] == "--serve":
        makers = dict(files(1))
        for line in sys.stdin:
            name, path = line.rstrip("\n").split(" ", 1)
            write(makers[name], path)
            print("written", flush=True)
    else:
        name, path = sys.argv[1:3]
        write(dict(files(int(sys.argv[3]) if len(sys.argv) > 3 else 1))[name], path)
