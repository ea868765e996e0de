import Foundation
import SequenceModeling

/// Loudness of a sound in bands that are spaced as the ear hears them (the mel scale).
struct Bands {
  static let count = 24
  /// Samples of a frame, 20 ms.
  static let frame = 320

  /// Windowed cosines and sines of the bands' middles, [frame, 2 · count].
  private let waves: Tensor<Float>

  init() {
    func hertz(_ mel: Double) -> Double { 700 * (exp(mel / 1127) - 1) }
    let (low, high) = (1127 * log(1 + 80 / 700.0), 1127 * log(1 + 4000 / 700.0))
    let frequencies = (0..<Self.count).map { hertz(low + (high - low) * Double($0) / Double(Self.count - 1)) }
    waves = Tensor(
      (0..<Self.frame).flatMap { sample -> [Float] in
        let window = 0.5 - 0.5 * cos(2 * Double.pi * (Double(sample) + 0.5) / Double(Self.frame))
        let phases = frequencies.map { 2 * Double.pi * $0 * Double(sample) / Recording.rate }
        return phases.map { Float(window * cos($0)) } + phases.map { Float(window * sin($0)) }
      }, shape: [Self.frame, 2 * Self.count])
  }

  /// Logarithm of each band's energy in each whole frame, [frames, count].
  func features(of samples: [Float]) -> Tensor<Float> {
    let frames = samples.count / Self.frame
    let sound = Tensor(Array(samples.prefix(frames * Self.frame)), shape: [frames, Self.frame])
    let parts = sound.matmul(waves).squared()
    let energy = parts.slice(axis: 1, 0..<Self.count) + parts.slice(axis: 1, Self.count..<2 * Self.count)
    return (energy + 1e-6).log()
  }
}
