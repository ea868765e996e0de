import Foundation
import LanguageModels
import Testing

/// Laws of the one table of settings.
@Suite struct SettingFieldTests {
  /// A value that the setting may have and that is not its default.
  private static func other(_ field: SettingField) -> SettingValue {
    switch field.kind {
    case .flag: .flag(true)
    case .integer(let range): .integer(max(3, range.lowerBound))
    case .number: .number(0.25)
    case .choice(let names): .text(names.last!)
    case .fraction: .text("0.125")
    case .text: .text("---")
    }
  }

  private static func changed(_ field: SettingField) -> TrainingSettings {
    var settings = TrainingSettings()
    field.set(other(field), in: &settings)
    return settings
  }

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func settings(_ json: String) throws -> TrainingSettings {
    try JSONDecoder().decode(TrainingSettings.self, from: Data(json.utf8))
  }

  @Test func eachPropertyOfTheSettingsHasARowInTheTable() {
    let properties =
      Mirror(reflecting: TrainingSettings()).children.count - 1 + Mirror(reflecting: Architecture()).children.count
    #expect(properties == SettingField.all.count)
    #expect(Mirror(reflecting: Architecture()).children.count == SettingField.all.count(where: \.isOfArchitecture))
  }

  @Test func noTwoSettingsShareANameAndEveryDefaultIsAllowed() {
    let all = SettingField.all
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(Set(all.map(\.storedName)).count == all.count)
    for field in all {
      #expect(field.kind.allows(field.defaultValue), "\(field.name)")
      #expect(field.kind.allows(Self.other(field)) && Self.other(field) != field.defaultValue, "\(field.name)")
    }
  }

  @Test(arguments: SettingField.all)
  func eachSettingIsReadAsItWasSetAndComesBackFromAFile(field: SettingField) throws {
    let changed = Self.changed(field)
    #expect(field.value(in: changed) == Self.other(field) && changed != TrainingSettings())
    #expect(try settings(json(changed)) == changed)
    guard field.isOfArchitecture else { return }
    let shape = changed.shape(vocabulary: 7)
    #expect(try JSONDecoder().decode(ModelShape.self, from: Data(json(shape).utf8)) == shape)
  }

  @Test(arguments: SettingField.all)
  func aFileFromBeforeASettingIsReadWithItsDefault(field: SettingField) throws {
    var everything = TrainingSettings()
    for field in SettingField.all { field.set(Self.other(field), in: &everything) }
    let whole = try JSONSerialization.jsonObject(with: Data(json(everything).utf8))
    var object = try #require(whole as? [String: Any])
    if object.removeValue(forKey: field.storedName) == nil {
      var refined = try #require(object["refined"] as? [String: Any])
      #expect(refined.removeValue(forKey: field.storedName) != nil)
      object["refined"] = refined
    }
    var expected = everything
    field.set(field.defaultValue, in: &expected)
    #expect(try settings(String(decoding: JSONSerialization.data(withJSONObject: object), as: UTF8.self)) == expected)
  }

  /// Files of plain runs and models name what they named before there were more settings.
  @Test func filesOfPlainRunsAndModelsNameWhatTheyNamed() throws {
    #expect(
      try json(TrainingSettings())
        == #"{"batch":50,"cell":"lstm","clip":5,"dropout":0,"embedding":0,"hidden":128,"layers":2,"learningRate":0.002,"#
        + #""length":50,"optimizer":"adam","precision":"float32","schedule":"constant","seed":1,"testFraction":"0.05","#
        + #""tokens":"character","validationFraction":"0.05"}"#)
    #expect(
      try json(ModelShape(vocabulary: 9))
        == #"{"cell":"lstm","dropout":0,"embedding":0,"hidden":128,"layers":2,"vocabulary":9}"#)
    #expect(
      try json(ModelShape(.init(hidden: 6, embedding: 6, isTied: true), vocabulary: 9))
        == #"{"cell":"lstm","dropout":0,"embedding":6,"hidden":6,"layers":2,"tied":true,"vocabulary":9}"#)
    var refined = ModelShape(vocabulary: 9)
    refined.weightDrop = 0.5
    #expect(
      try json(refined)
        == #"{"cell":"lstm","dropout":0,"embedding":0,"hidden":128,"layers":2,"refined":{"embeddingDropout":0,"#
        + #""layerNorm":false,"learnsInitialState":false,"lockedDropout":0,"projection":0,"residual":false,"#
        + #""weightDrop":0.5,"zoneout":0},"vocabulary":9}"#)
  }

