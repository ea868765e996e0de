// swift-tools-version: 6.1
import PackageDescription

// Data flows one way, from top to bottom: a target imports only targets listed above it.
let package = Package(
  name: "charrnn",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "SequenceModeling", targets: ["SequenceModeling"]),
    .executable(name: "charrnn", targets: ["charrnn"]),
  ],
  // Training on several hosts needs the system's MPI. Without the trait nothing of it is built or looked for.
  traits: [.trait(name: "MPI", description: "Train on several hosts, over the system's Open MPI or MPICH.")],
  targets: [
    .target(name: "CSequenceKernels"),
    // Loads the system's OpenCL at run time: nothing is linked.
    .target(name: "COpenCL", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "TensorCore", dependencies: ["COpenCL", "CSequenceKernels"]),
    .systemLibrary(name: "CMPI", pkgConfig: "mpi-c", providers: [.apt(["libopenmpi-dev"])]),
    .target(
      name: "ProcessGroups", dependencies: ["TensorCore", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),
    .target(name: "Autograd", dependencies: ["TensorCore"]),
    .target(name: "NeuralLayers", dependencies: ["Autograd"]),
    .target(name: "RecurrentLayers", dependencies: ["NeuralLayers"]),
    .target(name: "TensorCheckpoints", dependencies: ["TensorCore"]),
    .target(name: "ForeignFiles", dependencies: ["TensorCheckpoints", "TensorCore"]),
    .target(name: "SequenceText", dependencies: ["ProcessGroups", "TensorCore"]),
    .target(name: "NGramModels", dependencies: ["TensorCore"]),
    .target(name: "TabularData", dependencies: ["TensorCore"]),
    .target(
      name: "ModelTraining", dependencies: ["NeuralLayers", "ProcessGroups", "TensorCheckpoints", "TabularData"]),
    .target(
      name: "LanguageModels",
      dependencies: ["RecurrentLayers", "ModelTraining", "SequenceText", "NGramModels", "TensorCheckpoints"]),
    .target(
      name: "ModelExchange",
      dependencies: ["RecurrentLayers", "SequenceText", "TensorCheckpoints", "LanguageModels", "ForeignFiles"]),
    .target(name: "WebPages", dependencies: ["LanguageModels"]),
    .target(
      name: "SequenceModeling",
      dependencies: [
        "TensorCore", "ProcessGroups", "Autograd", "NeuralLayers", "RecurrentLayers", "TensorCheckpoints",
        "ForeignFiles",
        "SequenceText", "NGramModels", "TabularData", "ModelTraining", "LanguageModels", "ModelExchange", "WebPages",
      ]),
    .target(name: "CharrnnCommandSupport", dependencies: ["TensorCore"]),
    .executableTarget(name: "charrnn", dependencies: ["SequenceModeling", "CharrnnCommandSupport"]),

    .executableTarget(
      name: "TrainAndSampleExample", dependencies: ["SequenceModeling"], path: "Examples/TrainAndSample"),
    .executableTarget(name: "CustomCellExample", dependencies: ["SequenceModeling"], path: "Examples/CustomCell"),
    .executableTarget(name: "OneNeuronExample", dependencies: ["SequenceModeling"], path: "Examples/OneNeuron"),
    .executableTarget(name: "ExclusiveOrExample", dependencies: ["SequenceModeling"], path: "Examples/ExclusiveOr"),
    .executableTarget(
      name: "ExplicitWeightsExample", dependencies: ["SequenceModeling"], path: "Examples/ExplicitWeights"),
    .executableTarget(
      name: "SineRegressionExample", dependencies: ["SequenceModeling"], path: "Examples/SineRegression"),
    .executableTarget(
      name: "DigitRecognizerExample", dependencies: ["SequenceModeling"], path: "Examples/DigitRecognizer"),
    .executableTarget(name: "PatternRecallExample", dependencies: ["SequenceModeling"], path: "Examples/PatternRecall"),
    .executableTarget(name: "TrainingLoopExample", dependencies: ["SequenceModeling"], path: "Examples/TrainingLoop"),
    // A package of its own as well: Examples/VoiceDetector/Package.swift.
    .executableTarget(
      name: "VoiceDetectorExample", dependencies: ["SequenceModeling"], path: "Examples/VoiceDetector/Sources"),
    .executableTarget(
      name: "FruitClassifierExample", dependencies: ["SequenceModeling"], path: "Examples/FruitClassifier",
      resources: [.copy("fruits.csv")]),
    .target(name: "SequenceTasks", dependencies: ["SequenceModeling"], path: "Examples/SequenceTasks/Tasks"),
    .executableTarget(
      name: "SequenceTasksExample", dependencies: ["SequenceTasks"], path: "Examples/SequenceTasks/Program"),

    .target(name: "CharrnnTestSupport", dependencies: ["Autograd", "ProcessGroups"], path: "Tests/Support"),
    .target(
      name: "CharrnnFuzzing", dependencies: ["SequenceModeling"], path: "Tests/Fuzzing", exclude: ["Driver"]),
    .testTarget(name: "FuzzReplayTests", dependencies: ["CharrnnFuzzing", "CharrnnTestSupport"]),
    .testTarget(name: "KernelParityTests", dependencies: ["CSequenceKernels", "CharrnnTestSupport"]),
    .testTarget(name: "TensorCoreTests", dependencies: ["TensorCore", "CharrnnTestSupport"]),
    .testTarget(name: "ProcessGroupsTests", dependencies: ["ProcessGroups", "CharrnnTestSupport"]),
    .testTarget(name: "AutogradTests", dependencies: ["Autograd", "CharrnnTestSupport"]),
    .testTarget(name: "NeuralLayersTests", dependencies: ["NeuralLayers", "CharrnnTestSupport"]),
    .testTarget(name: "RecurrentLayersTests", dependencies: ["RecurrentLayers", "CharrnnTestSupport"]),
    .testTarget(name: "TensorCheckpointsTests", dependencies: ["TensorCheckpoints", "CharrnnTestSupport"]),
    .testTarget(name: "ForeignFilesTests", dependencies: ["ForeignFiles", "CharrnnFuzzing", "CharrnnTestSupport"]),
    .testTarget(name: "SequenceTextTests", dependencies: ["SequenceText", "CharrnnTestSupport"]),
    .testTarget(name: "NGramModelsTests", dependencies: ["NGramModels", "CharrnnTestSupport"]),
    .testTarget(name: "TabularDataTests", dependencies: ["TabularData", "CharrnnTestSupport"]),
    .testTarget(name: "ModelTrainingTests", dependencies: ["ModelTraining", "RecurrentLayers", "CharrnnTestSupport"]),
    .testTarget(name: "LanguageModelsTests", dependencies: ["LanguageModels", "CharrnnTestSupport"]),
    .testTarget(name: "ModelExchangeTests", dependencies: ["ModelExchange", "CharrnnTestSupport"]),
    .testTarget(name: "WebPagesTests", dependencies: ["WebPages", "CharrnnTestSupport"]),
    .testTarget(
      name: "PyTorchParityTests",
      dependencies: [
        "Autograd", "RecurrentLayers", "ModelTraining", "LanguageModels", "TensorCheckpoints", "CharrnnTestSupport",
      ]),
    .testTarget(name: "CharrnnCommandSupportTests", dependencies: ["CharrnnCommandSupport", "CharrnnTestSupport"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["charrnn", "CharrnnCommandSupport", "LanguageModels", "ModelExchange", "CharrnnTestSupport"]),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "CustomCellExample", "DigitRecognizerExample", "ExclusiveOrExample", "ExplicitWeightsExample",
        "FruitClassifierExample", "OneNeuronExample", "PatternRecallExample", "SequenceTasksExample",
        "SineRegressionExample", "TrainAndSampleExample", "TrainingLoopExample", "VoiceDetectorExample",
        "CharrnnTestSupport",
      ]),
    .executableTarget(
      name: "DocumentationPrograms", dependencies: ["SequenceModeling"], path: "Tests/DocumentationPrograms"),
    .executableTarget(name: "InteropProgram", dependencies: ["SequenceModeling"], path: "Tests/Interop/Program"),
    .executableTarget(
      name: "SequenceMeasurements", dependencies: ["SequenceModeling"], path: "Tests/Peers/Sequences"),
    .executableTarget(name: "InteropTokenizer", dependencies: ["SequenceModeling"], path: "Tests/Interop/Tokenizer"),
    .executableTarget(name: "InteropModels", dependencies: ["SequenceModeling"], path: "Tests/Interop/Models"),
    .testTarget(name: "DocumentationTests", dependencies: ["DocumentationPrograms", "CharrnnTestSupport"]),
    .testTarget(name: "SequenceTasksTests", dependencies: ["SequenceTasks", "CharrnnTestSupport"]),
  ]
)

