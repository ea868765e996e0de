import CSequenceKernels

/// The operations of tensors on a device, as launches of kernels. Addresses are those of the device's memory; strides count
/// elements.
extension OpenCLDevice {
  // MARK: Elementwise

  func apply<Scalar: TensorScalar>(
    _ operation: SKUnary, _ x: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    map(
      .elementwise, "unary", of: Scalar.self, count: count,
      [.int(Int(operation.rawValue)), .memory(x), .memory(target)])
  }

  /// - Parameter axes: of the result, outermost first, with the strides of x and y.
  func combine<Scalar: TensorScalar>(
    _ operation: SKBinary, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>,
    to target: UnsafeMutablePointer<Scalar>, count: Int, _ axes: [StridedLoop.Axis]
  ) {
    let axes = Self.padded(axes)
    map(
      .elementwise, "binary", of: Scalar.self, count: count,
      [.int(Int(operation.rawValue))] + axes.dropFirst().map { .int($0.size) } + axes.map { .int($0.first) }
        + axes.map { .int($0.second) } + [.memory(x), .memory(y), .memory(target)])
  }

  /// Axes for kernels that take six.
  private static func padded(_ axes: [StridedLoop.Axis]) -> [StridedLoop.Axis] {
    require(
      axes.count <= 6, "a tensor on a device is rearranged along \(axes.count) axes that do not merge; 6 are the most")
    return Array(repeating: StridedLoop.Axis(size: 1, first: 0, second: 0), count: 6 - axes.count) + axes
  }

  func apply<Scalar: TensorScalar>(
    _ function: SKActivation, _ parameter: Double, _ x: UnsafePointer<Scalar>, stride: Int,
    to target: UnsafeMutablePointer<Scalar>, stride targetStride: Int, rows: Int, columns: Int
  ) {
    map(
      .elementwise, "activation", of: Scalar.self, count: rows * columns,
      [
        .int(columns), .int(Int(function.rawValue)), .real(parameter), .memory(x), .int(stride), .memory(target),
        .int(targetStride),
      ])
  }

  func applyGradient<Scalar: TensorScalar>(
    _ function: SKActivation, _ parameter: Double, kept: UnsafePointer<Scalar>, stride: Int,
    _ upstream: UnsafePointer<Scalar>, stride upstreamStride: Int, to target: UnsafeMutablePointer<Scalar>,
    stride targetStride: Int, rows: Int, columns: Int
  ) {
    map(
      .elementwise, "activation_gradient", of: Scalar.self, count: rows * columns,
      [
        .int(columns), .int(Int(function.rawValue)), .real(parameter), .memory(kept), .int(stride), .memory(upstream),
        .int(upstreamStride), .memory(target), .int(targetStride),
      ])
  }

  /// target += factor · x; a stride of 0 repeats the row of x.
  func addScaled<Scalar: TensorScalar>(
    _ factor: Double, _ x: UnsafePointer<Scalar>, stride: Int, to target: UnsafeMutablePointer<Scalar>,
    stride targetStride: Int, rows: Int, columns: Int
  ) {
    map(
      .elementwise, "add_scaled", of: Scalar.self, count: rows * columns,
      [.int(columns), .real(factor), .memory(x), .int(stride), .memory(target), .int(targetStride)])
  }

  // MARK: Moving

  func fill<Scalar: TensorScalar>(
    _ target: UnsafeMutablePointer<Scalar>, _ value: Scalar, rows: Int, columns: Int, stride: Int
  ) {
    map(
      .moving, "fill", of: Scalar.self, count: rows * columns,
      [.int(columns), .real(value.double), .memory(target), .int(stride)])
  }

  func copy<Scalar: TensorScalar>(
    rows: Int, columns: Int, from x: UnsafePointer<Scalar>, stride: Int, columnStride: Int = 1,
    to target: UnsafeMutablePointer<Scalar>, stride targetStride: Int
  ) {
    map(
      .moving, "copy", of: Scalar.self, count: rows * columns,
      [.int(columns), .memory(x), .count(stride), .count(columnStride), .memory(target), .count(targetStride)])
  }

  /// - Parameter axes: of the result, outermost first, with the strides of x.
  func arrange<Scalar: TensorScalar>(
    _ x: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, count: Int, _ axes: [StridedLoop.Axis]
  ) {
    let axes = Self.padded(axes)
    map(
      .moving, "arrange", of: Scalar.self, count: count,
      axes.dropFirst().map { .int($0.size) } + axes.map { .int($0.first) } + [.memory(x), .memory(target)])
  }

