/// Binary heap: its smallest element is found at once, others are put in and taken out in O(log n).
struct MinHeap<Element: Comparable> {
  private var elements: [Element] = []

  var isEmpty: Bool { elements.isEmpty }

  mutating func removeAll() { elements.removeAll(keepingCapacity: true) }

  mutating func insert(_ element: Element) {
    var place = elements.count
    elements.append(element)
    while place > 0, element < elements[(place - 1) / 2] {
      elements[place] = elements[(place - 1) / 2]
      place = (place - 1) / 2
    }
    elements[place] = element
  }

  /// Takes the smallest element out; nil where there is none.
  mutating func popMin() -> Element? {
    guard let smallest = elements.first, let last = elements.popLast() else { return nil }
    if elements.isEmpty { return smallest }
    var place = 0
    while true {
      var child = 2 * place + 1
      if child >= elements.count { break }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      if !(elements[child] < last) { break }
      elements[place] = elements[child]
      place = child
    }
    elements[place] = last
    return smallest
  }
}
