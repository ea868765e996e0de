import Foundation
import ModelTraining
import TensorCore

/// Files that a run has saved, by what its other files tell.
struct RunTraces {
  /// Path of a file that shows it; nil where none does.
  var savedBest, savedLast: String?
}

extension Verification {
  static func configuration(of directory: RunDirectory, for model: StoredModel?) throws -> String {
    guard let configuration = try RunConfiguration(of: directory) else { return "" }
    if let run = try configuration.run(), let other = model?.history?.run, run != other {
      throw VerificationProblem(
        file: configuration.file, kind: .otherRun("run", file: model?.checkpoint.file ?? ""))
    }
    if let settings = model?.shape.architecture.asSettings {
      for field in SettingField.all where field.isStructural && !configuration.agrees(on: field, with: settings) {
        throw VerificationProblem(
          file: configuration.file, kind: .otherSetting(field.reportedName, model: "\(field.value(in: settings))"))
      }
    }
    return "\(configuration.count) options"
  }

  /// - Parameters:
  ///   - run: identity of the run, which the first line must name; nil or empty for one that has none.
  ///   - traces: what the lines show is added to it.
  static func metrics(of directory: RunDirectory, run: String?, traces: inout RunTraces) throws -> String {
    struct Line: Decodable {
      let step: Int
      let run, event: String?
      let validationLoss: Double?

      enum CodingKeys: String, CodingKey {
        case step, run, event
        case validationLoss = "validation_loss"
      }
    }
    let (path, bytes) = (directory.metrics, try directory.contents(of: directory.metrics) ?? [])
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, bytes) in lines.dropLast().enumerated() {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)) else {
        throw VerificationProblem(file: path, kind: .noLine(number: number + 1))
      }
      if number == 0, let run, !run.isEmpty, line.run != run {
        throw VerificationProblem(
          file: path, kind: line.run == nil ? .noRun : .otherRun("run", file: directory.configuration))
      }
      // The end of a training follows its last save.
      if line.event == "end" {
        traces.savedLast = path
        if line.validationLoss != nil { traces.savedBest = path }
      }
    }
    if lines.count == 1, let run, !run.isEmpty { throw VerificationProblem(file: path, kind: .noRun) }
    if lines.last?.isEmpty == false { throw VerificationProblem(file: path, kind: .openLine(number: lines.count)) }
    return counted(lines.count - 1, "line")
  }
}