  /// Sets to 1 the column of each row that the row's index names.
  func setOneHot<Scalar: TensorScalar>(_ indices: [Int32], to target: UnsafeMutablePointer<Scalar>, columns: Int) {
    map(
      .moving, "set_one_hot", of: Scalar.self, count: indices.count,
      [.int(columns), .indices(indices), .memory(target)])
  }

  /// As `Tensor.dropoutMask`.
  func setDropoutMask<Scalar: TensorScalar>(
    _ target: UnsafeMutablePointer<Scalar>, count: Int, below threshold: UInt32, kept: Scalar, from start: Int,
    runLength: Int, runStride: Int, seed: UInt64
  ) {
    map(
      .moving, "dropout_mask", of: Scalar.self, count: count,
      [
        .count(runLength), .count(start), .count(runStride), .count(Int(threshold)), .real(kept.double),
        .count(Int(bitPattern: UInt(seed))), .memory(target),
      ])
  }

  func gatherRows<Scalar: TensorScalar>(
    _ indices: [Int32], _ table: UnsafePointer<Scalar>, stride: Int, to target: UnsafeMutablePointer<Scalar>,
    stride targetStride: Int, columns: Int
  ) {
    map(
      .moving, "gather_rows", of: Scalar.self, count: indices.count * columns,
      [.int(columns), .indices(indices), .memory(table), .int(stride), .memory(target), .int(targetStride)])
  }

  func scatterAddRows<Scalar: TensorScalar>(
    _ indices: ArraySlice<Int32>, _ x: UnsafePointer<Scalar>, stride: Int,
    addedTo table: UnsafeMutablePointer<Scalar>, stride tableStride: Int, columns: Int
  ) {
    func add(
      _ lists: SourceLists, _ x: UnsafePointer<Scalar>, stride: Int, to table: UnsafeMutablePointer<Scalar>,
      stride tableStride: Int
    ) {
      map(
        .moving, "scatter_add_rows", of: Scalar.self, count: lists.targets.count * columns,
        [
          .int(columns), .indices(lists.targets), .indices(lists.starts), .indices(lists.sources), .memory(x),
          .int(stride), .memory(table), .int(tableStride),
        ])
    }
    let lists = SourceLists(of: indices)
    // Long lists are divided: each part is added up by itself, and then the sums of the parts.
    guard let parts = lists.divided(Self.partOfColumn) else {
      return add(lists, x, stride: stride, to: table, stride: tableStride)
    }
    let partial = Tensor<Scalar>.full([parts.lists.targets.count, columns], 0, pool: pool)
    add(parts.lists, x, stride: stride, to: partial.storage.base, stride: columns)
    add(SourceLists(of: parts.targets[...]), partial.storage.base, stride: columns, to: table, stride: tableStride)
    withExtendedLifetime(partial) {}
  }

  func gatherColumns<Scalar: TensorScalar>(
    _ indices: [Int32], _ x: UnsafePointer<Scalar>, columns: Int, to target: UnsafeMutablePointer<Scalar>, rows: Int
  ) {
    map(
      .moving, "gather_columns", of: Scalar.self, count: rows * indices.count,
      [.int(indices.count), .indices(indices), .memory(x), .int(columns), .memory(target)])
  }

  func scatterColumns<Scalar: TensorScalar>(
    _ indices: [Int32], _ x: UnsafePointer<Scalar>, addedTo target: UnsafeMutablePointer<Scalar>, columns: Int,
    rows: Int
  ) {
    let lists = SourceLists(of: indices[...])
    map(
      .moving, "scatter_add_columns", of: Scalar.self, count: rows * lists.targets.count,
      [
        .int(lists.targets.count), .indices(lists.targets), .indices(lists.starts), .indices(lists.sources),
        .memory(x), .int(indices.count), .memory(target), .int(columns),
      ])
  }

  // MARK: Reductions

  /// Kinds of sums of a row.
  enum RowSum: Int {
    case elements, squares
    /// The root of the sum of the squares, which a number can hold where it cannot hold their sum.
    case norm
  }

  /// The sum of some elements, or of their squares, read by the host.
  func sum<Scalar: TensorScalar>(_ x: UnsafePointer<Scalar>, count: Int, of kind: RowSum) -> Double {
    let result = TensorStorage<Scalar>(count: 1, pool: pool)
    sumRows(x, rows: 1, columns: count, of: kind, to: result.base)
    var value = Scalar.nan
    // A failure is remembered; the number is then none.
    try? withUnsafeMutableBytes(of: &value) { bytes throws(DeviceError) in try read(bytes, from: result.base) }
    withExtendedLifetime(result) {}
    return value.double
  }

