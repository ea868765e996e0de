import SequenceModeling

extension SequenceTask {
  /// Dates in many forms into one, by attention (Bahdanau, Cho and Bengio, 2015; Luong, Pham and Manning, 2015).
  package static let dateTranslation = SequenceTask(
    name: "dates",
    summary: "a date in one of eight forms (Tue 3 Mar 1987, 3.3.87, …): the same as 1987-03-03"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (900, 64), full: (3000, 128))
    return try [AttentionDecoder<GRUCell<Float>>.Style.luong(), .bahdanau(units: units)].map { style in
      let net = try DateTranslator(style, units: units, steps: steps, seed: seed)
      let name = if case .luong = style { "Luong" } else { "Bahdanau" }
      return Finding(
        quantity: "share of held-out dates translated without a mistake, attention of \(name)",
        value: net.share(ofHeldOut: effort.unseen), bound: .atLeast(0.99), baseline: 0,
        illustration: net.table(of: "Thu, the 3 of March, 1988"))
    }
  }
}

/// A network that translates dates. Dates whose day number is divisible by 5 are held out.
private struct DateTranslator {
  private let net: EncoderDecoder<GRUCell<Float>>
  private var random: RandomSource

  init(_ style: AttentionDecoder<GRUCell<Float>>.Style, units: Int, steps: Int, seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let context = if case .bahdanau = style { units } else { 0 }
    let half = GRUCell<Float>(input: 16, hidden: units / 2)
    let untrained = EncoderDecoder(
      sourceTokens: 128, targetTokens: DateSample.targetSymbols.count,
      encoder: StackedRecurrent([half], reverse: [half]),
      decoder: StackedRecurrent([GRUCell<Float>(input: 16 + context, hidden: units)]), attending: style
    ).drawn(using: &random)
    let batches = (0..<steps).map { _ in (0..<32).map { _ in DateSample(heldOut: false, using: &random) } }
    net = try untrained.trained(on: batches, steps: steps, learningRate: 0.01) { net, batch, context in
      net.loss(of: batch.map(\.target), for: batch.map(\.source), in: &context)
    }
    self.random = random
  }

  func share(ofHeldOut count: Int) -> Double {
    var random = random
    let samples = (0..<count).map { _ in DateSample(heldOut: true, using: &random) }
    let found = net.translate(samples.map(\.source), limit: 11)
    return zip(samples, found).map { $0.target == $1.tokens }.share { $0 }
  }

  /// Alignment of a translation: a row for each symbol written, a column for each one read, the darker the larger the weight.
  func table(of text: String) -> String {
    let found = net.translate([DateSample.tokens(text)], limit: 11)[0]
    let shades = Array(" .:+#")
    let written = found.tokens.map { DateSample.targetSymbols[Int($0)] }
    let rows = written.enumerated().map { row, symbol in
      "\(symbol) " + String(found.alignment.row(row).scalars.map { shades[min(Int($0 * 5), 4)] })
    }
    return (["  " + text] + rows).joined(separator: "\n")
  }
}

/// A date in some form, and the same as year, month and day.
struct DateSample {
  static let targetSymbols = Array("0123456789-")
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

  let text: String
  let answer: String

  init(heldOut: Bool, using random: inout RandomSource) {
    var number: Int
    repeat { number = random.number(below: 36_525) } while (number % 5 == 0) != heldOut
    let (year, month, day) = Self.date(number)
    let (name, short) = (Self.months[month - 1], Self.months[month - 1].prefix(3))
    let weekday = Self.days[(number + 3) % 7]
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    text =
      switch random.number(below: 8) {
      case 0: "\(day) \(name) \(year)"
      case 1: "\(name) \(day), \(year)"
      case 2: "\(weekday) \(day) \(short) \(year)"
      case 3: "\(day).\(month).\(year)"
      case 4: "\(two(month))/\(two(day))/\(year)"
      case 5: "\(short) \(day), '\(two(year % 100))"
      case 6: "\(year)\(two(month))\(two(day))"
      default: "\(weekday), the \(day) of \(name), \(year)"
      }
    answer = "\(year)-\(two(month))-\(two(day))"
  }

  var source: [Int32] { Self.tokens(text) }
  var target: [Int32] { answer.map { Int32(Self.targetSymbols.firstIndex(of: $0)!) } }

  static func tokens(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }

  /// The date of a day, counted from 1 January 1970: a Thursday.
  static func date(_ number: Int) -> (year: Int, month: Int, day: Int) {
    var (year, rest) = (1970, number)
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    while rest >= (isLeap(year) ? 366 : 365) {
      rest -= isLeap(year) ? 366 : 365
      year += 1
    }
    let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while rest >= lengths[month] {
      rest -= lengths[month]
      month += 1
    }
    return (year, month + 1, rest + 1)
  }
}
