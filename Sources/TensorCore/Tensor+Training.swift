import CSequenceKernels

extension Tensor {
  /// A tensor of 0 with the given probability, else of another number: element i is a function of the source and of
  /// `start` + i.
  ///
  /// - Parameter kept: what stands where there is no 0; nil means 1 / (1 − probability).
  package static func dropoutMask(
    _ shape: TensorShape, probability: Double, kept: Scalar? = nil, from start: Int = 0, random: RandomSource,
    team: ThreadTeam, pool: BufferPool
  ) -> Tensor {
    let mask = Tensor(uninitialized: shape, pool: pool)
    let threshold = UInt32(probability * 0x1p32)
    let kept = kept ?? Scalar(1 / (1 - probability))
    let (base, places) = (SharedPointer(mask.storage.base), start..<start + shape.count)
    let first = start / 4
    team.split((places.upperBound + 3) / 4 - first) { blocks in
      for block in blocks {
        let words = RandomSource.block(seed: random.seed, counter: UInt64(first + block), domain: 2)
        let four = [words.0, words.1, words.2, words.3]
        for (lane, word) in four.enumerated() where places.contains((first + block) * 4 + lane) {
          base.pointer[(first + block) * 4 + lane - start] = word < threshold ? 0 : kept
        }
      }
    }
    return mask
  }

  /// −log softmax(row)[target] for each row of the last axis and, where wanted, the gradient of their mean.
  package func softmaxCrossEntropy(
    targets: [Int32], wantsGradient: Bool, team: ThreadTeam, pool: BufferPool
  ) -> (losses: [Double], gradient: Tensor?) {
    let (rows, classes) = (shape.rowCount, shape[-1])
    let gradient = wantsGradient ? Tensor(uninitialized: shape, pool: pool) : nil
    let losses = [Double](unsafeUninitializedCapacity: rows) { losses, count in
      count = rows
      guard rows > 0 else { return }
      let (out, source) = (SharedPointer(losses.baseAddress!), SharedPointer(storage.base + offset))
      let target = gradient.map { SharedPointer($0.storage.base) }
      targets.withUnsafeBufferPointer { targets in
        let targets = SharedPointer(UnsafeMutablePointer(mutating: targets.baseAddress!))
        team.split(rows) { part in
          WorkProfile.account(for: .loss) {
            Scalar.kernels.table.pointee.softmax_cross_entropy(
              Int64(part.count), Int64(classes), source.pointer + part.lowerBound * classes,
              targets.pointer + part.lowerBound, out.pointer + part.lowerBound, 1 / Double(rows),
              target.map { $0.pointer + part.lowerBound * classes })
          }
        }
      }
    }
    withExtendedLifetime((self, gradient)) {}
    return (losses, gradient)
  }
}

/// A pointer that several threads use on disjoint parts.
struct SharedPointer<Pointee>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Pointee>
  init(_ pointer: UnsafeMutablePointer<Pointee>) { self.pointer = pointer }
}
