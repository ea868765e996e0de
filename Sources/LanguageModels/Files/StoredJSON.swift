import Foundation
import TensorCore

/// Value of a JSON text in a checkpoint's metadata. A name that stands twice in an object is refused, and so is one that this
/// version would leave unread: it may change the meaning of others.
///
/// - Parameter settingsAt: name of the object that holds settings, which check their names by themselves; empty for the whole.
func decoded<Value: Codable>(
  _ json: String, _ part: ModelFileError.Part, settingsAt: String? = nil, file: String
) throws(ModelFileError) -> Value {
  func failure(_ problem: ModelFileError.Problem) -> ModelFileError { ModelFileError(file: file, problem: problem) }
  guard json.utf8.count <= longestPart else {
    throw failure(.tooLong(part, bytes: json.utf8.count, limit: longestPart))
  }
  let value: Value
  do {
    try requireDistinctNames(inJSON: json)
    value = try JSONDecoder().decode(Value.self, from: Data(json.utf8))
  } catch JSONProblem.duplicateName(let name, _) {
    throw failure(.nameTwice(name, in: part))
  } catch StoredSettingError.unknown(let name) {
    throw failure(.unknownName(name, in: part))
  } catch StoredSettingError.unreadable(let name, let value, let kind) {
    throw failure(.unreadable(name: name, value: value.map { "\($0)" }, allowed: kind.allowed, in: part))
  } catch StoredSettingError.missing(let name, let kind) {
    throw failure(.missing(name: name, allowed: kind.allowed, in: part))
  } catch {
    throw failure(.malformed(part, json: json))
  }
  let unread = names(inJSON: json).subtracting(names(inJSON: canonicalJSON(value))).filter { name in
    settingsAt.map { !$0.isEmpty && !name.hasPrefix($0 + ".") } ?? true
  }
  if let unknown = unread.min() { throw failure(.unknownName(unknown, in: part)) }
  return value
}

/// Bytes that a part of the metadata may have, the vocabulary apart: some ten times what one has.
private let longestPart = 1 << 16

/// Paths of all values in a JSON text: `settings.batch`.
private func names(inJSON json: String) -> Set<String> {
  func names(_ value: Any, at path: String) -> [String] {
    guard let members = value as? [String: Any] else { return value is NSNull ? [] : [path] }
    return members.flatMap { names($1, at: path.isEmpty ? $0 : "\(path).\($0)") }
  }
  let value = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
  return Set(names(value ?? NSNull(), at: ""))
}
