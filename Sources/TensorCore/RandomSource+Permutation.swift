extension RandomSource {
  /// The numbers 0, 1, … `count` − 1 in a random order, every order being equally likely.
  ///
  /// Source: Durstenfeld, "Algorithm 235: random permutation" (Communications of the ACM, 1964).
  ///
  /// - Precondition: `count` is not negative.
  public mutating func permutation(of count: Int) -> [Int] {
    require(count >= 0, "permutation: \(count) numbers")
    var order = Array(0..<count)
    for last in order.indices.dropFirst().reversed() { order.swapAt(last, number(below: last + 1)) }
    return order
  }

  /// A number in 0..<bound, each being equally likely. It may take more than one word.
  ///
  /// The standard library promises no sequence for its own draws, and a run must be the same with every toolchain.
  ///
  /// Source: Lemire, "Fast random integer generation in an interval" (ACM TOMACS, 2019).
  ///
  /// - Precondition: `bound` is positive.
  public mutating func number(below bound: Int) -> Int {
    require(bound > 0, "number(below:): a bound of \(bound)")
    let bound = UInt64(bound)
    let unfair = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= unfair { return Int(product.high) }
    }
  }
}
