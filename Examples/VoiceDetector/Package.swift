// swift-tools-version: 6.1
import PackageDescription

// A package of its own, as an app has one: copy the folder, and let `path` lead to the toolkit.
let package = Package(
  name: "VoiceDetector",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "charrnn", path: "../..")],
  targets: [
    .executableTarget(
      name: "VoiceDetector", dependencies: [.product(name: "SequenceModeling", package: "charrnn")], path: "Sources")
  ]
)
