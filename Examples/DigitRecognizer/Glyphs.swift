import SequenceModeling

/// The ten digits, drawn on a grid.
enum Glyphs {
  static let (rows, columns) = (9, 7)

  private static let drawings = [
    """
    .......
    ..###..
    .#...#.
    .#...#.
    .#...#.
    .#...#.
    .#...#.
    ..###..
    .......
    """,
    """
    .......
    ...#...
    ..##...
    ...#...
    ...#...
    ...#...
    ...#...
    ..###..
    .......
    """,
    """
    .......
    ..###..
    .#...#.
    .....#.
    ...##..
    ..#....
    .#.....
    .#####.
    .......
    """,
    """
    .......
    .####..
    .....#.
    .....#.
    ..###..
    .....#.
    .....#.
    .####..
    .......
    """,
    """
    .......
    ....#..
    ...##..
    ..#.#..
    .#..#..
    .#####.
    ....#..
    ....#..
    .......
    """,
    """
    .......
    .#####.
    .#.....
    .####..
    .....#.
    .....#.
    .#...#.
    ..###..
    .......
    """,
    """
    .......
    ...##..
    ..#....
    .#.....
    .####..
    .#...#.
    .#...#.
    ..###..
    .......
    """,
    """
    .......
    .#####.
    .....#.
    ....#..
    ....#..
    ...#...
    ...#...
    ...#...
    .......
    """,
    """
    .......
    ..###..
    .#...#.
    .#...#.
    ..###..
    .#...#.
    .#...#.
    ..###..
    .......
    """,
    """
    .......
    ..###..
    .#...#.
    .#...#.
    ..####.
    .....#.
    ....#..
    ..##...
    .......
    """,
  ]

  /// Each glyph as 0 and 1, row by row.
  private static let bits = drawings.map { drawing in drawing.filter { $0 != "\n" }.map { $0 == "#" ? Float(1) : 0 } }

  /// Distorted digits: moved by up to one point, scaled in brightness, with noise on every point.
  static func noisy(_ count: Int, noise: Float, using random: inout RandomSource) throws -> LabelledData<Float> {
    let labels = (0..<count).map { Int32($0 % 10) }
    var pixels: [Float] = []
    for label in labels {
      let (down, right) = (Int.random(in: -1...1, using: &random), Int.random(in: -1...1, using: &random))
      let ink = Float.random(in: 0.7...1, using: &random)
      for row in 0..<rows {
        for column in 0..<columns {
          let (y, x) = (row - down, column - right)
          let isInside = (0..<rows).contains(y) && (0..<columns).contains(x)
          let mark = isInside ? bits[Int(label)][y * columns + x] : 0
          pixels.append(ink * mark + noise * Float(random.normal()))
        }
      }
    }
    return try LabelledData(inputs: Tensor(pixels, shape: [count, rows * columns]), classes: labels)
  }
}
