import Foundation
import LanguageModels
import SequenceText
import TensorCore

/// A page that holds a character model and runs it in the browser: it shows how a text surprises the model, and writes on.
///
/// The element `weights` holds the weights in single precision: base64 of `float32`, least significant byte first, in the order of
/// `tensors` among the page's data. These are besides the symbols, and what of the architecture is not in the shapes.
package struct ModelPage {
  private let file: ModelFile<Float>
  private let title: String

  /// - Throws: `ModelPageError`.
  package init(_ file: ModelFile<Float>, title: String) throws(ModelPageError) {
    let count = file.model.parameterCount
    guard count <= Self.mostParameters else { throw .tooLarge(parameters: count, limit: Self.mostParameters) }
    guard !file.vocabulary.kind.isOfPieces else { throw .tokens(file.vocabulary.kind) }
    (self.file, self.title) = (file, title)
  }

  /// The longest string of browsers has 2²⁹ characters, and a parameter takes 5⅓ of them.
  private static let mostParameters = 90_000_000

  package var page: HTMLPage {
    let body: Markup = """
      <p>\(facts)</p>
      <div class="aside">
      <form id="form" autocomplete="off">
      <h2><label for="input">A text</label></h2>
      <textarea id="input" rows="9" spellcheck="false" autocapitalize="off" dir="auto"
      placeholder="Type or paste a text, or press Write."></textarea>
      <div class="controls">
      <button id="write" title="Control-Enter">Write</button>
      <button id="stop" type="button" title="Escape" disabled>Stop</button>
      \(field("length", "value=\"500\" min=\"1\" max=\"100000\" required", named: "\(kind)s"))
      \(field("temperature", "value=\"0.8\" min=\"0\" max=\"100\" step=\"any\" required", named: "temperature"))
      \(field("top-k", "min=\"1\" placeholder=\"all\"", named: "top k"))
      \(field("top-p", "min=\"0.000001\" max=\"1\" step=\"any\" placeholder=\"1\"", named: "top p"))
      \(field("seed", "min=\"0\" max=\"9007199254740991\" placeholder=\"any\"", named: "seed"))
      </div>
      <p class="soft"><span id="written" role="status"></span> <span id="read"></span></p>
      </form>
      <section>
      <h2>Expected at the caret</h2>
      <ol class="shares" id="expected"></ol>
      </section>
      </div>
      <h2>As the model reads it</h2>
      <p class="soft">\(ReadingScript.legend)</p>
      <div class="reading" id="text"></div>
      <noscript><p>The model needs JavaScript.</p></noscript>
      <script type="text/plain" id="weights">\(weights)</script>

      """
    let script = [
      CellScript.text, NetworkScript.text, SamplingScript.text, PredictionScript.text, ReadingScript.text,
      ModelScript.text,
    ]
    return HTMLPage(title: title, body: body, script: script.joined(separator: "\n"), data: data)
  }

  private var kind: String { file.vocabulary.kind.rawValue }

  /// A number to write by.
  private func field(_ id: String, _ attributes: Markup, named name: String) -> Markup {
    "<label>\(name)<input id=\"\(id)\" type=\"number\" \(attributes)></label>"
  }

  private var facts: String {
    let (model, vocabulary) = (file.model, file.vocabulary)
    let architecture = model.architecture
    let loss = file.history?.validationLoss.map { nats in
      let (nats, bits) = (String(format: "%.4f", nats), String(format: "%.4f", nats / log(2)))
      return "; validation loss \(nats) nats (\(bits) bits) a \(kind)"
    }
    return "Cell \(architecture.cell.rawValue), \(counted(architecture.layers, "layer")) of "
      + "\(counted(architecture.hidden, "unit")), \(counted(model.parameterCount, "parameter")), "
      + "\(counted(vocabulary.count, kind))\(loss ?? ""). The model runs in this page alone; nothing is sent anywhere."
  }

  /// Weights in base64, in which nothing needs to be escaped: of a large model that would take seconds.
  private var weights: Markup {
    var bytes = Data(capacity: 4 * file.model.parameterCount)
    for (_, parameter) in file.model.parameters {
      bytes.append(contentsOf: LittleEndianBytes.encode(parameter.value.scalars))
    }
    return Markup(stringLiteral: bytes.base64EncodedString())
  }

  private var data: JSONText {
    let (model, vocabulary) = (file.model, file.vocabulary)
    let parameters = model.parameters
    func token(_ id: Int32?) -> JSONText { JSONText(id.map { Int($0) }) }
    let arrangement = file.arrangement
    return [
      "cell": .string(model.architecture.cell.rawValue), "residual": .bool(model.architecture.residual),
      "zoneout": .number(model.architecture.zoneout), "kind": .string(kind),
      // Bytes are numbers. Names are the symbols as a reader can tell them apart.
      "symbols": .array(
        vocabulary.symbols.map(vocabulary.jsonSymbol)),
      "names": .array((0..<vocabulary.count).map { .string(vocabulary.display(Int32($0))) }),
      "lineEnd": token(vocabulary.lineEnd), "documentBeginning": token(arrangement.beginning(in: vocabulary)),
      "documentEnd": arrangement.documentEnd(in: vocabulary).map { .array($0.map { .integer(Int($0)) }) } ?? .null,
      "tensors": .array(
        parameters.map { name, parameter in
          ["name": .string(name), "shape": .array(parameter.shape.dimensions.map { .integer($0) })]
        }),
    ]
  }
}

/// Why no page can hold a model.
package enum ModelPageError: Error, CustomStringConvertible {
  case tooLarge(parameters: Int, limit: Int)
  /// Words or subwords, which the page cannot find in a text.
  case tokens(TokenKind)

  package var description: String {
    switch self {
    case .tooLarge(let parameters, let limit):
      "the model has \(parameters) parameters, and a browser reads a page of at most \(limit)"
    case .tokens(let kind): "a page reads characters, scalars and bytes, and the model's tokens are \(kind.rawValue)s"
    }
  }
}
