import Autograd
import TensorCore

/// Windows of the input that the units of a locally connected layer, or the positions of a convolution, read.
public struct Neighbourhoods: Sendable, Equatable {
  /// Positions of the input.
  public let positions: Int
  public let units: Int
  /// Positions in a unit's window, including those in the padding.
  public let inputsPerUnit: Int
  /// Index of the input position by unit, then by position in its window; −1 in the padding.
  private let table: [Int32]

  /// Windows along a line: unit u reads the positions from u · stride − padding on.
  ///
  /// - Parameters:
  ///   - length: positions on the line.
  ///   - window: neighbouring positions that a unit reads.
  ///   - stride: how far the windows of neighbouring units are apart.
  ///   - padding: zeros on either side of the line.
  /// - Precondition: there is room for one window at least.
  public static func line(_ length: Int, window: Int = 9, stride: Int = 1, padding: Int = 0) -> Neighbourhoods {
    let axis = Axis("line", size: length, window: window, stride: stride, padding: padding)
    return Neighbourhoods(
      positions: length, units: axis.count, inputsPerUnit: window, table: axis.windows.flatMap { $0 })
  }

  /// Square windows of window × window positions on a grid, stored row after row. A padding of (window − 1) / 2 centres each
  /// window on its unit.
  ///
  /// - Parameters:
  ///   - window: rows and columns that a unit reads.
  ///   - padding: zeros around the grid.
  /// - Precondition: there is room for one window at least.
  public static func grid(
    rows: Int, columns: Int, window: Int = 3, stride: Int = 1, padding: Int = 0
  ) -> Neighbourhoods {
    let vertical = Axis("grid", size: rows, window: window, stride: stride, padding: padding)
    let horizontal = Axis("grid", size: columns, window: window, stride: stride, padding: padding)
    let table = vertical.windows.flatMap { rowPlaces in
      horizontal.windows.flatMap { columnPlaces in
        rowPlaces.flatMap { row in columnPlaces.map { row < 0 || $0 < 0 ? -1 : row * Int32(columns) + $0 } }
      }
    }
    return Neighbourhoods(
      positions: rows * columns, units: vertical.count * horizontal.count, inputsPerUnit: window * window, table: table)
  }

  /// The columns that a unit reads of a sample [positions · channels], channel by channel, the order of a convolution's weight.
  func columns(channels: Int) -> [Int32] {
    var columns: [Int32] = []
    for unit in 0..<units {
      let positions = table[unit * inputsPerUnit..<(unit + 1) * inputsPerUnit]
      for channel in 0..<Int32(channels) {
        columns += positions.map { $0 < 0 ? -1 : $0 * Int32(channels) + channel }
      }
    }
    return columns
  }

  /// The windows along one axis.
  private struct Axis {
    let windows: [[Int32]]
    var count: Int { windows.count }

    init(_ name: String, size: Int, window: Int, stride: Int, padding: Int) {
      require(
        window > 0 && stride > 0 && padding >= 0 && size + 2 * padding >= window,
        "Neighbourhoods.\(name): a window of \(window) at stride \(stride) does not fit \(size) positions with \(padding) of "
          + "padding on either side")
      windows = (0...(size + 2 * padding - window) / stride).map { unit in
        (0..<window).map { offset in
          let position = unit * stride - padding + offset
          return position >= 0 && position < size ? Int32(position) : -1
        }
      }
    }
  }
}

extension Neighbourhoods {
  /// Windows of all units side by side, [batch, units · channels · window].
  func patches<Scalar>(
    of input: Variable<Scalar>, _ columns: [Int32], channels: Int, _ layer: String,
    in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let shape = input.shape
    if shape.rank < 2 || shape.dimensions.dropFirst().reduce(1, *) != positions * channels {
      shapeFailure(layer, shape, [positions, channels], hint: "the input must be [batch, \(positions), \(channels)]")
    }
    return input.reshaped([shape[0], positions * channels]).gatherColumns(columns, in: context)
  }
}
