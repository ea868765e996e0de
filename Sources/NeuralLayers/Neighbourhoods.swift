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
  ///   - padding: what windows read beyond the ends.
  /// - Precondition: there is room for one window at least.
  public static func line(
    _ length: Int, window: Int = 9, stride: Int = 1, padding: EdgePadding = .valid
  ) -> Neighbourhoods {
    Neighbourhoods(
      [WindowAxis(size: length, window: window, stride: stride, padding: padding)], "Neighbourhoods.line")
  }

  /// Square windows of window × window positions on a grid, stored row after row. A padding of (window − 1) / 2 centres each
  /// window on its unit.
  ///
  /// - Parameters:
  ///   - window: rows and columns that a unit reads.
  ///   - padding: what windows read around the grid.
  /// - Precondition: there is room for one window at least.
  public static func grid(
    rows: Int, columns: Int, window: Int = 3, stride: Int = 1, padding: EdgePadding = .valid
  ) -> Neighbourhoods {
    let axes = [rows, columns].map { WindowAxis(size: $0, window: window, stride: stride, padding: padding) }
    return Neighbourhoods(axes, "Neighbourhoods.grid")
  }

  /// Windows over an input of one axis or several, stored with the last axis together.
  init(_ axes: [WindowAxis], _ name: String) {
    var windows: [[Int32]] = [[0]]
    for axis in axes {
      windows = windows.flatMap { outer in
        axis.windows(name).map { own in
          outer.flatMap { before in own.map { before < 0 || $0 < 0 ? -1 : before * Int32(axis.size) + $0 } }
        }
      }
    }
    positions = axes.reduce(1) { $0 * $1.size }
    units = windows.count
    inputsPerUnit = axes.reduce(1) { $0 * $1.window }
    table = windows.flatMap { $0 }
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
}

/// Windows along one axis of an input.
struct WindowAxis: Hashable {
  let size: Int
  let window: Int
  let stride: Int
  let padding: EdgePadding

  /// Number of windows; 0 where the input is too short for one, or for its reflection.
  var count: Int {
    if case .reflect(let count) = padding, count >= size { return 0 }
    let (before, after) = padding.amount(size: size, window: window, stride: stride)
    let room = size + before + after - window
    return room < 0 ? 0 : room / stride + 1
  }

  /// Positions that each window reads; −1 for a zero.
  func windows(_ name: String) -> [[Int32]] {
    require(stride > 0 && window > 0, "\(name): a window of \(window) at stride \(stride)")
    let (before, after) = padding.amount(size: size, window: window, stride: stride)
    require(
      size + before + after >= window,
      "\(name): a window of \(window) at stride \(stride) does not fit \(size) positions with \(padding)")
    if case .reflect(let count) = padding {
      require(count < size, "\(name): \(padding) takes more than \(size) positions")
    }
    return (0..<count).map { unit in
      (0..<window).map { offset in position(unit * stride - before + offset) }
    }
  }

  /// The input's position at a place that may lie beyond its edges.
  private func position(_ place: Int) -> Int32 {
    if (0..<size).contains(place) { return Int32(place) }
    guard case .reflect = padding else { return -1 }
    return Int32(place < 0 ? -place : 2 * (size - 1) - place)
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
