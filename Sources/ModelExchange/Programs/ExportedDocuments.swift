import LanguageModels
import SequenceText

/// Documents of the text that a model was trained on, each of which it reads from the initial state: what programs need of them.
struct ExportedDocuments {
  /// Token that a document begins after; nil where the text is one.
  let beginning: Int32?
  /// Tokens that end a document; nil where none do.
  let end: [Int32]?
  private let lineEnd: Int32?

  init(_ file: ModelFile<Float>) {
    beginning = file.arrangement.beginning(in: file.vocabulary)
    end = file.arrangement.documentEnd(in: file.vocabulary)
    lineEnd = file.vocabulary.lineEnd
  }

  /// Python that makes `documents(tokens)`, and where documents have ends `ends(document)`.
  var functions: String {
    guard beginning != nil else {
      return """
        def documents(tokens):
            \"\"\"Stretches that are read from the initial state, whose first token is not predicted: the text is one.\"\"\"
            return [tokens]
        """
    }
    let constants = """
      # Position of the symbol that each document begins after, from the initial state.
      BEGINNING = settings["document_beginning"]
      """
    guard end != nil else {
      return """
        \(constants)


        def documents(tokens):
            \"\"\"Stretches that are read from the initial state, whose first token is not predicted: a file is one document.\"\"\"
            return [[BEGINNING, *tokens]]
        """
    }
    return """
      \(constants)
      END = settings["document_end"]


      def ends(document):
          return len(document) > len(END) and document[-len(END):] == END


      def documents(tokens):
          \"\"\"Stretches that are read from the initial state, whose first token is not predicted: each a document with its end.\"\"\"
          found = [[BEGINNING]]
          for token in tokens:
              found[-1].append(token)
              if ends(found[-1]):
                  found.append([BEGINNING])
          return found
      """
  }

  /// Python that gives `tokens` of a file the end that its last line may lack; empty where nothing ends a document.
  var completion: String {
    guard let tokens = end.map({ _ in "END" }) ?? beginning.flatMap({ lineEnd == nil ? nil : "[\($0)]" }) else {
      return ""
    }
    return
      "    tokens += \(tokens) if tokens and tokens[-len(\(tokens)):] != \(tokens) else []  # as if the last line had an end\n"
  }

  /// Tokens for a sample without a prime, where the text is one.
  var start: String { beginning == nil ? " or [\(lineEnd ?? 0)]" : "" }

  /// Python that begins a sample's next document after the end of one, whose last token is the one that documents begin after.
  var restart: String {
    guard end != nil else { return "" }
    return """
              document += tokens
              if ends(document):
                  state, document = initial_state, [BEGINNING]

      """
  }
}
