import CharrnnCommandSupport
import Testing

@Suite struct BusyMachineTests {
  @Test(arguments: [(1, 0.97), (2, 1.9), (8, 7.5), (2, 2.01), (2, .nan)])
  func threadsThatHadTheirCoresAreNotNoted(threads: Int, cores: Double) {
    #expect(busyMachineNote(threads: threads, cores: cores) == nil)
  }

  @Test func theNoteTellsTheThreadsAndTheCoresThatTheyHad() {
    #expect(
      busyMachineNote(threads: 2, cores: 1.23)
        == "2 threads had 1.2 cores while the peak was measured: other programs ran meanwhile, and the figures "
        + "are of a busy machine")
    #expect(busyMachineNote(threads: 1, cores: 0.5)?.hasPrefix("1 thread had 0.5 cores ") == true)
  }
}
