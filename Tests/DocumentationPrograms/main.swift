// Runs one program of the documentation. Its name, the argument, is that of the file that holds it.

import Foundation

let programs: [String: () throws -> Void] = [
  "ClassifyATable": classifyATable,
  "ComputeOnADevice": computeOnADevice,
  "ConvertWeights": convertWeights,
  "ForecastASeries": forecastASeries,
  "LearnSubwords": learnSubwords,
  "LoadFromPyTorch": loadFromPyTorch,
  "NextCharacter": nextCharacter,
  "ReadPulses": readPulses,
  "ReadStreams": readStreams,
  "ReadTokenizer": readTokenizer,
  "ReadmeProgram": readmeProgram,
  "ReportProgress": reportProgress,
  "SequencesOfSeveralLengths": sequencesOfSeveralLengths,
  "SteerSampling": steerSampling,
  "StopAndResume": stopAndResume,
  "StreamThroughLoadedLayers": streamThroughLoadedLayers,
  "TagWords": tagWords,
  "TranslateSequences": translateSequences,
]

guard let program = CommandLine.arguments.last.flatMap({ programs[$0] }) else {
  print("main.swift lists no such program")
  exit(64)
}
try program()
