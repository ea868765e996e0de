import Autograd
import TensorCore

/// Buffers and products of a fused step, by width: H hidden units, G gates.
struct StepLayout: Sendable {
  /// Width of the gates, G·H.
  let gates: Int
  /// Products that are added to the gates, in the order of their columns; they cover all columns of the gates without
  /// gaps, or there are none. The columns of h that two of them read are equal or disjoint.
  let products: [Product]
  /// Whether the products (and b_hh) are kept in a buffer of their own, `StepViews.recurrent`, instead of added to the
  /// gates.
  var separatesRecurrent = false
  /// Whether a part of the gradient of the previous h bypasses the products: `FusedStep.backward` leaves it in
  /// `d.state(0)`, whose contents are ignored otherwise. Required where a product reads a saved buffer.
  var hiddenBypassesProducts = false
  /// Width of each buffer that a row keeps beside gates and state.
  var saved: [Int] = []
  /// Whether a unit's new state depends on its own gates, state and entry of each of the cell's own parameters alone,
  /// so that threads can share the units of a layer when it generates. Such a cell has at most one product, of all of h,
  /// no input transform, components of the state and own parameters of H numbers each, and buffers whose widths are
  /// multiples of H.
  var isElementwise = true

  /// Product of an operand and some rows of W_hh, transposed.
  struct Product: Sendable {
    /// Columns of the gates, and rows of W_hh.
    let columns: Range<Int>
    let operand: Operand
  }

  enum Operand: Sendable {
    /// Columns of h after the previous step.
    case hidden(Range<Int>)
    /// A saved buffer, by index.
    case saved(Int)
  }

  /// A layout in which one product with h feeds all gates.
  ///
  /// - Parameter output: width of h.
  init(gates: Int, output: Int) {
    self.init(gates: gates, products: [Product(columns: 0..<gates, operand: .hidden(0..<output))])
  }

  init(gates: Int, products: [Product]) {
    (self.gates, self.products) = (gates, products)
  }

  /// First gate columns of the products whose gradient of h is the first to be written in a backward step, which takes the
  /// products in reverse order: they may overwrite it.
  var overwritingHiddenGradient: Set<Int> {
    if hiddenBypassesProducts { return [] }
    var (first, written) = (Set<Int>(), Set<Range<Int>>())
    for product in products.reversed() {
      guard case .hidden(let columns) = product.operand, written.insert(columns).inserted else { continue }
      first.insert(product.columns.lowerBound)
    }
    return first
  }

  /// Whether no product writes the gradient of h, and nothing bypasses them: the previous h then has no gradient.
  var ignoresHidden: Bool {
    !hiddenBypassesProducts && !products.contains { if case .hidden = $0.operand { true } else { false } }
  }

  /// Traps on these combinations, which the engine does not compute.
  ///
  /// - Parameter stateWidths: width of each component of the state, h first.
  func validate<Scalar>(
    _ step: any FusedStep<Scalar>, parameters: FusedParameters<Parameter<Scalar>>, stateWidths: [Int]
  ) {
    let (isProjected, hidden) = (parameters.projection != nil, stateWidths[0])
    let readsBuffers = products.contains { if case .saved = $0.operand { true } else { false } }
    let isCovered = products.map { $0.columns }.reduce(0) { $0 == $1.lowerBound ? $1.upperBound : -1 } == gates
    func require(_ condition: Bool, _ law: String) {
      if !condition { programmingError("the layout of \(type(of: step)): \(law)") }
    }
    require(products.isEmpty || isCovered, "the products must cover the gates, in order")
    require(!readsBuffers || hiddenBypassesProducts, "a product of a saved buffer needs hiddenBypassesProducts")
    require(!readsBuffers || !separatesRecurrent, "a product of a saved buffer cannot be kept apart from the gates")
    require(!isProjected || !hiddenBypassesProducts, "h cannot bypass the products where it is a projection")
    require(step.inputTransform == nil || separatesRecurrent, "an input transform needs separatesRecurrent")
    if isElementwise {
      let readsAll = products.allSatisfy { if case .hidden(0..<hidden) = $0.operand { true } else { false } }
      require(
        products.count <= 1 && readsAll && step.inputTransform == nil,
        "an elementwise step has at most one product, of all of h, and no input transform")
    }
    // The units of a layer with a projection are not divided.
    if isElementwise && !isProjected {
      require(
        stateWidths.allSatisfy { $0 == hidden } && ([gates] + saved).allSatisfy { $0.isMultiple(of: hidden) },
        "an elementwise step has \(hidden) numbers, one a unit, in each component of the state, and a multiple of that in "
          + "gates and saved buffers")
      for own in parameters.own where own.shape != [hidden] {
        shapeFailure("\(type(of: step))", own.shape, [hidden], hint: "an own parameter has a number for each unit")
      }
    }
  }

  /// Whether one product, added to the gates, covers all of them: then it can start from the rows of a table.
  var startsFromInput: Bool { !separatesRecurrent && products.count == 1 && products[0].columns == 0..<gates }
}
