/// The known name nearest to `word`, for "did you mean", or nil when none is near.
///
/// A name is near when `word` is a misspelling of it (at most half of the letters changed, dropped, added, or swapped with
/// their neighbour), a prefix (`learn` for `learning-rate`), its initials (`lr`), or shares whole words with it
/// (`batch-size` for `batch`). Among equally near names the first one wins.
///
/// - Parameter limit: how many letters may differ; nil for half of the word's.
package func nearestName(to word: String, among names: [String], atMost limit: Int? = nil) -> String? {
  let word = word.prefix(64).lowercased()
  guard !word.isEmpty else { return nil }
  let limit = limit ?? max(1, word.count / 2)
  let near = names.map { (name: $0, distance: distance(from: word, to: $0, atMost: limit)) }
    .filter { $0.distance <= limit }
  return near.min { $0.distance < $1.distance }?.name
}

/// A related name counts as one letter away; any other by its edit distance, or as infinitely far where the lengths alone
/// make that larger than `limit`.
private func distance(from word: String, to name: String, atMost limit: Int) -> Int {
  let edits = abs(word.count - name.count) > limit ? Int.max : editDistance(Array(word), Array(name))
  return isRelated(word, to: name) ? min(edits, 1) : edits
}

private func isRelated(_ word: String, to name: String) -> Bool {
  let given = word.split(separator: "-")
  let meant = name.split(separator: "-")
  if given.isEmpty { return false }
  return (word.count > 1 && name.hasPrefix(word))
    || (meant.count > 1 && word == String(meant.compactMap(\.first)))
    || Set(given).isSubset(of: meant) || Set(meant).isSubset(of: given)
}

/// The optimal string alignment distance: the least number of insertions, deletions, substitutions and swaps of neighbours
/// that turn `a` into `b`, with no substring edited twice.
///
/// - Complexity: O(|a|·|b|) time, O(|b|) memory.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
      row.append(best)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
