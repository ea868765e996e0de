import TensorCore

extension Tensor {
  /// The bytes of its elements.
  package var message: [UInt8] {
    let buffer = MessageBuffer(byteCount: count * MemoryLayout<Scalar>.stride)
    buffer.store(0..<count, of: self, at: 0)
    return buffer.bytes()
  }

  /// A tensor of the elements of some messages, one after the other.
  package init(messages: [[UInt8]], shape: TensorShape) {
    self = .zeros(shape)
    var start = 0
    for message in messages {
      let end = start + message.count / MemoryLayout<Scalar>.stride
      MessageBuffer(message).load(from: 0, into: start..<end, of: &self)
      start = end
    }
    require(start == shape.count, "messages of \(start) elements for the shape \(shape)")
  }
}
