import Foundation
import SequenceModeling

/// A drawn recording: noise, a hum and clicks, and now and then a voice, whose harmonics are shaped by two resonances that move
/// from syllable to syllable (the source and filter of Fant, 1960).
struct Recording {
  /// Samples a second.
  static let rate = 16_000.0

  let samples: [Float]
  /// Whether there is a voice in each frame.
  let hasVoice: [Bool]

  init(frames: Int, using random: inout RandomSource) {
    func drawn(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &random) }
    var voiced: [Bool] = []
    var isVoice = drawn(0...1) < 0.5
    while voiced.count < frames {
      voiced += Array(repeating: isVoice, count: Int(drawn(15...80)))
      isVoice.toggle()
    }
    voiced = Array(voiced.prefix(frames))
    let (noise, hum, speech) = (pow(10, drawn(-3 ... -1.5)), pow(10, drawn(-4 ... -1.5)), pow(10, drawn(-1.3 ... -0.6)))
    let (pitch, humPitch) = (drawn(80...260), drawn(45...65))
    var syllable = Syllable(pitch: pitch, using: &random)
    var (phase, low) = (0.0, 0.0)
    var samples: [Float] = []
    samples.reserveCapacity(frames * Bands.frame)
    for frame in 0..<frames {
      if syllable.isOver(at: frame) { syllable = Syllable(from: frame, pitch: pitch, using: &random) }
      let harmonics = voiced[frame] ? syllable.harmonics(at: frame) : []
      let click = drawn(0...1) < 0.02 ? Int(drawn(0...300)) : -1
      for index in 0..<Bands.frame {
        let white = drawn(-1...1)
        low += 0.1 * (white - low)
        let time = Double(frame * Bands.frame + index) / Self.rate
        var value = noise * (white + 4 * low) + hum * sin(2 * Double.pi * humPitch * time)
        if index >= click && click >= 0 && index < click + 8 { value += 0.3 * white }
        phase += syllable.pitch / Self.rate
        for (number, strength) in harmonics.enumerated() {
          value += speech * strength * sin(2 * Double.pi * phase * Double(number + 1))
        }
        samples.append(Float(value))
      }
    }
    (self.samples, hasVoice) = (samples, voiced)
  }
}

/// A stretch of a voice with one vowel.
private struct Syllable {
  let start: Int
  let length: Int
  /// In hertz, as the middles of the resonances.
  let pitch: Double
  private let resonances: [Double]

  init(from start: Int = 0, pitch: Double, using random: inout RandomSource) {
    self.start = start
    length = Int.random(in: 8...18, using: &random)
    self.pitch = pitch * Double.random(in: 0.85...1.2, using: &random)
    resonances = [Double.random(in: 280...850, using: &random), Double.random(in: 850...2500, using: &random)]
  }

  func isOver(at frame: Int) -> Bool { frame >= start + length }

  /// Strength of each harmonic below 4 kHz.
  func harmonics(at frame: Int) -> [Double] {
    let loudness = 0.4 + 0.6 * sin(Double.pi * (Double(frame - start) + 0.5) / Double(length))
    return (1...Int(4000 / pitch)).map { number in
      let frequency = pitch * Double(number)
      let shaped = resonances.reduce(0) { $0 + exp(-pow((frequency - $1) / 200, 2)) }
      return loudness * (shaped + 0.05) / Double(number).squareRoot()
    }
  }
}
