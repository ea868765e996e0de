/// Sizes of a sweep: the wide list in release builds, the narrow one in debug builds, where kernels run unoptimized.
///
/// Both check one law; the narrow list keeps a size on each side of every edge (empty, one, vector width, tile).
package func sweep<Value>(debug: [Value], release: [Value]) -> [Value] {
  #if DEBUG
    debug
  #else
    release
  #endif
}

/// A number of repetitions or elements that may be smaller in debug builds.
package func amount(debug: Int, release: Int) -> Int { sweep(debug: [debug], release: [release])[0] }
