import TensorCore

/// A page in one file: no font, script, style or image comes from elsewhere, and its security policy forbids it.
///
/// It adapts to a light or dark screen from a phone's to a desktop's width (`PageStyle`). Its script reads `data` as
/// `pageData` (`PageScript`), and so does a program that compares what the page shows: it is the JSON in the element
/// `#data`.
package struct HTMLPage: Sendable {
  package var title: String
  /// Content of the element `main`, below the title.
  package var body: Markup
  /// ASCII JavaScript that runs when the page is there; nil for a page that does nothing.
  package var script: String?
  /// Values that the page shows, for its script and for programs.
  package var data: JSONText

  package init(title: String, body: Markup, script: String? = nil, data: JSONText = .object([])) {
    (self.title, self.body, self.script, self.data) = (title, body, script, data)
  }

  /// The whole file.
  package var html: String {
    let head: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title)</title>
      <style>

      """
    let main: Markup = """
      </style>
      </head>
      <body>
      <main>
      <h1><bdi>\(title)</bdi></h1>
      \(body)
      </main>

      """
    let scripts =
      script.map { "<script>\n\"use strict\";\n\(PageScript.common)\n\($0)\n</script>\n" } ?? ""
    return head.html + PageStyle.sheet + main.html
      + "<script type=\"application/json\" id=\"data\">\(data.compact.escapedForScript)</script>\n"
      + scripts + "</body>\n</html>\n"
  }

  static let policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
}
