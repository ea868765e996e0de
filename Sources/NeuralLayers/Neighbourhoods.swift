import Autograd
import TensorCore

/// Which inputs each unit of a locally connected layer, or each place of a convolution, sees.
public struct Neighbourhoods: Sendable, Equatable {
  /// The places that inputs have.
  public let places: Int
  public let units: Int
  /// How many places a unit sees, those outside of the input counted.
  public let inputsPerUnit: Int
  /// By unit, then by place in its window: the input's place, or −1 outside.
  private let table: [Int32]

  /// Windows along a line: unit u sees the places from u · stride − padding on.
  ///
  /// - Parameters:
  ///   - length: places on the line.
  ///   - window: neighbouring places that a unit sees.
  ///   - stride: how far the windows of neighbouring units are apart.
  ///   - padding: zeros that stand on either side of the line.
  /// - Precondition: there is room for one window at least.
  public static func line(_ length: Int, window: Int = 9, stride: Int = 1, padding: Int = 0) -> Neighbourhoods {
    let axis = Axis("line", size: length, window: window, stride: stride, padding: padding)
    return Neighbourhoods(places: length, units: axis.count, inputsPerUnit: window, table: axis.windows.flatMap { $0 })
  }

  /// Square windows on a grid whose rows stand one after the other: window × window places, with a padding of (window − 1) / 2
  /// around a unit's own.
  ///
  /// - Parameters:
  ///   - window: rows and columns that a unit sees.
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
      places: rows * columns, units: vertical.count * horizontal.count, inputsPerUnit: window * window, table: table)
  }

  /// The columns that a unit reads of a sample [places · channels], channel by channel (as a convolution's weight stands).
  func columns(channels: Int) -> [Int32] {
    var columns: [Int32] = []
    for unit in 0..<units {
      let places = table[unit * inputsPerUnit..<(unit + 1) * inputsPerUnit]
      for channel in 0..<Int32(channels) {
        columns += places.map { $0 < 0 ? -1 : $0 * Int32(channels) + channel }
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
        "Neighbourhoods.\(name): a window of \(window) at stride \(stride) does not fit \(size) places with \(padding) of "
          + "padding on either side")
      windows = (0...(size + 2 * padding - window) / stride).map { unit in
        (0..<window).map { offset in
          let place = unit * stride - padding + offset
          return place >= 0 && place < size ? Int32(place) : -1
        }
      }
    }
  }
}

extension Neighbourhoods {
  /// What all units see of each sample, [batch, units · channels · window].
  func patches<Scalar>(
    of input: Variable<Scalar>, _ columns: [Int32], channels: Int, _ layer: String,
    in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let shape = input.shape
    if shape.rank < 2 || shape.dimensions.dropFirst().reduce(1, *) != places * channels {
      shapeFailure(layer, shape, [places, channels], hint: "the input must be [batch, \(places), \(channels)]")
    }
    return input.reshaped([shape[0], places * channels]).gatherColumns(columns, in: context)
  }
}
