import CSequenceKernels

extension Tensor {
  /// A tensor of 0 with the given probability, else of another number: each element is a function of the source and of its
  /// position.
  ///
  /// - Parameters:
  ///   - kept: what stands where there is no 0; nil means 1 / (1 − probability).
  ///   - start: position of the first element.
  ///   - runs: runs of elements whose positions follow each other, all of one length, and the distance between their first
  ///     positions; nil for one run.
  package static func dropoutMask(
    _ shape: TensorShape, probability: Double, kept: Scalar? = nil, from start: Int = 0,
    runs: (count: Int, stride: Int)? = nil, random: RandomSource, team: ThreadTeam, pool: BufferPool
  ) -> Tensor {
    let mask = Tensor(uninitialized: shape, pool: pool)
    let threshold = UInt32(probability * 0x1p32)
    let kept = kept ?? Scalar(1 / (1 - probability))
    let base = SharedPointer(mask.storage.base)
    let (runCount, runStride) = runs ?? (1, 0)
    let count = shape.count / Swift.max(runCount, 1)
    if let device = mask.storage.device {
      device.setDropoutMask(
        base.pointer, count: shape.count, below: threshold, kept: kept, from: start, runLength: count,
        runStride: runStride, seed: random.seed)
      return mask
    }
    // One run is divided among the threads, several are given out whole.
    if runCount == 1 {
      let first = start / 4
      team.split((start + count + 3) / 4 - first) { blocks in
        let blocks = first + blocks.lowerBound..<first + blocks.upperBound
        drawMask(blocks, below: threshold, kept: kept, seed: random.seed, to: base.pointer, from: start, count: count)
      }
      return mask
    }
    team.split(runCount) { part in
      for run in part {
        let start = start + run * runStride
        drawMask(
          start / 4..<(start + count + 3) / 4, below: threshold, kept: kept, seed: random.seed,
          to: base.pointer + run * count, from: start, count: count)
      }
    }
    return mask
  }

  /// `softmaxCrossEntropy` on a device, where the losses stay.
  package func softmaxCrossEntropyOnDevice(
    targets: [Int32], wantsGradient: Bool, pool: BufferPool
  ) -> (losses: Tensor, gradient: Tensor?) {
    let device = storage.device!
    let losses = Tensor(uninitialized: [targets.count], pool: pool)
    let gradient = wantsGradient ? Tensor(uninitialized: shape, pool: pool) : nil
    device.softmaxCrossEntropy(
      storage.base + offset, targets: targets, columns: shape[-1], losses: losses.storage.base,
      gradient: gradient?.storage.base)
    withExtendedLifetime((self, losses, gradient)) {}
    return (losses, gradient)
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

/// Writes those of `count` elements from place `start` on that some blocks of four random words decide on: 0 where the word
/// is below a threshold, else `kept`.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
private func drawMask<Scalar: TensorScalar>(
  _ blocks: Range<Int>, below threshold: UInt32, kept: Scalar, seed: UInt64, to base: UnsafeMutablePointer<Scalar>,
  from start: Int, count: Int
) {
  for block in blocks {
    let words = RandomSource.block(seed: seed, counter: UInt64(block), domain: 2)
    let place = block * 4 - start
    func write(_ word: UInt32, _ place: Int) {
      if place >= 0 && place < count { base[place] = word < threshold ? 0 : kept }
    }
    write(words.0, place)
    write(words.1, place + 1)
    write(words.2, place + 2)
    write(words.3, place + 3)
  }
}

/// A pointer that several threads use on disjoint parts.
struct SharedPointer<Pointee>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Pointee>
  init(_ pointer: UnsafeMutablePointer<Pointee>) { self.pointer = pointer }
}
