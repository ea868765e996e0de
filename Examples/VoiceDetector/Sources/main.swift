// Says where in a sound someone speaks, while it is heard: 16-bit samples from standard input, 16,000 a second.
//
//     cd Examples/VoiceDetector && swift build -c release
//     .build/release/VoiceDetector train voice.safetensors             # learns from drawn voices, in seconds
//     .build/release/VoiceDetector draw | .build/release/VoiceDetector listen voice.safetensors
//     arecord -f S16_LE -r 16000 | .build/release/VoiceDetector listen voice.safetensors

import Foundation
import SequenceModeling

func train(_ path: String, recordings: Int, epochs: Int) throws {
  let net = try VoiceNet.trained(recordings: recordings, epochs: epochs) { print($0) }
  try net.save(to: path)
  print("saved to \(path)")
}

func listen(_ path: String) throws {
  var net = VoiceNet()
  try net.load(from: path)
  var detector = VoiceDetector(net)
  var bytes = Data()
  while let chunk = try FileHandle.standardInput.read(upToCount: Bands.frame * 2), !chunk.isEmpty {
    bytes += chunk
    while bytes.count >= Bands.frame * 2 {
      let frame = bytes.prefix(Bands.frame * 2)
      let samples = frame.withUnsafeBytes { $0.loadUnaligned(Int16.self, count: Bands.frame) }
      bytes = Data(bytes.dropFirst(Bands.frame * 2))
      if let change = detector.hear(samples.map { Float(Int16(littleEndian: $0)) / 32768 }) {
        print(change)
        fflush(nil)  // a pipe would keep lines until it is full
      }
    }
  }
}

/// Writes a drawn recording of ten seconds to standard output.
func draw(seed: UInt64) throws {
  var random = RandomSource(seed: seed)
  let recording = Recording(frames: 500, using: &random)
  let samples = recording.samples.map { Int16(max(-1, min(1, $0)) * 32767).littleEndian }
  try FileHandle.standardOutput.write(contentsOf: samples.withUnsafeBytes { Data($0) })
}

extension UnsafeRawBufferPointer {
  fileprivate func loadUnaligned(_ type: Int16.Type, count: Int) -> [Int16] {
    (0..<count).map { loadUnaligned(fromByteOffset: 2 * $0, as: type) }
  }
}

let words = CommandLine.arguments.dropFirst().map(\.self)
do {
  switch (words.first, words.count) {
  case ("train", 2): try train(words[1], recordings: 240, epochs: 6)
  case ("train", 4): try train(words[1], recordings: max(Int(words[2]) ?? 0, 10), epochs: max(Int(words[3]) ?? 0, 1))
  case ("listen", 2): try listen(words[1])
  case ("draw", 1): try draw(seed: UInt64(Date().timeIntervalSince1970))
  case ("draw", 2): try draw(seed: UInt64(words[1]) ?? 1)
  default:
    print("usage: VoiceDetector train MODEL [RECORDINGS EPOCHS] | listen MODEL < SOUND | draw [SEED] > SOUND")
    exit(64)
  }
} catch {
  try? FileHandle.standardError.write(contentsOf: Data("VoiceDetector: \(error)\n".utf8))
  exit(65)
}
