/// The numbers from 0 that one of several parts has, of `count` that are divided nearly evenly; the first part has one wherever there are
/// any.
package func evenShare(of count: Int, part: Int, parts: Int) -> Range<Int> {
  func start(_ part: Int) -> Int { (count * part + parts - 1) / parts }
  return start(part)..<start(part + 1)
}
