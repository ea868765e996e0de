import NeuralLayers
import ProcessGroups
import TensorCore

extension Trainer {
  /// Moments and carried state of a state of this trainer, by name, whole. In a group they are gathered: all ranks call this
  /// together, and rank 0 alone has them; on the others the list is empty.
  package func wholeTensors(of state: State) -> [(name: String, tensor: Tensor<Scalar>)] {
    let moments = state.optimizer.namedMoments(of: state.model)
    let carried = state.task.carriedState
    guard let group else { return moments + carried }
    let shapes = state.optimizer.wholeShapes(of: state.model)
    // Parts of a parameter follow each other in the order of the ranks, and so do the sequences of a batch.
    var whole: [(name: String, tensor: Tensor<Scalar>)] = []
    for (moment, shape) in zip(moments, shapes) {
      if let parts = group.gather(moment.tensor) { whole.append((moment.name, Tensor(messages: parts, shape: shape))) }
    }
    for (name, own) in carried {
      guard let parts = group.gather(own) else { continue }
      let rows = parts.reduce(0) { $0 + $1.count } / (own.shape[1] * MemoryLayout<Scalar>.stride)
      whole.append((name, Tensor(messages: parts, shape: [rows, own.shape[1]])))
    }
    return whole
  }
}

extension ProcessGroup {
  /// The bytes of a tensor's elements of each rank; on rank 0 alone, elsewhere nil.
  fileprivate func gather<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) -> [[UInt8]]? { gather(tensor.message) }

  /// The tensor of rank 0, on all ranks, where it is of the same shape.
  func broadcast<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
    Tensor(messages: [broadcast(rank == 0 ? tensor.message : [])], shape: tensor.shape)
  }
}