  /// The sum of each row of `columns` elements, of their squares, or its norm.
  ///
  /// - Parameter keeping: whether it is added to what stands in the target.
  func sumRows<Scalar: TensorScalar>(
    _ x: UnsafePointer<Scalar>, rows: Int, columns: Int, of kind: RowSum = .elements, keeping: Bool = false,
    to target: UnsafeMutablePointer<Scalar>
  ) {
    // A long row is divided: its parts are summed by a group each, what is left by one more, and then their sums.
    let (parts, rest) = columns.quotientAndRemainder(dividingBy: Self.partOfRow)
    if rows == 1 && parts > 1 {
      let sums = TensorStorage<Scalar>(count: parts + 1, pool: pool)
      sumRows(x, rows: parts, columns: Self.partOfRow, of: kind, to: sums.base)
      sumRows(x + parts * Self.partOfRow, rows: 1, columns: rest, of: kind, to: sums.base + parts)
      let ofParts: RowSum = kind == .norm ? .norm : .elements
      sumRows(sums.base, rows: 1, columns: parts + 1, of: ofParts, keeping: keeping, to: target)
      return withExtendedLifetime(sums) {}
    }
    launch(
      .reductions, "row_sums", of: Scalar.self, groups: rows,
      [.count(columns), .int(kind.rawValue), .int(keeping ? 1 : 0), .memory(x), .memory(target)])
  }

  /// Elements of a row that one group sums.
  private static let partOfRow = 2048

  /// The largest element of each row.
  func maximizeRows<Scalar: TensorScalar>(
    _ x: UnsafePointer<Scalar>, rows: Int, columns: Int, to target: UnsafeMutablePointer<Scalar>
  ) {
    launch(
      .reductions, "row_maxima", of: Scalar.self, groups: rows, [.count(columns), .memory(x), .memory(target)])
  }

  /// target[block, column] += the sums over the rows of each block.
  func sums<Scalar: TensorScalar>(
    _ x: UnsafePointer<Scalar>, blocks: Int, rows: Int, columns: Int, stride: Int,
    addedTo target: UnsafeMutablePointer<Scalar>
  ) {
    if rows == 0 { return }
    if columns == 1 && stride == 1 && blocks > 0 {
      // As of a row: many items share a sum.
      return sumRows(x, rows: blocks, columns: rows, keeping: true, to: target)
    }
    // Many rows are divided: each item adds up a part of a column, and then the sums of the parts.
    let (parts, rest) = rows.quotientAndRemainder(dividingBy: Self.partOfColumn)
    if blocks == 1 && parts > 1 {
      let partial = Tensor<Scalar>.full([parts, columns], 0, pool: pool)
      sums(
        x, blocks: parts, rows: Self.partOfColumn, columns: columns, stride: stride, addedTo: partial.storage.base)
      sums(partial.storage.base, blocks: 1, rows: parts, columns: columns, stride: columns, addedTo: target)
      sums(
        x + parts * Self.partOfColumn * stride, blocks: 1, rows: rest, columns: columns, stride: stride, addedTo: target
      )
      return withExtendedLifetime(partial) {}
    }
    map(
      .reductions, "column_sums", of: Scalar.self, count: blocks * columns,
      [.int(rows), .int(columns), .memory(x), .int(stride), .memory(target)])
  }

  /// Rows of a column that one item adds up.
  private static let partOfColumn = 64

  func softmax<Scalar: TensorScalar>(
    _ x: UnsafePointer<Scalar>, isLogarithm: Bool, rows: Int, columns: Int, to target: UnsafeMutablePointer<Scalar>
  ) {
    launch(
      .reductions, "softmax", of: Scalar.self, groups: rows,
      [.count(columns), .int(isLogarithm ? 1 : 0), .memory(x), .memory(target)])
  }

  /// Loss of each row and, where wanted, the gradient of their mean.
  func softmaxCrossEntropy<Scalar: TensorScalar>(
    _ logits: UnsafePointer<Scalar>, targets: [Int32], columns: Int, losses: UnsafeMutablePointer<Scalar>,
    gradient: UnsafeMutablePointer<Scalar>?
  ) {
    let rows = targets.count
    launch(
      .reductions, "softmax_cross_entropy", of: Scalar.self, groups: rows,
      [
        .count(columns), .memory(logits), .indices(targets), .memory(losses), .real(1 / Double(rows)),
        .int(gradient == nil ? 0 : 1), .memory(gradient),
      ])
  }

  // MARK: Products

