extension Architecture {
  /// One line: kind and size, and whatever is not the default.
  public var summary: String {
    let settings = asSettings
    let named = ["cell", "layers", "hidden", "tie"]
    let fields = SettingField.all.filter {
      $0.isOfArchitecture && !named.contains($0.name) && !$0.isDefault(in: settings)
    }
    // The structure first, then probabilities.
    let parts = (fields.filter(\.isStructural) + fields.filter { !$0.isStructural }).map { field -> String in
      let label = isTied && field.name == "embedding" ? "tied embedding" : field.label
      let value = field.value(in: settings)
      return value == .flag(true) ? label : "\(label) \(value)"
    }
    return (["\(cell.rawValue) \(layers)×\(hidden)"] + parts).joined(separator: ", ")
  }
}
