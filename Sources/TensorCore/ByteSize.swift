/// A number of bytes for a message: `12 kB`, `340 MB`, `1.5 GB`.
package func byteSize(_ bytes: Double) -> String {
  switch bytes {
  case ..<1e6: "\(Int((bytes / 1e3).rounded(.up))) kB"
  case ..<1e9: "\(Int((bytes / 1e6).rounded())) MB"
  case ..<1e10: "\((bytes / 1e8).rounded() / 10) GB"
  default: "\(Int(min(bytes / 1e9, 1e15).rounded())) GB"
  }
}
