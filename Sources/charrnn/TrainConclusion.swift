import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Words at the end of a run: how good its best model is, in terms that can be checked, what to do better, and a sample of it.
struct TrainConclusion {
  private let run: CharacterRun
  private let directory: RunDirectory
  private let file: ModelFile<Float>

  init(_ run: CharacterRun, in directory: RunDirectory) throws {
    (self.run, self.directory) = (run, directory)
    run.trimMemory()
    file = try ModelFile<Float>(contentsOf: directory.path)
  }

  /// - Parameters:
  ///   - lastLoss: the last validation loss, in nats a token; nil without any.
  ///   - threads: threads to compute with.
  ///   - memory: bytes that may still be taken; nil without a limit.
  func say(lastLoss: Double?, threads: Int, memory: Double?) throws {
    if run.progress.skippedInARow > 0 {
      notice(
        "the last \(run.progress.skippedInARow) steps were left out: the run is diverging; with more steps it goes back and "
          + "tries a lower learning rate")
    }
    if let history = file.history, let loss = history.validationLoss {
      notice("the best model, that of step \(history.step), has a validation loss of \(nats(loss)) nats a token")
      if let lastLoss, lastLoss > loss + Self.overfitting, run.settings.patience == nil {
        notice(
          "after it the loss rose to \(nats(lastLoss)): the training text was being learned by heart; --patience 5 stops "
            + "earlier, --dropout 0.3 helps")
      }
    }
    if !run.corpus.tokens.isWhole && run.split.test.count > Self.longTest {
      notice(
        "the test part is left for later, since one process would read it: charrnn evaluate \(shellWord(directory.path)), which may run "
          + "on several")
    } else if run.split.test.count >= TrainingSettings.leastHeldOut {
      let needed = Baselines.mostBytes(training: run.split.train)
      if let memory, needed > memory {
        notice(
          "the test part is left for later: counting the text may take \(byteSize(needed, rounded: .up)), and "
            + "\(byteSize(memory, rounded: .down)) are left of --memory; charrnn evaluate \(shellWord(directory.path)) says more"
        )
      } else {
        try sayTestLoss(threads: threads)
      }
    }
    notice("a sample of the best model:")
    let text = TextGenerator(
      model: file.model, vocabulary: file.vocabulary, arrangement: run.settings.arrangement
    ).example(
      length: 500, options: SamplingOptions(temperature: 0.8), seed: UInt64(run.settings.seed))
    try writeSample(text)
    notice("saved in \(directory.path); write more with: charrnn sample \(shellWord(directory.path))")
  }

  /// Says the loss on the test part beside those of models that count.
  private func sayTestLoss(threads: Int) throws {
    let evaluation = try PartEvaluation(of: file, on: run.corpus, part: .test, threads: threads)
    guard run.corpus.tokens.isWhole else {
      // Models that count read the whole text.
      let bits = evaluation.bitsPerCharacter(evaluation.loss)
      let rate = bits.map { "\(nats($0)) bits a character" } ?? "\(nats(evaluation.loss)) nats a token"
      record(evaluation, nil)
      defer { if evaluation.loss > log(Double(run.corpus.vocabulary.count)) { sayWorseThanGuess() } }
      return notice(
        "on the test part, which it has never seen: \(rate); charrnn evaluate \(shellWord(directory.path)) compares it with "
          + "models that count")
    }
    var kept = KeptBaselines(in: directory)
    let baselines = kept.baselines(of: evaluation)
    do { try kept.keep(baselines, of: evaluation) } catch { notice("\(error); evaluate will count anew") }
    record(evaluation, baselines)
    let isInBits = evaluation.bitsPerCharacter(0) != nil
    func rate(_ loss: Double) -> String {
      Readable.fixed(evaluation.bitsPerCharacter(loss) ?? loss, digits: 3)
    }
    let others = baselines.named.map { "\($0.name) \(rate($0.loss))" }.joined(separator: ", ")
    notice(
      "on the test part, which it has never seen: \(rate(evaluation.loss)) \(isInBits ? "bits a character" : "nats a token"); "
        + "models that count: \(others)")
    if evaluation.loss > baselines.uniform {
      sayWorseThanGuess()
    } else if let fiveGram = baselines.fiveGram, evaluation.loss > fiveGram {
      notice("a 5-gram model, which only counts, predicts this text better")
    }
  }

  private func record(_ evaluation: PartEvaluation, _ baselines: Baselines?) {
    do { try run.record(test: evaluation, baselines, of: file.history?.step ?? run.step) } catch {
      notice("\(error); metrics.jsonl lacks the test loss")
    }
  }

  private func sayWorseThanGuess() {
    let remedy = TrainOptions.isTiny(run) ? "give it more text" : "train longer, or at a lower rate"
    notice("that is worse than a guess: the model has learned nothing of use here; \(remedy)")
  }

  private func nats(_ loss: Double) -> String { Readable.fixed(loss, digits: 3) }

  /// Tokens of a test part that takes one process minutes.
  private static let longTest = 1 << 22

  /// Nats by which a loss has risen when that is no chance.
  private static let overfitting = 0.1
}
