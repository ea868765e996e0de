import CharrnnTestSupport
import Foundation
import Testing

/// Result of a command line.
struct Outcome {
  let code: Int32
  let output: Data
  let errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
  /// The lines on standard error.
  var errorLines: [Substring] { errors.split(separator: "\n") }

  /// The object on standard output.
  func json() throws -> [String: Any] {
    #expect(text.hasSuffix("}\n") && text.filter { $0 == "\n" }.count == 1, "one object on one line")
    return try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
  }
}

/// Directory in which command lines run.
typealias Workplace = ScratchDirectory

/// Held while signals are set for a process that starts: they belong to the whole process.
private let processStart = NSLock()

extension ScratchDirectory {
  /// The command, which is built beside the tests.
  static let command = BuiltProgram.url(of: "charrnn")

  /// Runs `charrnn` with these words to its end.
  func charrnn(_ words: String...) throws -> Outcome { try charrnn(words) }

  func charrnn(_ words: [String], input: String = "") throws -> Outcome {
    try start(words, input: input).outcome()
  }

  /// Runs a line of shell in which `$0` is the command.
  func shell(_ line: String) throws -> Outcome {
    try start(["-c", line, Self.command.path], executable: URL(fileURLWithPath: "/bin/sh")).outcome()
  }

  struct Running {
    let process: Process
    let output, errors: URL

    /// Waits for the end, which is made by force after two minutes.
    func outcome() throws -> Outcome {
      let identifier = process.processIdentifier
      let deadline = DispatchWorkItem { kill(identifier, SIGKILL) }
      DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: deadline)
      process.waitUntilExit()
      deadline.cancel()
      let code = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
      return Outcome(
        code: code, output: try Data(contentsOf: output),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
  }

  /// Starts a command; its streams are files, so that nothing has to be read while it runs.
  func start(_ words: [String], executable: URL = command, input: String = "") throws -> Running {
    let name = "/.streams-" + UUID().uuidString
    func file(_ kind: String, _ content: String = "") throws -> URL {
      let url = URL(fileURLWithPath: path + name + kind)
      try Data(content.utf8).write(to: url)
      return url
    }
    let running = Running(process: Process(), output: try file("-output"), errors: try file("-errors"))
    running.process.executableURL = executable
    running.process.arguments = words
    running.process.currentDirectoryURL = URL(fileURLWithPath: path)
    running.process.standardInput = try FileHandle(forReadingFrom: file("-input", input))
    running.process.standardOutput = try FileHandle(forWritingTo: running.output)
    running.process.standardError = try FileHandle(forWritingTo: running.errors)
    // The threads that tests run on block signals, tests in the background of a script ignore some, and a new process would
    // inherit both.
    processStart.lock()
    defer { processStart.unlock() }
    var (none, mask) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    let stops = [SIGHUP, SIGINT, SIGTERM]
    let handlers = stops.map { signal($0, SIG_DFL) }
    defer { for (stop, handler) in zip(stops, handlers) { signal(stop, handler) } }
    try running.process.run()
    return running
  }

  /// Files and directories in it, without the hidden ones, where the streams of commands are kept.
  var visibleNames: [String] {
    get throws { try names.filter { !$0.hasPrefix(".") } }
  }
}

/// Expects an error: its exit code, nothing on standard output, and one line on standard error that contains the fragments.
func expectError(
  _ outcome: Outcome, _ code: Int32, _ fragments: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.code == code, "\(outcome.errors)", sourceLocation: sourceLocation)
  #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
  #expect(
    outcome.errors.hasPrefix("charrnn: error: ") && outcome.errors.hasSuffix("\n") && outcome.errorLines.count == 1,
    "\(outcome.errors)", sourceLocation: sourceLocation)
  for fragment in fragments {
    #expect(outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: sourceLocation)
  }
}

/// Expects success, with these fragments on standard error.
func expectDone(_ outcome: Outcome, _ fragments: String..., sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
  for fragment in fragments {
    #expect(outcome.errors.contains(fragment), "\(outcome.errors)", sourceLocation: sourceLocation)
  }
}

/// Waits until something is so, at most for half a minute.
func wait(until isSo: () -> Bool) throws {
  let clock = ContinuousClock()
  let end = clock.now + .seconds(30)
  while !isSo() {
    try #require(clock.now < end, "waited in vain")
    Thread.sleep(forTimeInterval: 0.01)
  }
}

/// Options of a model small enough for a debug build.
let smallSize = ["--hidden", "8", "--batch", "4", "--length", "8"]

/// The same for `train`, which then chooses nothing.
let small = ["--plain"] + smallSize

/// Some text to learn, the same each time.
let fable: String = {
  let words = ["the ", "fox ", "and\n", "a ", "crow. "]
  var (text, number) = ("", 1)
  while text.count < 600 {
    number = number * 48_271 % 2_147_483_647
    text += words[number % words.count]
  }
  return text
}()

/// A model trained for a few steps, in `run` beside its corpus `fable.txt`: made once, read by many tests.
enum Trained {
  static let workplace: Result<Workplace, any Error> = Result {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let outcome = try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "20"] + small)
    #expect(outcome.code == 0, "\(outcome.errors)")
    return workplace
  }
}
