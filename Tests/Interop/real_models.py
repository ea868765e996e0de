#!/usr/bin/env python3
"""Runs recurrent models that Python packages ship, in the packages and in Swift, and holds the outputs to each other.

    pip install numpy==2.4.6 torch==2.15.0 onnxruntime==1.32.0 nltk==3.10.4 inflect==7.6.0 distance==0.1.3 setuptools==80.9.0
    pip install --no-deps g2p-en==2.1.0 silero-vad==6.2.3 uzmorph-bigru==0.1.1
    swift build -c release --product InteropModels
    python3 Tests/Interop/real_models.py [MODEL]…

textgenrnn needs Python 3.7 in an environment of its own:

    pip install tensorflow-cpu==2.1.4 keras==2.3.1 h5py==2.10.0 protobuf==3.20.3 scikit-learn==1.0.2 tqdm setuptools==65.5.0
    pip install --no-deps textgenrnn==2.0.0
    python3.7 Tests/Interop/real_models.py textgenrnn

Lines must be identical, and numbers within 1e-4 of the largest one. Times are medians of passes of both in turn, on one thread.
"""
import os

for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = "1"
import importlib.util
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import types
import numpy

root = pathlib.Path(__file__).resolve().parent.parent.parent
program = root / ".build/release/InteropModels"
COUNT, PASSES, TOLERANCE = 200, 7, 1e-4


def folder(module):
    """A package's folder, without running it."""
    return pathlib.Path(importlib.util.find_spec(module).origin).parent


def english():
    return (root / "corpora/fables.txt").read_text(encoding="utf-8")


class G2P:
    """g2p-en predicts the sounds of words that its dictionary lacks; without the dictionary, of all words."""
    module, unit = "g2p_en", "word"

    def __init__(self):
        import nltk
        import nltk.corpus
        nltk.download = lambda *_: True  # it wants a dictionary and a tagger, which the network has no part in
        nltk.corpus.cmudict = types.SimpleNamespace(dict=dict)
        from g2p_en import G2p
        self.model = G2p()
        self.items = sorted(set(re.findall("[a-z']{2,}", english().lower())), key=lambda w: (-len(w), w))[:COUNT]
        self.input = "\n".join(self.items).encode()

    def run(self):
        return [self.model.predict(word) for word in self.items]

    def expected(self):
        return [" ".join(str(self.model.p2idx[sound]) for sound in sounds) for sounds in self.run()], numpy.zeros(0, "f4")


class UzMorph:
    """uzmorph-bigru: forms of Uzbek nouns."""
    module, unit = "uzmorph_bigru", "word"
    STEMS = ("kitob maktab bola daraxt uy gul shahar qalam daftar stol ona ota do‘st kun yil suv non yo‘l tog‘ daryo bog‘ so‘z "
             "odam xalq ish").split()
    ENDINGS = ["", "lar", "ni", "ning", "da", "dan", "larimiz", "larining"]

    def __init__(self):
        import torch
        from uzmorph_bigru import uzmorph_bigru
        torch.set_num_threads(1)
        self.torch, self.model = torch, uzmorph_bigru()
        self.items = [stem + ending for stem in self.STEMS for ending in self.ENDINGS][:COUNT]
        self.input = "\n".join(self.items).encode()

    def run(self):
        return [self.model.analyze(word) for word in self.items]

    def expected(self):
        lines, numbers, network = [], [], self.model.model
        with self.torch.no_grad():
            for word in self.items:
                seen = []  # what analyze gives the network and takes from it
                hook = network.register_forward_hook(lambda _, inputs, scores: seen.append(scores))
                self.model.analyze(word)
                hook.remove()
                best = seen[0].argmax(-1)[0][:len(word)]
                lines.append(" ".join(self.model.idx_to_tag[int(tag)] for tag in best))
                numbers.append(seen[0].numpy().ravel())
        return lines, numpy.concatenate(numbers)


class Silero:
    """silero-vad: chunks of 32 ms of noise, silence, chirps, and vowels of a synthetic voice."""
    module, unit = "silero_vad", "chunk"

    def __init__(self):
        import torch
        from silero_vad import load_silero_vad
        torch.set_num_threads(1)
        self.torch, self.model = torch, load_silero_vad(onnx=True)
        self.samples = self.sound()
        self.input = self.samples.tobytes()

    @staticmethod
    def sound():
        random, count, rate = numpy.random.default_rng(1), 512 * COUNT, 16000
        seconds = numpy.arange(count) / rate
        pitch = 130 + 25 * numpy.sin(2 * numpy.pi * 0.8 * seconds)
        phase = 2 * numpy.pi * numpy.cumsum(pitch) / rate
        voice = numpy.zeros(count)
        formants = numpy.array([[700, 1200, 2600], [300, 2300, 3000], [400, 800, 2500], [500, 1700, 2500]])
        place = numpy.minimum(seconds * 4 % 4, 3.999).astype(int)
        for harmonic in range(1, 30):
            gain = sum(1 / (1 + ((harmonic * pitch - formants[place, k]) / 90) ** 2) for k in range(3))
            voice += gain * numpy.sin(harmonic * phase)
        voice *= numpy.clip(numpy.sin(2 * numpy.pi * 4 * seconds) + 0.6, 0, 1) * (seconds % 3 < 1.6)
        chirp = numpy.sin(2 * numpy.pi * (200 + 300 * (seconds % 2)) * seconds) * (seconds % 3 > 2.4)
        return (0.1 * voice + 0.2 * chirp + 0.003 * random.standard_normal(count)).astype("f4")

    def run(self):
        self.model.reset_states()
        chunks = self.torch.from_numpy(self.samples).reshape(-1, 512)
        return [self.model(chunk, 16000) for chunk in chunks]

    def expected(self):
        return [], numpy.array([float(value) for value in self.run()], "f4")


