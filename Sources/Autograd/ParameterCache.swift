/// Stands for a parameter and those of its copies that hold the same value, for as long as one of them lives.
package final class ParameterIdentity: Sendable {}

/// Values derived from parameters (packed weights, tables), each kept until its parameter changes or is gone.
struct ParameterCache<Part: Hashable, Version: Equatable, Value> {
  private struct Key: Hashable {
    let identity: ObjectIdentifier
    let part: Part
  }

  private struct Entry {
    weak var identity: ParameterIdentity?
    let version: Version
    let value: Value
  }

  private var entries: [Key: Entry] = [:]

  /// The value of a part of a parameter, made again only when the version is another one.
  mutating func value(
    of identity: ParameterIdentity, _ part: Part, version: Version, make: () -> Value
  ) -> Value {
    let key = Key(identity: ObjectIdentifier(identity), part: part)
    if let known = entries[key], known.version == version { return known.value }
    // The old value goes first, so that its memory serves the new one; with it go those of parameters that are gone.
    if entries.removeValue(forKey: key) == nil { entries = entries.filter { $0.value.identity != nil } }
    let value = make()
    entries[key] = Entry(identity: identity, version: version, value: value)
    return value
  }
}
