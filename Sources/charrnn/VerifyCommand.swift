import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn verify`: checks every byte of a checkpoint, or of the files of a run.
enum VerifyCommand {
  static let model = Argument<String>.one(
    "MODEL|RUN", help: "a checkpoint file, a run directory, or how a run in runs/ begins")
  static let reseal = Flag("reseal", help: "renew the checksum of a checkpoint that another program changed")

  static let command = Command(
    name: "verify", summary: "check every byte of a checkpoint or of those of a run", arguments: [model],
    groups: [OptionGroup("Options", [reseal, CommonOptions.json])], example: "charrnn verify runs/fables", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let path = CommonOptions.runPath(arguments[model])
    if arguments[reseal] { try renewSeal(of: path, arguments) }
    let files = try Verification.files(at: path)
    let problems = files.compactMap { file -> String? in
      if case .failure(let error) = file.content { message(for: error) } else { nil }
    }
    if arguments[CommonOptions.json] {
      let report: JSONText = ["sound": .bool(problems.isEmpty), "files": .array(files.map(json))]
      try OutputChannel.standardOutput.write(report.line + "\n")
    } else {
      try OutputChannel.standardOutput.write(files.map(line).joined())
    }
    guard let first = problems.first else { return .done }
    let others = problems.count == 1 ? "" : " (and \(problems.count - 1) more of \(files.count) files)"
    throw CommandFailure(first + others, code: .badData)
  }

  private static func renewSeal(of path: String, _ arguments: ParsedArguments) throws {
    if try SystemFiles().statusIfAny(of: path)?.kind == .directory {
      throw arguments.usageFailure("--reseal is for one checkpoint, and \(path) is a directory; name the file in it")
    }
    let isWritten: Bool
    do { isWritten = try Verification.reseal(path) } catch let error as FileError {
      switch error.action {
      case _ where error.code == EROFS: throw CommandFailure("\(error)", code: .cannotCreate)
      case "create", "replace": throw CommandFailure("\(error)", code: .cannotCreate)
      case "write", "sync": throw CommandFailure("\(error)", code: .inputOutput)
      default: throw error
      }
    }
    notice(isWritten ? "\(path): sealed" : "\(path): its checksum holds; nothing to do")
  }

  private static func line(_ file: VerifiedFile) -> String {
    let (mark, text) =
      switch file.content {
      case .success(let content): ("ok   ", content)
      case .failure(let error): ("WRONG", reason(error, of: file))
      }
    return "\(mark) \(file.path.printable())  \(text.printable(atMost: 1000))\n"
  }

  private static func json(_ file: VerifiedFile) -> JSONText {
    switch file.content {
    case .success(let content): ["file": .string(file.path), "sound": true, "content": .string(content)]
    case .failure(let error): ["file": .string(file.path), "sound": false, "problem": .string(reason(error, of: file))]
    }
  }

  /// The error's words without the name of the file.
  private static func reason(_ error: any Error, of file: VerifiedFile) -> String {
    let text = "\(error)"
    return text.hasPrefix(file.path + ": ") ? String(text.dropFirst(file.path.count + 2)) : text
  }
}