  @Test(arguments: SettingField.all)
  func aValueOfAnotherTypeIsRefusedByTheSettingsNameInTheFile(field: SettingField) throws {
    let wrong = field.kind == .flag ? "7" : "[]"
    let json =
      field.reportedWithin == nil
      ? #"{"\#(field.storedName)":\#(wrong)}"# : #"{"refined":{"\#(field.storedName)":\#(wrong)}}"#
    let error = #expect(throws: StoredSettingError.self) { try settings(json) }
    guard case .unreadable(let name, nil, _) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(name == (field.reportedWithin == nil ? field.storedName : "refined.\(field.storedName)"))
  }

  @Test func anArchitectureWithoutASizeOfItsVocabularyIsRefused() throws {
    let error = #expect(throws: StoredSettingError.self) {
      try JSONDecoder().decode(ModelShape.self, from: Data(#"{"cell":"lstm"}"#.utf8))
    }
    #expect(error?.description.hasPrefix("vocabulary is missing; it must be ") ?? false)
  }

  @Test(arguments: ["stutter", "Batch", "vocabulary", "refined.stutter"])
  func aNameThatNoSettingHasIsRefused(name: String) throws {
    let json = name.hasPrefix("refined.") ? #"{"refined":{"stutter":1}}"# : #"{"\#(name)":1}"#
    #expect(throws: StoredSettingError.unknown(name: name)) { try settings(json) }
  }

  @Test(arguments: SettingField.all)
  func aValueOutOfRangeIsRefusedByTheSettingsNameWithTheRange(field: SettingField) throws {
    var settings = TrainingSettings()
    let wrong: SettingValue
    switch field.kind {
    case .flag, .choice: return
    case .integer(let range): wrong = .integer(range.lowerBound - 1)
    case .number(let least, let above, _): wrong = .number((least ?? above ?? 0) - 1)
    case .fraction: wrong = .text("1/2")
    case .text: wrong = .text("")
    }
    #expect(field.set(wrong, in: &settings))
    #expect(settings.problem == .notAllowed(name: field.name, value: wrong, kind: field.kind))
  }

  @Test func settingsThatMeanTheSameRunHaveOneCanonicalForm() {
    var same = TrainingSettings()
    (same.weightDecay, same.backwardLength) = (0, same.length)
    #expect(same.canonical == TrainingSettings())
    var others = [same, same]
    (others[0].optimizer, others[1].variesLength) = (.adamW, true)
    #expect(others[0].canonical.weightDecay == 0 && others[1].canonical.backwardLength == same.length)
  }

  /// Settings as a report shows them are those of the same run.
  @Test func resolvedSettingsMeanTheSameRun() {
    for (varies, interval) in [(false, Int?.none), (true, nil), (false, 7)] {
      var settings = TrainingSettings()
      (settings.variesLength, settings.validateEvery) = (varies, interval)
      let resolved = settings.resolved(stepsPerEpoch: 12)
      #expect(resolved.validateEvery == interval ?? 12)
      #expect(resolved.canonical(stepsPerEpoch: 12) == settings)
    }
  }

  @Test func theSummaryNamesWhatIsNotTheDefaultTheStructureFirst() {
    var architecture = Architecture(cell: .gru, layers: 3, hidden: 8, embedding: 8, isTied: true, dropout: 0.5)
    (architecture.layerNorm, architecture.residual, architecture.weightDrop) = (true, true, 0.1)
    #expect(
      architecture.summary == "gru 3×8, tied embedding 8, layer normalization, residual, dropout 0.5, weight drop 0.1")
    #expect(Architecture().summary == "lstm 2×128")
  }

  /// A property without a row would be lost in every file. A mirror is the only list of stored properties.
  @Test func everyPropertyOfTheSettingsHasARow() {
    let (settings, architecture) = (Mirror(reflecting: TrainingSettings()), Mirror(reflecting: Architecture()))
    #expect(SettingField.all.count == settings.children.count - 1 + architecture.children.count)
  }
}
