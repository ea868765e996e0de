import CharrnnCommandSupport
import SequenceModeling

/// The page `report.html` of a run.
enum RunPage {
  /// Keeps the page of a run in training up to date.
  ///
  /// - Parameter command: command line that goes on with the run.
  static func follower(_ directory: RunDirectory, resuming command: String) -> RunFollower {
    var report = RunReport(directory, commands: commands(for: directory, resuming: command))
    return RunFollower("its page") { try report.write() }
  }

  /// Command lines to go on with.
  ///
  /// - Parameter command: the one that goes on with the run; nil where its texts are not known.
  static func commands(for directory: RunDirectory, resuming command: String?) -> [(purpose: String, line: String)] {
    let path = shellWord(directory.path)
    return [
      ("Write text with the best model:", "charrnn sample \(path)"),
      ("Measure it on the part of the text that it has never seen:", "charrnn evaluate \(path)"),
    ]
      + (command.map { [("Train on, where it was stopped; with --time 10m besides, longer than was asked for:", $0)] }
        ?? [])
  }
}
