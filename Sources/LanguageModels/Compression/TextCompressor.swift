import SequenceText
import TensorCheckpoints
import TensorCore

/// Compresses bytes of any kind by arithmetic coding under a model's predictions, and restores them to the byte.
///
/// The size is that of the model's loss, and about 50 bytes. Text that the model does not know goes as bytes; what the model
/// would make larger is stored as it is. The same model is needed to decompress, and where it learns from the text (see
/// `CompressionMode`) the text that it was trained on too. Nothing else matters: not the machine, its instruction set, nor the
/// number of threads. For that, `InstructionSet.choose(.reproducible)` must come first in the process.
public struct TextCompressor: Sendable {
  private let file: ModelFile<Float>
  private let training: TextStream?
  private let threads: Int
  private let requiresReproducible: Bool

  /// - Parameters:
  ///   - training: text that the model was trained on; only for modes that need it.
  ///   - threads: they change the speed alone.
  public init(_ file: ModelFile<Float>, trainedOn training: Corpus? = nil, threads: Int = 1) {
    self.init(file, trainedOn: training, threads: threads, requiresReproducible: true)
  }

  /// - Parameter requiresReproducible: whether kernels whose bits depend on the machine are refused.
  package init(
    _ file: ModelFile<Float>, trainedOn training: Corpus?, threads: Int = 1, requiresReproducible: Bool
  ) {
    self.file = file
    self.training = training.flatMap { file.trainingPart(of: $0) }
    self.threads = threads
    self.requiresReproducible = requiresReproducible
  }

  /// Compresses a text, or any bytes.
  ///
  /// - Parameter progress: receives now and then how many bytes are coded.
  /// - Throws: `AdaptationError` where the mode needs the training text and this is not it; `CompressionError` where the
  ///   model's predictions are not finite; what `progress` throws.
  public func compress(
    _ content: [UInt8], mode: CompressionMode = CompressionMode(), progress: (_ bytes: Int) throws -> Void = { _ in }
  ) throws -> [UInt8] {
    var coder = try textCoder(mode)
    var encoder = RangeEncoder()
    var (bytes, shown) = (0, 0)
    let (spelling, text) = TextSpelling.read(content, in: file.vocabulary)
    for item in Tokenizer(file.vocabulary).items(of: text) {
      _ = try coder.code(item, with: &encoder)
      bytes += length(of: item)
      try report(bytes, &shown, progress)
    }
    let coded = text.isEmpty ? [] : encoder.finish()
    let isStored = coded.count > content.count
    return CompressedFile(
      mode: mode, length: isStored ? content.count : text.count, identity: identity(mode),
      contentHash: CompressedFile.hash(of: content[...]), payload: isStored ? content[...] : coded[...],
      isStored: isStored, isReproducible: Self.isReproducible, spelling: isStored ? TextSpelling() : spelling
    ).bytes
  }

  /// The mode that a text was compressed in.
  ///
  /// - Throws: `CompressionError`.
  public static func mode(of compressed: [UInt8]) throws(CompressionError) -> CompressionMode {
    try CompressedFile(compressed).mode
  }

  /// Restores what was compressed.
  ///
  /// - Parameter progress: receives now and then how many bytes are decoded, of how many.
  /// - Throws: `CompressionError`; `AdaptationError` where the mode needs the training text and this is not it; what
  ///   `progress` throws.
  public func decompress(
    _ compressed: [UInt8], progress: (_ bytes: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> [UInt8] {
    let compressed = try CompressedFile(compressed)
    try requireTrainingText(compressed.mode)
    guard compressed.identity == identity(compressed.mode) else { throw CompressionError.otherModel }
    guard compressed.isReproducible || !requiresReproducible else { throw CompressionError.notReproducible }
    let text =
      compressed.isStored
      ? Array(compressed.payload) : try decode(compressed) { try progress($0, compressed.length) }
    let content = compressed.spelling.restored(text, in: file.vocabulary)
    guard text.count == compressed.length, CompressedFile.hash(of: content[...]) == compressed.contentHash else {
      throw CompressionError.otherContent
    }
    return content
  }

  private func decode(_ compressed: CompressedFile, progress: (Int) throws -> Void) throws -> [UInt8] {
    let longest = file.vocabulary.symbols.map(\.count).max()!
    let (most, overflows) = (compressed.payload.count * longest).multipliedReportingOverflow(
      by: TextCoder.mostItemsPerByte)
    // Past the checksum a length is a forged one.
    guard overflows || compressed.length <= most else { throw CompressionError.otherContent }
    var content: [UInt8] = []
    guard compressed.length > 0 else { return content }
    var coder = try textCoder(compressed.mode)
    var decoder = RangeDecoder(compressed.payload)
    var shown = 0
    // It grows as it is decoded: the length is that of a file that may be forged.
    while content.count < compressed.length {
      switch try coder.code(.byte(0), with: &decoder) {
      case .token(let token): content += file.vocabulary[token]
      case .byte(let byte): content.append(byte)
      }
      try report(content.count, &shown, progress)
    }
    guard decoder.isAtEnd else { throw CompressionError.otherContent }
    return content
  }

  private func textCoder(_ mode: CompressionMode) throws -> TextCoder {
    guard Self.isReproducible || !requiresReproducible else { throw CompressionError.notReproducible }
    try requireTrainingText(mode)
    let training = mode.needsTrainingText ? training! : TextStream(TokenSequence()[...])
    let team = ThreadTeam(threads: threads)
    return TextCoder(
      NextTokenPredictor(
        file.model, beginning: file.arrangement.beginning(in: file.vocabulary), documentEnd: documentEnd, mode: mode,
        training: training, team: team))
  }

  private func requireTrainingText(_ mode: CompressionMode) throws(AdaptationError) {
    if mode.needsTrainingText && training == nil { throw .noTrainingText }
  }

  private var documentEnd: [Int32]? { file.arrangement.documentEnd(in: file.vocabulary) }

  private static var isReproducible: Bool { InstructionSet.current == .reproducible }

  private func length(of item: TextCoder.Item) -> Int {
    switch item {
    case .token(let token): file.vocabulary[token].count
    case .byte: 1
    }
  }

  private func report(_ bytes: Int, _ shown: inout Int, _ progress: (Int) throws -> Void) rethrows {
    guard bytes >= shown + 256 else { return }
    shown = bytes
    try progress(bytes)
  }

  /// First bytes of a hash of all that predictions depend on.
  private func identity(_ mode: CompressionMode) -> [UInt8] {
    var hash = file.hash
    if let documentEnd { hash.update(LittleEndianBytes.encode(documentEnd.map(Int.init))) }
    if documentEnd == nil, let beginning = file.arrangement.beginning(in: file.vocabulary) {
      hash.add("beginning")
      hash.update(LittleEndianBytes.encode([Int(beginning)]))
    }
    if mode.needsTrainingText, let history = file.history, let training {
      hash.add(history.corpusHash)
      hash.update(LittleEndianBytes.encode([training.tokens.startIndex, training.tokens.endIndex]))
    }
    return hash.digest(CompressedFile.identitySize)
  }
}
