import CharrnnTestSupport
import TensorCore
import Testing

/// Outputs, final states and every gradient of the sLSTM equal those of the package xlstm 2.0.6 on the same weights: see
/// `generate_slstm.py`.
@Suite struct SLSTMParityTests {
  static func all() throws -> [RecurrentCase] {
    try RecurrentCase.all(in: Repository.fixture("slstm.safetensors").path)
  }

  @Test(arguments: RecurrentPass.allCases)
  func equalsXLSTMInDouble(_ pass: RecurrentPass) throws {
    for reference in try Self.all() {
      let run = try RecurrentRun<Double>(reference, pass)
      #expect(Set(run.gradients.keys) == reference.differentiated)
      for (name, relative) in try run.differences(from: reference) {
        #expect(relative <= 1e-10, "\(name) of \(reference)")
      }
    }
  }

  @Test(arguments: RecurrentPass.allCases)
  func equalsXLSTMInFloat(_ pass: RecurrentPass) throws {
    for reference in try Self.all() {
      for (name, relative) in try RecurrentRun<Float>(reference, pass).differences(from: reference) {
        #expect(relative <= 5e-5, "\(name) of \(reference)")
      }
    }
  }

  @Test func theCasesAreOfEveryKind() throws {
    let all = try Self.all()
    #expect(all.count >= 30)
    let kinds = all.map { reference in
      let normalizer: Tensor<Double>? = reference.tensor("normalizer")
      let state = normalizer.map { $0.max().scalar > 0 ? "drawn" : "zeros" } ?? "none"
      return "\(reference.configuration.heads!) \(state)"
    }
    #expect(Set(kinds).count == 3 * 3, "heads and initial states")
    #expect(all.contains { $0.configuration.time > 4 } && all.contains { $0.configuration.batch > 1 })
  }
}

/// The same on a device: of every fourth case, since launches of kernels cost more there than the arithmetic of the cases.
@Suite(.enabled(if: hasDevice))
struct DeviceSLSTMParityTests {
  @Test(arguments: RecurrentPass.allCases)
  func equalsXLSTM(_ pass: RecurrentPass) throws {
    let device = Device.openCL(try #require(testDevice))
    for reference in try SLSTMParityTests.all() where reference.number % 4 == 0 {
      let double = try RecurrentRun<Double>(reference, pass, on: device)
      #expect(Set(double.gradients.keys) == reference.differentiated)
      for (name, relative) in try double.differences(from: reference) {
        #expect(relative <= 1e-10, "\(name) of \(reference)")
      }
      for (name, relative) in try RecurrentRun<Float>(reference, pass, on: device).differences(from: reference) {
        #expect(relative <= 5e-5, "\(name) of \(reference)")
      }
    }
  }
}