  /// target = start + a·b; b lies row by row.
  func multiply<Scalar: TensorScalar>(
    _ size: (rows: Int, columns: Int, depth: Int), _ a: UnsafePointer<Scalar>, rowStride: Int, columnStride: Int,
    _ b: UnsafePointer<Scalar>, stride: Int, onto start: SKStart, to target: UnsafeMutablePointer<Scalar>,
    stride targetStride: Int
  ) {
    let indices = start.indices.map { Array(UnsafeBufferPointer(start: $0, count: size.rows)) } ?? []
    // Columns of a matrix without rows lie nowhere.
    let (a, b) = size.depth == 0 ? (nil, nil) : (a, b)
    let operands: [KernelArgument] = [
      .int(size.rows), .int(size.columns), .int(size.depth), .memory(a), .int(rowStride), .int(columnStride),
      .memory(b), .int(stride), .int(start.rows == nil ? 0 : 1), .memory(start.rows), .int(Int(start.row_stride)),
      .int(indices.isEmpty ? 0 : 1), .indices(indices),
    ]
    let count = size.rows * size.columns
    func compute(
      _ tiling: ProductTiling, to target: UnsafeMutablePointer<Scalar>, stride: Int, pool: BufferPool
    ) {
      let slice = tiling.slice(of: size)
      let slices = slice < size.depth ? (size.depth + slice - 1) / slice : 1
      let parts = slices > 1 ? TensorStorage<Scalar>(count: slices * count, pool: pool) : nil
      launch(
        .products, tiling.kernel, of: Scalar.self,
        groups: slices * tiling.groups(rows: size.rows, columns: size.columns), of: tiling.items,
        options: tiling.options,
        operands + [.memory(parts?.base ?? target), .int(parts == nil ? stride : size.columns), .int(slice)])
      guard let parts else { return }
      launch(
        .products, "join_slices", of: Scalar.self, groups: (count + Self.groupSize - 1) / Self.groupSize,
        options: tiling.options,
        [.count(count), .int(slices), .int(size.columns), .memory(parts.base), .memory(target), .int(stride)])
      withExtendedLifetime(parts) {}
    }
    let tiling =
      ProductTiling.forced
      ?? tuning.tiling(for: size, isTransposed: columnStride != 1, isDouble: Scalar.self == Double.self, on: self) {
        tiling in
        secondsOfTrial(of: count, Scalar.self) { compute(tiling, to: $0, stride: size.columns, pool: $1) }
      }
    compute(tiling, to: target, stride: targetStride, pool: pool)
  }

  /// How long work takes that writes some elements, into memory of its own and with a pool of its own; nil where the device cannot do
  /// it, or has too little memory beside what is held.
  private func secondsOfTrial<Scalar: TensorScalar>(
    of count: Int, _ type: Scalar.Type, _ work: (UnsafeMutablePointer<Scalar>, BufferPool) -> Void
  ) -> Double? {
    let held = withSession { $0.bytesAllocated }
    let size = count * MemoryLayout<Scalar>.stride
    guard size <= largestBuffer, held + 2 * size <= memory else { return nil }
    let attempt = DeviceAttempt()
    return DeviceAttempt.$current.withValue(attempt) {
      // Memory that is not there must not be handed on.
      let pool = BufferPool(of: .device(number))
      let target = TensorStorage<Scalar>(count: count, pool: pool)
      let seconds = try? bestSeconds { work(target.base, pool) }
      withExtendedLifetime(target) {}
      return attempt.failure == nil ? seconds : nil
    }
  }
}

/// Which sources are added to which targets: those of target k are `sources[starts[k]..<starts[k + 1]]`, in order.
struct SourceLists {
  private(set) var targets: [Int32] = []
  private(set) var starts: [Int32] = [0]
  private(set) var sources: [Int32] = []

  /// - Parameter indices: target of each source; a negative one stands for none.
  init(of indices: ArraySlice<Int32>) {
    let first = indices.startIndex
    let order = indices.indices.filter { indices[$0] >= 0 }.sorted { (indices[$0], $0) < (indices[$1], $1) }
    sources = order.map { Int32($0 - first) }
    for (position, index) in order.enumerated() where position == 0 || indices[order[position - 1]] != indices[index] {
      if position > 0 { starts.append(Int32(position)) }
      targets.append(indices[index])
    }
    if !order.isEmpty { starts.append(Int32(order.count)) }
  }

  /// Lists of at most so many sources each, that of part k with the target k, and the target of each part; nil where none is longer.
  func divided(_ most: Int) -> (lists: SourceLists, targets: [Int32])? {
    let lengths = zip(starts, starts.dropFirst()).map { Int($1 - $0) }
    guard lengths.contains(where: { $0 > most }) else { return nil }
    var (parts, ofParts) = (self, [Int32]())
    (parts.targets, parts.starts) = ([], [0])
    for (list, length) in lengths.enumerated() {
      for first in stride(from: 0, to: length, by: most) {
        parts.targets.append(Int32(ofParts.count))
        parts.starts.append(starts[list] + Int32(min(first + most, length)))
        ofParts.append(targets[list])
      }
    }
    return (parts, ofParts)
  }
}
