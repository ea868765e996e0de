import TensorCore

/// A piece of HTML. Text that is interpolated is escaped, other markup is taken as it is:
///
///     let row: Markup = "<tr><td>\(name)</td>\(cells)</tr>"   // name: String, cells: Markup
package struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation {
  package private(set) var html: String

  package init(stringLiteral html: String) { self.html = html }

  package init(stringInterpolation: StringInterpolation) { html = stringInterpolation.html }

  package init() { html = "" }

  package static func + (left: Markup, right: Markup) -> Markup {
    var sum = left
    sum.html += right.html
    return sum
  }

  package static func += (left: inout Markup, right: Markup) { left.html += right.html }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var html = ""

    package init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(2 * literalCapacity) }

    package mutating func appendLiteral(_ literal: String) { html += literal }
    package mutating func appendInterpolation(_ text: String) { html += text.escapedForHTML }
    package mutating func appendInterpolation(_ number: Int) { html += String(number) }
    package mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
  }
}

extension Sequence<Markup> {
  /// The pieces one after the other.
  package func joined() -> Markup { reduce(into: Markup()) { $0 += $1 } }
}

extension String {
  /// The text for the content of an element or of a quoted attribute.
  ///
  /// Line feeds and tabs stay. Other control characters read as their pictures (`␛`), and whatever else would reorder or
  /// break the text around it by its code point (`\u{202E}`): nothing in the text is invisible or reaches beyond it.
  package var escapedForHTML: String {
    var html = ""
    html.reserveCapacity(utf8.count)
    for scalar in unicodeScalars {
      switch scalar {
      case "&": html += "&amp;"
      case "<": html += "&lt;"
      case ">": html += "&gt;"
      case "\"": html += "&quot;"
      case "'": html += "&#39;"
      case "\n", "\t": html.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}": html.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value)!)
      case "\u{7F}": html += "\u{2421}"
      case _ where scalar.steersTerminal: html += scalar.escaped
      default: html.unicodeScalars.append(scalar)
      }
    }
    return html
  }

  /// A JSON text for the content of a `script` element, which `</script>` and `<!--` would end or change. The value is the
  /// same: these characters stand in strings only, where an escape means them.
  package var escapedForScript: String {
    var json = ""
    json.reserveCapacity(utf8.count)
    for scalar in unicodeScalars {
      switch scalar {
      case "<": json += "\\u003c"
      case ">": json += "\\u003e"
      case "&": json += "\\u0026"
      case "\u{2028}": json += "\\u2028"
      case "\u{2029}": json += "\\u2029"
      default: json.unicodeScalars.append(scalar)
      }
    }
    return json
  }
}
