import TensorCore

extension ProcessGroup {
  /// The bytes that every rank gives, as many each, in the order of the ranks.
  ///
  /// Takes ⌈log₂ n⌉ rounds, whose messages double (Bruck, Ho, Kipnis, Upfal and Weathersby, "Efficient algorithms for all-to-all
  /// communications in multiport message-passing systems", 1997).
  package func allGather(_ bytes: [UInt8]) -> [[UInt8]] {
    let unit = bytes.count
    if size == 1 || unit == 0 { return Array(repeating: bytes, count: size) }
    // Block i is that of rank (rank + i) mod n.
    let blocks = MessageBuffer(byteCount: unit * size)
    blocks.copy(0..<unit, of: MessageBuffer(bytes), to: 0)
    var count = 1
    while count < size {
      let new = min(count, size - count)
      run(
        MessageExchange(
          sends: [.init((rank + size - count) % size, blocks, 0..<new * unit)],
          receives: [.init((rank + count) % size, blocks, count * unit..<(count + new) * unit)]))
      count += new
    }
    return (0..<size).map { other in
      let block = (other + size - rank) % size
      return blocks.bytes(block * unit..<(block + 1) * unit)
    }
  }

  /// The numbers that every rank gives, as many each, in the order of the ranks.
  package func allGather(_ numbers: [Double]) -> [[Double]] {
    allGather(LittleEndianBytes.encode(numbers)).map { LittleEndianBytes.decode($0) }
  }

  /// Sums of numbers over all ranks, in their order.
  package func sums(of numbers: [Double]) -> [Double] {
    let all = allGather(numbers)
    return numbers.indices.map { index in all.dropFirst().reduce(all[0][index]) { $0 + $1[index] } }
  }

  /// The text that every rank gives, in the order of the ranks.
  package func allGather(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    let counts = allGather([Double(bytes.count)]).map { Int($0[0]) }
    let padded = bytes + Array(repeating: 0, count: counts.max()! - bytes.count)
    return zip(allGather(padded), counts).map { String(decoding: $0.prefix($1), as: UTF8.self) }
  }

  /// Bytes that each rank gives, of any lengths, in the order of the ranks; on rank 0 alone, elsewhere nil.
  package func gather(_ bytes: [UInt8]) -> [[UInt8]]? {
    let counts = allGather([Double(bytes.count)]).map { Int($0[0]) }
    guard rank == 0 else {
      run(MessageExchange(sends: [.init(0, MessageBuffer(bytes), 0..<bytes.count)], receives: []))
      return nil
    }
    let buffers = counts.enumerated().map { MessageBuffer(byteCount: $0.offset == 0 ? 0 : $0.element) }
    run(
      MessageExchange(
        sends: [],
        receives: (1..<size).map { .init($0, buffers[$0], 0..<counts[$0]) }))
    return [bytes] + buffers.dropFirst().map { $0.bytes() }
  }

  /// The bytes of one rank, on all of them; those that other ranks give do not count.
  ///
  /// Takes ⌈log₂ n⌉ rounds: ranks that have the bytes send them to as many that have not.
  package func broadcast(_ bytes: [UInt8], from root: Int = 0) -> [UInt8] {
    if size == 1 { return bytes }
    let count = Int(allGather([Double(bytes.count)])[root][0])
    let place = (rank + size - root) % size
    let buffer = place == 0 ? MessageBuffer(bytes) : MessageBuffer(byteCount: count)
    func other(_ place: Int) -> Int { (place + root) % size }
    var have = 1
    while have < size {
      if place < have, place + have < size {
        run(MessageExchange(sends: [.init(other(place + have), buffer, 0..<count)], receives: []))
      } else if (have..<2 * have).contains(place) {
        run(MessageExchange(sends: [], receives: [.init(other(place - have), buffer, 0..<count)]))
      }
      have *= 2
    }
    return place == 0 ? bytes : buffer.bytes()
  }
}
