import CharrnnTestSupport
import Testing

@Suite struct ProductBenchmarkTests {
  private static let small = ["benchmark", "--products", "--hidden", "16", "--batch", "4", "--seconds", "0.05"]

  @Test func everyProductOfASizeIsInTheJSONWithItsShares() throws {
    let workplace = try Workplace()
    let outcome = try workplace.charrnn(Self.small + ["--json"])
    expectDone(outcome)
    let report = try outcome.json()
    #expect(report["threads"] as? Int == 1)
    for key in ["peak_gflops", "sustained_peak_gflops"] { #expect(try #require(report[key] as? Double) > 0, "\(key)") }
    let products = try #require(report["products"] as? [[String: Any]])
    #expect(products.map { $0["product"] as? String } == ["forward", "backward", "weights"])
    let sizes = products.map { product in ["hidden", "rows", "m", "n", "k"].map { product[$0] as? Int } }
    #expect(sizes == [[16, 4, 4, 64, 16], [16, 4, 4, 16, 64], [16, 256, 64, 16, 256]])
    for product in products {
      for key in [
        "gflops", "memory_gflops", "alone_gflops", "burst_share", "cached_share", "memory_share", "alone_share",
      ] {
        #expect(try #require(product[key] as? Double) > 0, "\(key)")
      }
      #expect(product["limit"] != nil)
    }
    #expect(try workplace.visibleNames.isEmpty)
  }

  @Test func theTableHasALineForEachProduct() throws {
    let outcome = try Workplace().charrnn(Self.small)
    expectDone(outcome)
    let lines = outcome.text.split(separator: "\n")
    #expect(lines[0].contains("short bursts") && lines[0].contains("sustained"))
    let products = lines.filter { $0.contains(#/^(forward|backward|weights) +16 +[0-9]+ .*%/#) }
    #expect(products.count == 3 && products.allSatisfy { $0.count <= 80 }, "\(outcome.text)")
  }

  @Test func aTextIsRefused() throws {
    expectError(try Workplace().charrnn(Self.small + ["fable.txt"]), 64, "--products", "leave out fable.txt")
  }

  @Test(arguments: [["--layers", "3"], ["--sample", "5"], ["--profile"], ["--weights", "int8"], ["--seed", "2"]])
  func anOptionThatChangesNothingIsRefused(option: [String]) throws {
    expectError(try Workplace().charrnn(Self.small + option), 64, "\(option[0]) changes nothing in --products")
  }

  @Test(arguments: [["--hidden", "2049"], ["--batch", "1025"]])
  func aSizeThatIsTooLargeIsRefused(option: [String]) throws {
    expectError(
      try Workplace().charrnn(["benchmark", "--products"] + option), 64, "--products takes a \(option[0]) of at most")
  }

  @Test func withoutProductsATextIsNeeded() throws {
    expectError(try Workplace().charrnn("benchmark"), 64, "missing argument CORPUS", "--products")
  }
}
