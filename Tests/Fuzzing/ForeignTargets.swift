import ForeignFiles
import TensorCheckpoints
import TensorCore

/// Members of an archive have the sizes that they say.
func readZIP(_ input: [UInt8]) {
  do {
    let archive = try ZIPArchive(MappedFile(copying: input, as: "input"))
    for member in archive.members where member.size < 1 << 20 {
      require(archive[member.name] == member, "a member is found by its name")
      do {
        let bytes = try archive.bytes(of: member)
        require(bytes.count == member.size, "a member has its size")
      } catch { requireOneLine(error) }
    }
    do { try requireConsistent(NamedTensors(npz: archive.file)) } catch { requireOneLine(error) }
  } catch { requireOneLine(error) }
}

/// An array has as many bytes as its shape needs, and is the same in an archive.
func readNumPy(_ input: [UInt8]) {
  do {
    let tensor = try StoredTensor(npy: MappedFile(copying: input, as: "input"))
    require(8 * tensor.bytes.count == tensor.dtype.bitCount(ofShape: tensor.shape), "an array has its size")
    let archive = storedArchive([("a.npy", input)])
    require(
      try NamedTensors(npz: MappedFile(copying: archive, as: "npz"))["a"] == tensor,
      "an array is the same in an archive")
  } catch { requireOneLine(error) }
}

/// A pickle, in a sound archive: a mutation of it is not stopped by a checksum.
func readPickle(_ input: [UInt8]) { readTorch(torchFile(pickle: input)) }

/// State dicts hold as many tensors as they have names.
func readTorch(_ input: [UInt8]) {
  do {
    let checkpoint = try TorchCheckpoint(MappedFile(copying: input, as: "input"))
    for key in checkpoint.stateDicts.prefix(3) {
      do { try requireConsistent(checkpoint.tensors(under: key)) } catch { requireOneLine(error) }
    }
    do { try requireConsistent(checkpoint.tensors()) } catch { requireOneLine(error) }
  } catch { requireOneLine(error) }
}

/// A value comes back when it is written, also in parts; and so do its tensors.
func readMessagePack(_ input: [UInt8]) {
  do {
    let file = try MessagePackFile(MappedFile(copying: input, as: "input"))
    for chunkSize in [1 << 30, 8] {
      let bytes = file.serialized(chunkSize: chunkSize)
      let again = try MessagePackFile(MappedFile(copying: bytes, as: "output"))
      require(again.serialized(chunkSize: chunkSize) == bytes, "what is written comes back")
    }
    try requireConsistent(file.tensors())
  } catch { requireOneLine(error) }
}

func requireConsistent(_ tensors: NamedTensors) {
  require(Set(tensors.names) == Set(tensors.tensors.keys), "each name has a tensor")
  for tensor in tensors.tensors.values {
    require(8 * tensor.bytes.count == tensor.dtype.bitCount(ofShape: tensor.shape), "a tensor has its size")
  }
}

func requireOneLine(_ error: any Error) {
  requireReadable(error)
  require(!"\(error)".contains("\n"), "an error is one line")
}
