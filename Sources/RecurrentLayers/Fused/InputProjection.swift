import Autograd
import NeuralLayers
import TensorCore

/// Contribution of the input to the preactivations of every step.
enum InputProjection<Scalar: TensorScalar> {
  /// Row of a table for each token: its vector times W_ihᵀ, plus b. For a one-hot vector that is a row of W_ihᵀ.
  case lookUp(ids: [Int32], table: Tensor<Scalar>)
  /// x·W_ihᵀ + b, [T·B, input] times [input, G·H].
  case product(input: Tensor<Scalar>, weight: PackedMatrix<Scalar>, bias: Tensor<Scalar>?)

  init(
    _ sequence: SequenceInput<Scalar>, record: FusedRecord<Scalar>, parameters: FusedParameters<Parameter<Scalar>>,
    workspace: Workspace<Scalar>
  ) {
    let bias = parameters.foldedBias(separatesRecurrent: record.layout.separatesRecurrent)
    func transformed(_ products: Tensor<Scalar>) -> Tensor<Scalar> {
      record.step.inputTransform.map {
        TransformedTable(products, by: $0, parameters: record.parameters!, workspace: workspace).rows
      } ?? products
    }
    switch sequence.content {
    case .vectors(let input):
      let weight = workspace.packed(parameters.inputWeight, transposed: true)
      self = .product(input: input.value, weight: weight, bias: bias)
    case .tokens(let grid):
      let biases = [parameters.inputBias, parameters.recurrentBias].compactMap { $0 }
      let derived = [parameters.inputWeight] + biases + parameters.own
      let table = workspace.table(of: derived, for: type(of: record.step)) {
        transformed(parameters.inputProducts(ofTokens: bias, workspace: workspace))
      }
      self = .lookUp(ids: grid.ids, table: table)
    case .embedded(let grid, let table):
      let products = parameters.inputProducts(of: table.value, bias: bias, workspace: workspace)
      self = .lookUp(ids: grid.ids, table: transformed(products))
    }
  }
}

extension FusedParameters {
  /// Biases that are added to the input's product before the loop over time: b_ih, and b_hh unless the recurrent
  /// products are kept apart.
  func foldedBias<Scalar>(separatesRecurrent: Bool) -> Tensor<Scalar>? where Element == Parameter<Scalar> {
    let biases = [inputBias, separatesRecurrent ? nil : recurrentBias].compactMap { $0?.value }
    return biases.count == 2 ? biases[0] + biases[1] : biases.first
  }

  /// W_ihᵀ + b, [input, G·H]: the product of each one-hot vector.
  func inputProducts<Scalar>(
    ofTokens bias: Tensor<Scalar>?, workspace: Workspace<Scalar>
  ) -> Tensor<Scalar> where Element == Parameter<Scalar> {
    transposed(inputWeight.value, addingToRows: bias, workspace: workspace)
  }

  /// Rows of a table, [tokens, input], times W_ihᵀ, plus b: [tokens, G·H].
  func inputProducts<Scalar>(
    of table: Tensor<Scalar>, bias: Tensor<Scalar>?, workspace: Workspace<Scalar>
  ) -> Tensor<Scalar> where Element == Parameter<Scalar> {
    affine(table, workspace.packed(inputWeight, transposed: true), bias: bias, workspace: workspace)
  }
}

/// Input products of all tokens, transformed once for all steps.
struct TransformedTable<Scalar: TensorScalar> {
  /// [tokens, G·H].
  let rows: Tensor<Scalar>
  private let transform: any InputTransform<Scalar>
  private let buffers: [OwnedMatrix<Scalar>]
  private let parameters: Tensor<Scalar>
  private let workspace: Workspace<Scalar>

  /// - Parameters:
  ///   - products: x·W_ihᵀ of each token, [tokens, G·H].
  ///   - parameters: the cell's own, [1, P].
  init(
    _ products: Tensor<Scalar>, by transform: any InputTransform<Scalar>, parameters: Tensor<Scalar>,
    workspace: Workspace<Scalar>
  ) {
    let (table, row) = (OwnedMatrix(products), parameters.matrix())
    let buffers = transform.saved.map {
      OwnedMatrix<Scalar>(uninitialized: [table.view.rows, $0], pool: workspace.pool)
    }
    let views = buffers.map { $0.view }
    workspace.team.split(table.view.rows, keeping: (table, buffers, parameters)) {
      transform.forward(table.view.rows($0), saved: SavedRows(buffers: views, rows: $0), parameters: row)
    }
    (rows, self.transform, self.buffers, self.parameters, self.workspace) =
      (table.tensor, transform, buffers, parameters, workspace)
  }

  /// Gradient of the products from that of the rows, and for each token the gradient of the cell's own parameters,
  /// [tokens, P].
  func gradients(_ upstream: Tensor<Scalar>) -> (products: Tensor<Scalar>, sums: Tensor<Scalar>) {
    let products = OwnedMatrix(upstream)
    let sums = OwnedMatrix<Scalar>(uninitialized: [upstream.shape[0], parameters.count], pool: workspace.pool)
    let (views, row) = (buffers.map { $0.view }, parameters.matrix())
    workspace.team.split(products.view.rows, keeping: (self, products, sums)) {
      sums.view.rows($0).fill(0)
      transform.backward(
        products.view.rows($0), saved: SavedRows(buffers: views, rows: $0), parameters: row, sums: sums.view.rows($0))
    }
    return (products.tensor, sums.tensor)
  }
}
