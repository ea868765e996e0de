import CharrnnCommandSupport
import Foundation
import Synchronization
import Testing

@Suite("Output channel")
struct OutputChannelTests {
  /// Every byte arrives, also through a pipe that is smaller than the text and does not block.
  @Test func everyByteArrives() throws {
    for isNonBlocking in [false, true] {
      let pipe = Pipe()
      let descriptor = pipe.fileHandleForWriting.fileDescriptor
      if isNonBlocking { #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0) }
      let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
      let read = Mutex(Data())
      let group = DispatchGroup()
      // A task would wait until one of the threads that run the tests is free, while this one waits for it.
      DispatchQueue.global().async(group: group) {
        let all = pipe.fileHandleForReading.readDataToEndOfFile()
        read.withLock { $0 = all }
      }
      try OutputChannel(descriptor: descriptor).write(bytes)
      try pipe.fileHandleForWriting.close()
      group.wait()
      #expect(read.withLock { Array($0) } == bytes)
    }
  }

  @Test func aTextIsThereAsSoonAsItIsWritten() throws {
    let pipe = Pipe()
    try OutputChannel(descriptor: pipe.fileHandleForWriting.fileDescriptor).write("é")
    #expect(pipe.fileHandleForReading.availableData == Data("é".utf8))
  }

  @Test func aReaderThatWentAwayIsNoErrorOfTheProgramAndNotItsEnd() async {
    await #expect(processExitsWith: .exitCode(0)) {
      prepareStandardStreams()
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let channel = OutputChannel(descriptor: pipe.fileHandleForWriting.fileDescriptor)
      #expect(throws: OutputFailure.readerGone) { try channel.write("x") }
      exit(Brew.program.run(["--help"], output: channel).rawValue)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aRefusedWriteIsAnInputOutputError() throws {
    let full = open("/dev/full", O_WRONLY)
    try #require(full >= 0)
    defer { close(full) }
    let errors = Pipe()
    let code = Brew.program.run(
      ["--help"], output: OutputChannel(descriptor: full),
      errors: OutputChannel(descriptor: errors.fileHandleForWriting.fileDescriptor))
    #expect(code == .inputOutput)
    let line = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
    #expect(
      line == "charrnn: error: cannot write the output: No space left on device; make room or send it elsewhere\n")
  }

  /// A standard stream closed by the caller is not given to the next file opened.
  @Test func aClosedStandardStreamIsNotGivenToTheNextFile() async {
    await #expect(processExitsWith: .exitCode(74)) {
      close(STDOUT_FILENO)
      prepareStandardStreams()
      guard open("/dev/null", O_WRONLY) != STDOUT_FILENO else { exit(1) }
      exit(Brew.program.run(["--help"]).rawValue)
    }
  }

  @Test func aPipeIsNoTerminal() {
    let pipe = Pipe()
    let channel = OutputChannel(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    #expect(!Terminal.isTerminal(channel))
    #expect(Terminal.width(of: channel) == nil)
    #expect(Terminal.progressStyle(of: channel, environment: [:]) == .plainLines)
  }
}

@Suite("Signal watch")
struct SignalWatchTests {
  @Test func theFirstSignalIsOnlyNotedTheFirstOneStays() async {
    await #expect(processExitsWith: .exitCode(143)) {
      installWatch()
      SignalWatch.finishStepsFirst()
      guard SignalWatch.stop == nil else { exit(1) }
      raise(SIGTERM)
      guard let stop = SignalWatch.stop else { exit(2) }
      exit(stop.exitCode.rawValue)
    }
    await #expect(processExitsWith: .exitCode(130)) {
      installWatch()
      SignalWatch.finishStepsFirst()
      raise(SIGINT)
      exit(SignalWatch.stop == .interrupt ? ExitCode.interrupted.rawValue : 1)
    }
  }

  /// Before the training there is nothing to save: the first signal ends the process.
  @Test func beforeTheTrainingTheFirstSignalLeavesAtOnce() async {
    await #expect(processExitsWith: .exitCode(143)) {
      installWatch()
      raise(SIGTERM)
      exit(1)
    }
  }

  /// `nohup` starts a process that ignores SIGHUP, a script one in the background that ignores SIGINT: they go on so, before
  /// the training and in it.
  @Test func anIgnoredSignalStaysIgnored() async {
    await #expect(processExitsWith: .exitCode(7)) {
      installWatch(ignoring: [SIGHUP, SIGINT, SIGTERM])
      for number in [SIGHUP, SIGINT, SIGTERM] { raise(number) }
      SignalWatch.finishStepsFirst()
      for number in [SIGHUP, SIGINT, SIGTERM] { raise(number) }
      exit(SignalWatch.stop == nil ? 7 : 1)
    }
    await #expect(processExitsWith: .exitCode(143)) {
      installWatch(ignoring: [SIGHUP, SIGINT])
      raise(SIGINT)
      raise(SIGTERM)
      exit(1)
    }
    await #expect(processExitsWith: .exitCode(129)) {
      installWatch()
      raise(SIGHUP)
      exit(1)
    }
  }

  @Test func theSecondSignalLeavesAtOnceWithItsOwnCode() async {
    await #expect(processExitsWith: .exitCode(143)) {
      installWatch()
      SignalWatch.finishStepsFirst()
      raise(SIGINT)
      raise(SIGTERM)
      exit(1)
    }
    await #expect(processExitsWith: .exitCode(130)) {
      installWatch()
      SignalWatch.finishStepsFirst()
      raise(SIGINT)
      raise(SIGINT)
      exit(1)
    }
  }
}

/// Installs the watch in a process that was started to ignore some signals and no others.
private func installWatch(ignoring ignored: [Int32] = []) {
  for stop in StopSignal.allCases { signal(stop.rawValue, ignored.contains(stop.rawValue) ? SIG_IGN : SIG_DFL) }
  SignalWatch.install()
  // The threads that tests run on do not receive signals.
  var signals = sigset_t()
  sigfillset(&signals)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}
