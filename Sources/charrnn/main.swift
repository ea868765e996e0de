import CharrnnCommandSupport
import Foundation
import SequenceModeling

prepareStandardStreams()
do { try Job.prepareOutput() } catch { exit(error.commandFailure.code.rawValue) }
let program = Program(
  summary: "Learns character models from text and writes new text with them.",
  version: "charrnn \(version) (\(InstructionSet.current.rawValue))",
  commands: [TrainCommand.command, SampleCommand.command, EvaluateCommand.command]
    + [
      ScoreCommand.command,
      NeuronsCommand.command, CompressCommand.command, DecompressCommand.command, InspectCommand.command,
      RunsCommand.command, CompareCommand.command,
      ReportCommand.command,
      ExportCommand.command, ImportCommand.command, VerifyCommand.command,
      GradcheckCommand.command, BenchmarkCommand.command, DevicesCommand.command, DoctorCommand.command,
    ].map(\.inOneProcess),
  errorSuffix: Job.errorSuffix, classify: commandFailure(for:command:))

do {
  _ = try InstructionSet.requested()
} catch {
  try? OutputChannel.standardError.write(errorLine("\(error)"))
  exit(ExitCode.usage.rawValue)
}
exit(program.run(Array(SystemText.commandLine.dropFirst())).rawValue)
