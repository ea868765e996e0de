import CharrnnTestSupport
import TensorCore
import Testing

/// Outputs, final states and every gradient of the sLSTM equal those of the package xlstm 2.0.6 on the same weights: see
/// `generate_slstm.py`.
@Suite struct SLSTMParityTests {
  private static func all() throws -> [RecurrentCase] {
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
