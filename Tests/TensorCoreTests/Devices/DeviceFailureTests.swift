import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

/// Where the environment names a device to test on, there is one: its tests are not left out unseen.
@Suite struct DevicePresenceTests {
  @Test func theDeviceThatTheEnvironmentNamesIsThere() {
    #expect(ProcessInfo.processInfo.environment["CHARRNN_TEST_DEVICE"] == nil || hasDevice)
  }
}

/// A failure is remembered: what comes after it is left out, and the next copy to the host throws it. (In processes of their own,
/// since a device that has failed stays so.)
@Suite(.enabled(if: hasDevice))
struct DeviceFailureTests {
  @Test func memoryThatIsNotThereIsThrownAtTheNextCopy() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let device = try #require(testDevice)
      let one = try Tensor<Float>.ones([1]).on(.openCL(device))
      _ = one.broadcast(to: [1 << 34, 1 << 10])
      let error = try #require(throws: DeviceError.self) { try one.on(.cpu) }
      FileHandle.standardError.write(Data("\(error)".utf8))
      #expect(throws: error) { try device.check() }
      #expect(throws: error) { try Tensor<Float>.ones([1]).on(.openCL(device)) }
    }
    expectMessage("\(try #require(testDevice)) is out of memory: 70369 GB more than the", from: result)
  }

  /// What is only tried may fail: the device goes on.
  @Test func aTrialFailsForItselfAlone() async {
    await #expect(processExitsWith: .success) {
      let device = try #require(testDevice)
      let one = try Tensor<Float>.ones([1]).on(.openCL(device))
      let attempt = DeviceAttempt()
      DeviceAttempt.$current.withValue(attempt) { _ = one.broadcast(to: [1 << 34, 1 << 10]) }
      guard case .outOfMemory? = attempt.failure else { fatalError("\(String(describing: attempt.failure))") }
      try device.check()
      #expect(try (one + one).on(.cpu).scalar == 2)
    }
  }

  /// Results after a failure are no numbers, so that nobody takes them for some.
  @Test func whatIsReadAfterAFailureIsNoNumber() async {
    await #expect(processExitsWith: .success) {
      let device = try #require(testDevice)
      let x = try Tensor<Float>.ones([3]).on(.openCL(device))
      _ = x.row(0).broadcast(to: [1 << 34, 1 << 10])
      let sum = x + x
      #expect(sum.forHost().scalars.allSatisfy(\.isNaN) && sum.sumOfSquares().isNaN)
      #expect(!sum.allFinite)
      #expect("\(sum)".contains("nan"))
    }
  }
}
