/// The identity of this machine.
package enum MachineIdentity {
  /// The content of `/etc/machine-id`, or without one the number of this boot; `nil` if neither can be read.
  package static let current: String? = text("/etc/machine-id") ?? text("/proc/sys/kernel/random/boot_id")

  private static func text(_ path: String) -> String? {
    guard let bytes = try? OpenFile.open(path: path, [.readOnly, .nonBlocking]).contents(limit: 4096) else {
      return nil
    }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
  }
}
