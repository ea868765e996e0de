// A Hopfield network as an associative memory: it stores pictures and recalls them from noisy copies.
//
//     swift run -c release PatternRecallExample

import SequenceModeling

let width = 12
let pictures = [
  """
  ............
  .##########.
  .#........#.
  .#........#.
  .#........#.
  .#........#.
  .#........#.
  .#........#.
  .#........#.
  .##########.
  """,
  """
  ............
  .....##.....
  .....##.....
  .....##.....
  .##########.
  .##########.
  .....##.....
  .....##.....
  .....##.....
  ............
  """,
  """
  #.........##
  ##.......##.
  .##.....##..
  ..##...##...
  ...##.##....
  ....###.....
  ...##.##....
  ..##...##...
  .##.....##..
  ##.......##.
  """,
]

func draw(_ state: Tensor<Float>) {
  let marks = state.scalars.map { $0 > 0 ? "#" : "." }
  for start in stride(from: 0, to: marks.count, by: width) { print("  " + marks[start..<start + width].joined()) }
}

let patterns = Tensor<Float>.stack(
  pictures.map { picture in Tensor.bipolar(picture.filter { $0 != "\n" }.map { $0 == "#" }) })
let memory = HopfieldNetwork(learning: patterns, rule: .pseudoInverse)

var random = RandomSource(seed: 1)
for (number, picture) in pictures.indices.map({ ($0 + 1, patterns.row($0)) }) {
  let noisy = picture.map { $0 * (random.uniform() < 0.2 ? -1 : 1) }
  print("picture \(number) with a fifth of its points turned, energy \(memory.energy(of: noisy)):")
  draw(noisy)
  let settling = memory.settle(noisy, using: &random)
  print("after \(settling.sweeps) sweeps, energy \(memory.energy(of: settling.state)):")
  draw(settling.state)
  print("overlap with the picture: \(settling.state.overlap(with: picture))")
}
