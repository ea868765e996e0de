import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// What a workspace keeps of parameters: packed weights, and tables.
@Suite struct ParameterCacheTests {
  private let workspace = Workspace<Float>()

  private func packed(_ parameter: Parameter<Float>) -> PackedMatrix<Float> {
    workspace.packed(parameter, transposed: true)
  }

  @Test func aParameterIsPackedOnceUntilItChanges() {
    var weight = Parameter<Float>(.ones([3, 2]))
    let first = packed(weight)
    #expect(packed(weight) === first)
    #expect(workspace.packed(weight, transposed: false) !== first)
    #expect(workspace.packed(weight, rows: 0..<2, transposed: true) !== first)
    weight.value *= 2
    let second = packed(weight)
    #expect(second !== first && packed(weight) === second)
  }

  @Test func copiesShareWhatIsDerivedFromThemUntilOneChanges() {
    let original = Parameter<Float>(.ones([3, 2]))
    let before = packed(original)
    var changed = original
    #expect(packed(changed) === before)
    changed.value *= 2
    let after = packed(changed)
    #expect(after !== before)
    // In turn, as two models of one workspace are used.
    for _ in 0..<3 { #expect(packed(original) === before && packed(changed) === after) }
    changed.value *= 2
    #expect(packed(changed) !== after && packed(original) === before)
  }

  @Test func nothingIsKeptOfAParameterThatIsGone() {
    weak var gone: PackedMatrix<Float>?
    do {
      let weight = Parameter<Float>(.ones([3, 2]))
      gone = packed(weight)
      #expect(gone != nil)
    }
    _ = packed(Parameter(.ones([4, 2])))
    #expect(gone == nil)
  }

  @Test func nothingIsKeptOfAParameterOfOnePass() {
    var context = ForwardContext(workspace: workspace)
    let weight = context.parameter(holding: Variable(.ones([3, 2])))
    #expect(packed(weight) !== packed(weight))
  }

  @Test func aTableIsMadeAgainWhenOneOfItsParametersHasChanged() {
    var (first, second) = (Parameter<Float>(.ones([2])), Parameter<Float>(.ones([2])))
    var made = 0
    func table(for user: Any.Type = Int.self) -> Tensor<Float> {
      workspace.table(of: [first, second], for: user) {
        made += 1
        return first.value + second.value
      }
    }
    #expect(table() == table() && made == 1)
    second.value *= 3
    #expect(table().scalars == [4, 4] && made == 2)
    first.value *= 2
    #expect(table().scalars == [5, 5] && table().scalars == [5, 5] && made == 3)
    #expect(table(for: String.self).scalars == [5, 5] && made == 4, "each user has its own")
  }

  @Test func valuesOfTheLastKeysAreKept() {
    var made = 0
    func value(_ key: Int) -> Int {
      workspace.value(for: key) {
        made += 1
        return 10 * key
      }
    }
    for _ in 0..<3 { for key in 0..<16 { #expect(value(key) == 10 * key) } }
    #expect(made == 16)
    // The key used the longest ago goes: 1, after 0 was used again.
    #expect(value(0) == 0 && value(16) == 160 && value(0) == 0 && made == 17)
    #expect(value(1) == 10 && made == 18)
  }
}
