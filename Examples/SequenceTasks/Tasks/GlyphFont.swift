/// Ten letters of 5 × 7 points.
package enum GlyphFont {
  package static let height = 7

  /// The points of each letter, by columns.
  package static let columns: [[[Bool]]] = drawings.map { drawing in
    let rows = drawing.split(separator: "\n").map(Array.init)
    return (0..<5).map { column in rows.map { $0[column] == "#" } }
  }

  private static let drawings = [
    """
    .###.
    #...#
    #...#
    #####
    #...#
    #...#
    #...#
    """,
    """
    .####
    #....
    #....
    #....
    #....
    #....
    .####
    """,
    """
    #####
    #....
    #....
    ####.
    #....
    #....
    #####
    """,
    """
    #...#
    #...#
    #...#
    #####
    #...#
    #...#
    #...#
    """,
    """
    #...#
    #..#.
    #.#..
    ##...
    #.#..
    #..#.
    #...#
    """,
    """
    #....
    #....
    #....
    #....
    #....
    #....
    #####
    """,
    """
    .###.
    #...#
    #...#
    #...#
    #...#
    #...#
    .###.
    """,
    """
    ####.
    #...#
    #...#
    ####.
    #....
    #....
    #....
    """,
    """
    #####
    ..#..
    ..#..
    ..#..
    ..#..
    ..#..
    ..#..
    """,
    """
    #...#
    .#.#.
    .#.#.
    ..#..
    .#.#.
    .#.#.
    #...#
    """,
  ]
}
