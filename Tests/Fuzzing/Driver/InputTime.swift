import Foundation

/// Runs a target on an input and stops the program when it takes too long: 1 s for each megabyte, or 0.2 s. Instrumented
/// code takes four times as long.
///
/// With FUZZ_BYTES in the environment the input is repeated to so many bytes, all but the first two, which select a form.
func measured(_ input: [UInt8], _ run: ([UInt8]) -> Void) {
  var input = input
  if let size = repeatedSize, input.count > 2 {
    let part = input[2...]
    while input.count < size { input += part }
  }
  let began = processorSeconds
  run(input)
  let seconds = processorSeconds - began
  if seconds > 4 * max(0.2, Double(input.count) / 1e6) { fatalError("\(input.count) bytes took \(seconds) s") }
}

private let repeatedSize = ProcessInfo.processInfo.environment["FUZZ_BYTES"].flatMap { Int($0) }

private var processorSeconds: Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
