import TensorCore

/// Sets each element to 0 with the given probability and divides the others by what remains, so that the mean stays
/// (Srivastava et al., 2014). In inference mode, and at probability 0, the input itself.
///
/// Which elements drop depends on the pass's randomness and on each element's position alone.
public func dropout<Scalar>(
  _ input: Variable<Scalar>, probability: Double, in context: inout ForwardContext<Scalar>
) -> Variable<Scalar> {
  require(probability >= 0 && probability < 1, "dropout: the probability \(probability) is not in 0..<1")
  guard context.mode == .training && probability > 0 else { return input }
  let mask = Tensor<Scalar>.dropoutMask(
    input.shape, probability: probability, random: context.nextRandomSource(), team: context.workspace.team,
    pool: context.workspace.pool)
  return Variable.operation(input.value * mask, of: [input]) { [$0 * mask] }
}
