import Autograd
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

extension Trainer where Task == CharacterTask<Float> {
  /// The whole state of a run as a checkpoint: the tensors of the state after the steps so far, and those of the state that a
  /// divergence returns to, under the names of `rollbackPrefix`. In a group all ranks call this together, and that of rank 0 is
  /// whole.
  ///
  /// - Throws: `DeviceError` where a device has failed that holds the state.
  func checkpoint(
    _ file: ModelFile<Float>, settings: TrainingSettings, corpus: Corpus
  ) throws(DeviceError) -> Checkpoint {
    var checkpoint = file.checkpoint
    let record = RunRecord(
      settings: settings, corpus: corpus, device: workspace.device, progress: progress,
      rollback: rollbackState?.progress)
    checkpoint.metadata[MetadataKey.run] = canonicalJSON(record)
    for (name, tensor) in tensorsBesideModel(of: try state.on(.cpu)) { checkpoint.tensors[name] = StoredTensor(tensor) }
    if let rollbackState = try rollbackState?.on(.cpu) {
      for (name, tensor) in rollbackState.model.tensors {
        checkpoint.tensors[rollbackPrefix + name] = StoredTensor(tensor)
      }
      for (name, tensor) in tensorsBesideModel(of: rollbackState) {
        checkpoint.tensors[rollbackPrefix + name] = StoredTensor(tensor)
      }
    }
    return checkpoint
  }

  /// Takes up the run of a checkpoint, whose model is the trainer's already.
  ///
  /// - Throws: `SafetensorsError` when something that the run needs is missing.
  func restore(from checkpoint: Checkpoint, record: RunRecord) throws(SafetensorsError) {
    var rollbackState: State?
    if let progress = record.rollback {
      var good = model
      try good.take(from: checkpoint, prefix: rollbackPrefix)
      rollbackState = try saved(good, progress, in: checkpoint, prefix: rollbackPrefix)
    }
    restore(try saved(model, record.progress, in: checkpoint), rollbackState: rollbackState)
  }

  private func saved(
    _ model: CharacterModel<Float>, _ progress: TrainingProgress, in checkpoint: Checkpoint, prefix: String = ""
  ) throws(SafetensorsError) -> State {
    func tensor(_ name: String, _ shape: TensorShape) throws(SafetensorsError) -> Tensor<Float> {
      try checkpoint.tensor(prefix + name, shape: shape)
    }
    var state = self.state
    (state.model, state.progress) = (model, progress)
    try state.average?.take(from: checkpoint, prefix: prefix + averagePrefix)
    try state.optimizer.restore(step: progress.updates, for: model, moment: tensor)
    // The first steps of an epoch may have been skipped: then there is no state to carry yet.
    let carriesState = checkpoint.tensors.keys.contains { $0.hasPrefix(prefix + "state.") }
    if carriesState || progress.skippedInARow == 0 { try state.task.restore(step: progress.step, carried: tensor) }
    return state
  }
}

/// Start of the names of tensors of the state that a divergence returns to.
let rollbackPrefix = "rollback."

/// Start of the names of averaged weights.
let averagePrefix = "average."

extension Trainer where Task == CharacterTask<Float> {
  fileprivate func tensorsBesideModel(of state: State) -> [(name: String, tensor: Tensor<Float>)] {
    wholeTensors(of: state) + (state.average?.tensors ?? []).map { (averagePrefix + $0.name, $0.tensor) }
  }
}

extension CharacterModel<Float> {
  fileprivate var tensors: [(name: String, tensor: Tensor<Float>)] { parameters.map { ($0.name, $0.parameter.value) } }
}
