import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// A unit of a model's recurrent state: one element of a component of a layer's state, such as the cell of an LSTM.
public struct RecurrentUnit: Sendable, Hashable, CustomStringConvertible {
  /// Layer, from 0 as in the names of parameters.
  public let layer: Int
  /// Name of the state's component: `hidden`, and for LSTM and sLSTM also `cell`.
  public let component: String
  /// Element of the component, from 0.
  public let index: Int

  /// Name of the unit: `l0.cell.37`.
  public var description: String { "l\(layer).\(component).\(index)" }
}

extension CharacterModel {
  /// Units of all recurrent layers: hidden and cell components; sLSTM's normalizer and stabilizer are left out.
  public var units: [RecurrentUnit] {
    rnn.stateComponents.enumerated().flatMap { layer, components in
      components.filter { Self.isInspected($0.name) }.flatMap { component in
        (0..<component.width).map { RecurrentUnit(layer: layer, component: component.name, index: $0) }
      }
    }
  }

  fileprivate static func isInspected(_ component: String) -> Bool { component == "hidden" || component == "cell" }

  /// Reads a text token by token and hands out the values of all `units` after each.
  ///
  /// - Parameter body: receives the position of a token among those of the text, and the values.
  /// - Throws: what `body` throws.
  func readUnits(
    of text: TextStream, workspace: Workspace<Scalar>, _ body: (_ position: Int, _ values: [Scalar]) throws -> Void
  ) rethrows {
    let model = bound()
    let kept = rnn.stateComponents.map { components in
      components.indices.filter { Self.isInspected(components[$0].name) }
    }
    var state: State?
    for position in text.tokens.indices {
      var context = ForwardContext(workspace: workspace)
      let grid = TokenGrid(ids: [text.tokens[position]], time: 1, batch: 1)
      let resets = text.resets(at: [position], batch: 1)
      let (_, next) = model.read(grid, resets: resets, from: state?.constants, in: &context)
      let read = State(next)
      var values: [Scalar] = []
      for (components, layer) in zip(kept, read.layers) {
        for component in components { values += layer[component].scalars }
      }
      try body(position, values)
      state = read
    }
  }
}
