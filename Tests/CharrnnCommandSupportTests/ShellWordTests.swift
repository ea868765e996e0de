import CharrnnCommandSupport
import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

@Suite struct ShellWordTests {
  @Test func aWordThatIsSafeStaysAsItIs() {
    for word in ["runs/fables", "a-b_c.txt", "é/ж", "-", "x=1"] { #expect(shellWord(word) == word) }
  }

  /// A shell reads every word back, to the byte.
  @Test func aShellReadsEveryWordBack() throws {
    let bytes: [[UInt8]] = [Array("caf".utf8) + [0xE9], [10, 27, 39, 92, 65]]
    let words =
      ["a b", "it's", "$HOME `x` \"y\" \\", "*?[a]", "~", "", "a;b&c|d<e>f(g)#h!", "é ж"]
      + bytes.map { SystemText.text($0) }
    for word in words {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", "printf %s \(shellWord(word))"]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let output = pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(Array(output) == SystemText.bytes(of: word), "\(shellWord(word))")
    }
  }

  @Test func aPathThatLooksLikeAnOptionBecomesOneThatDoesNot() {
    #expect(shellWord("-x") == "./-x")
    #expect(shellWord("--out d") == "'./--out d'")
  }
}
