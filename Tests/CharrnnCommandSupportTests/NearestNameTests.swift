import CharrnnCommandSupport
import Testing

@Suite("Nearest name")
struct NearestNameTests {
  let names = ["batch", "learning-rate", "validation-fraction", "temperature", "overwrite", "checkpoint-every"]

  @Test func oneLetterDroppedDoubledChangedOrSwappedStillFindsTheName() {
    for name in names {
      let letters = Array(name)
      for index in letters.indices {
        var dropped = letters
        dropped.remove(at: index)
        var doubled = letters
        doubled.insert(letters[index], at: index)
        var changed = letters
        changed[index] = "q"
        var swapped = letters
        if index > 0 { swapped.swapAt(index, index - 1) }
        for word in [dropped, doubled, changed, swapped] {
          #expect(nearestName(to: String(word), among: names) == name, "\(String(word))")
        }
      }
      #expect(nearestName(to: name.uppercased(), among: names) == name)
    }
  }

  @Test(arguments: [
    ("learn", "learning-rate"), ("lr", "learning-rate"), ("batch-size", "batch"), ("fraction", "validation-fraction"),
    ("temp", "temperature"), ("every", "checkpoint-every"),
  ])
  func aBeginningInitialsAndWordsOfTheNameOrAroundItFindIt(word: String, name: String) {
    #expect(nearestName(to: word, among: names) == name)
  }

  @Test(arguments: ["", "zzzz", "q", "mnopqrst", "-"])
  func whatIsNearNothingFindsNothing(word: String) {
    #expect(nearestName(to: word, among: names) == nil)
  }

  /// Of equally near names the first is taken; of unequally near ones the nearest.
  @Test func theNearestNameIsTakenAndOfEquallyNearOnesTheFirst() {
    #expect(nearestName(to: "tap", among: ["top", "tip"]) == "top")
    #expect(nearestName(to: "tips", among: ["tops", "tip-s", "tipsy", "tip"]) == "tops")
    #expect(nearestName(to: "batches", among: ["bitches-x", "batch", "batchers"]) == "batchers")
  }

  @Test func aVeryLongWordIsAnsweredQuicklyAndWithoutAName() {
    #expect(nearestName(to: String(repeating: "b", count: 1_000_000), among: names) == nil)
  }
}
