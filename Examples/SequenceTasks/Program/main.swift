// Trains recurrent nets on tasks with known answers and prints each result beside the expected one.
//
//     swift run -c release SequenceTasksExample                  # all of them, in about three minutes
//     swift run -c release SequenceTasksExample copy reversal    # some of them
//     swift run -c release SequenceTasksExample --brief          # smaller forms, in seconds each

import Foundation
import SequenceTasks

let arguments = Set(CommandLine.arguments.dropFirst())
let names = arguments.subtracting(["--brief"])
if let unknown = names.subtracting(SequenceTask.all.map(\.name)).min() {
  print("there is no task \(unknown); the tasks are \(SequenceTask.all.map(\.name).joined(separator: ", "))")
  exit(64)
}
for task in SequenceTask.all where names.isEmpty || names.contains(task.name) {
  print("\(task.name): \(task.summary)")
  for finding in try task.findings(arguments == names ? .full : .brief, 1) {
    print("  \(finding.holds ? "ok   " : "WRONG") \(finding)")
    if !finding.illustration.isEmpty { print(finding.illustration) }
  }
}
