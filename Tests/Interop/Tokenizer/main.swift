// Ids of the lines of standard input by the tokenizer in the file that the argument names, a line each; then the seconds that they took.

import Foundation
import SequenceModeling

let tokenizer: HuggingFaceTokenizer
do { tokenizer = try HuggingFaceTokenizer(contentsOf: CommandLine.arguments[1]) } catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
var ids: [[Int32]] = []
let time = ContinuousClock().measure { ids = lines.map(tokenizer.encode) }
for line in ids { print(line.map(String.init).joined(separator: " ")) }
print(time / .seconds(1))
