import CharrnnFuzzing
import CharrnnTestSupport
import Foundation
import Testing

/// The kept inputs of the fuzz targets: seeds of every form, and whatever once failed.
@Suite struct ReplayTests {
  @Test(arguments: FuzzTarget.allCases)
  func everyKeptInputIsReadWithinTheLaws(target: FuzzTarget) throws {
    let inputs = try Repository.fuzzInputs(of: target.rawValue)
    #expect(!inputs.isEmpty)
    for (_, bytes) in inputs { target.run(bytes) }
  }

  /// A reader of any input reads every beginning of a sound one.
  @Test(arguments: FuzzTarget.allCases)
  func everyInputCutShortIsReadWithinTheLaws(target: FuzzTarget) throws {
    for (_, bytes) in try Repository.fuzzInputs(of: target.rawValue) where bytes.count < 400 {
      for count in 0..<bytes.count { target.run(Array(bytes.prefix(count))) }
    }
  }
}