// For the checks before a change lands, which test the optimized modules: the tests themselves are compiled as in debug builds, which
// saves minutes. Tests that run in debug builds alone are left out, and programs that nothing runs optimized.
if Context.environment["CHARRNN_OPTIMIZED_TESTS"] != nil {
  let programs = ["charrnn", "CustomCellExample", "TrainAndSampleExample"]
  package.targets.removeAll {
    ["CommandLineTests", "DocumentationTests", "ExamplesTests"].contains($0.name)
      || $0.type == .executable && !programs.contains($0.name)
  }
  for target in package.targets where target.type == .test { target.swiftSettings = [.unsafeFlags(["-Onone"])] }
}

// For the debug build of these checks: a module is compiled as a whole, without information for debuggers, and kernels are optimized.
// `.ci/sanitizers` builds the kernels and the command without optimization, and runs both.
if Context.environment["CHARRNN_QUICK_BUILD"] != nil {
  for target in package.targets where target.type != .system {
    if target.name == "CSequenceKernels" {
      target.cSettings = [.unsafeFlags(["-O2"], .when(configuration: .debug))]
    } else {
      target.swiftSettings = [
        .unsafeFlags(
          ["-disable-batch-mode", "-wmo", "-num-threads", "1", "-Xfrontend", "-gnone"], .when(configuration: .debug))
      ]
    }
  }
}
