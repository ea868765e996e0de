import SequenceModeling

func computeOnADevice() throws {
  // Without OpenCL, on the CPU.
  let found = (try? OpenCLDevice.all()) ?? []
  let device = found.first.map { Device.openCL($0) } ?? .cpu
  var model = Sequential<Float>(seed: 1) {
    Dense(4, 16, activation: .tanh)
    Dense(16, 3)
  }
  model.bind()
  try model.move(to: device)
  var optimizer = Optimizer(.adam(), for: model)
  let (inputs, targets) = (try Tensor<Float>.ones([2, 4]).on(device), [0, 2] as [Int32])
  let workspace = Workspace<Float>(device: device)
  for step in 1...3 {
    var context = ForwardContext(tape: Tape(), mode: .training, workspace: workspace)
    let loss = softmaxCrossEntropy(model(Variable(inputs), in: &context), targets: targets, in: context)
    let gradients = loss.gradients()
    optimizer.update(&model, with: gradients)
    print("step \(step) on \(device): loss \(try loss.value.on(.cpu).scalar)")
  }
}