class SileroSequence(Silero):
    """The same network in a file of its own, which takes all chunks at once."""

    def __init__(self):
        super().__init__()
        from silero_vad.sequence_vad import SileroVADSequence
        self.model = SileroVADSequence(str(folder(self.module) / "data/silero_vad_16k_sequence.onnx"))

    def run(self):
        return self.model.audio_forward(self.samples)


class TextGen:
    """textgenrnn: the symbol after each of 200 lines."""
    module, unit = "textgenrnn", "symbol"

    def __init__(self):
        import tensorflow
        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        import textgenrnn
        from textgenrnn.utils import textgenrnn_encode_sequence
        self.model, self.encode = textgenrnn.textgenrnn(), textgenrnn_encode_sequence
        self.items = [line for line in english().split("\n") if line.strip()][:COUNT]
        self.input = "\n".join(self.items).encode("utf-8")

    def run(self):
        # As textgenrnn_generate does for each symbol.
        length = self.model.config["max_length"]
        return [
            self.model.model.predict(self.encode(list(line)[-length:], self.model.vocab, length), batch_size=1)[0]
            for line in self.items]

    def expected(self):
        return [], numpy.concatenate(self.run())


MODELS = {"g2p-en": G2P, "uzmorph-bigru": UzMorph, "silero-vad": Silero, "silero-vad-sequence": SileroSequence,
          "textgenrnn": TextGen}
STREAMS = ("uzmorph-bigru", "silero-vad")


def stream(name, package, lines, numbers):
    """Whether the program of the documentation, which reads standard input as it comes, says what the package says."""
    if name not in STREAMS:
        return True
    command = [program, "stream", name, folder(package.module)]
    said = subprocess.run(
        list(map(str, command)), input=package.input, stdout=subprocess.PIPE, check=True).stdout.decode("utf-8").splitlines()
    if lines:
        right = said == lines
    else:
        right = len(said) == len(numbers) and float(
            numpy.abs(numpy.array(said, "f4") - numbers).max() / numpy.abs(numbers).max()) < TOLERANCE
    print(f"{name:19} {len(said):4} {package.unit + 's':8} as a stream: {'equal' if right else 'DIFFERENT'}", flush=True)
    return right


def compare(name, directory):
    """Runs a model in both; whether they agree, and a row of the table."""
    package = MODELS[name]()
    lines, numbers = package.expected()
    pathlib.Path(directory, "input").write_bytes(package.input)
    command = [program, name, folder(package.module), f"{directory}/input", f"{directory}/output"]
    swift = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
    assert swift.stdout.readline() == "ready\n"
    found = numpy.fromfile(f"{directory}/output.f32", "f4")
    said = pathlib.Path(directory, "output.txt").read_text(encoding="utf-8").split("\n")
    same = sum(a == b for a, b in zip(said, lines))
    assert found.shape == numbers.shape, (found.shape, numbers.shape)
    difference = float(numpy.abs(found - numbers).max() / numpy.abs(numbers).max()) if len(numbers) else 0

    times = ([], [])
    for _ in range(PASSES + 1):
        start = time.perf_counter()
        package.run()
        times[0].append(time.perf_counter() - start)
        swift.stdin.write("\n")
        swift.stdin.flush()
        times[1].append(float(swift.stdout.readline()))
    swift.stdin.close()
    assert swift.wait() == 0
    ours, theirs = (1e6 * statistics.median(seconds[1:]) / COUNT for seconds in (times[1], times[0]))
    texts = f"{same} of {len(lines)}" if lines else ""
    far = f"{difference:.1e}" if len(numbers) else ""
    print(f"{name:19} {COUNT:4} {package.unit + 's':8} {texts:>12} {far:8} {theirs:10.0f} {ours:10.0f} {theirs / ours:8.1f}", flush=True)
    return same == len(lines) and difference < TOLERANCE and stream(name, package, lines, numbers)


print(f"{'model':19} {'items':13} {'equal lines':>12} {'differ':8} {'package µs':>10} {'Swift µs':>10} {'ratio':>8}")
with tempfile.TemporaryDirectory() as directory:
    right = [compare(name, directory) for name in sys.argv[1:] or list(MODELS)[:4]]
sys.exit(0 if all(right) else 1)
