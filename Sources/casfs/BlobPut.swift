import ArgumentParser
import CAS
import CASPlatform
import OCI
import SystemPackage

/// `casfs blob put`: stores files.
struct BlobPut: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Store files and print their digests.",
    discussion: """
      Prints one line a file, in the order they are given, once the blob is safe on disk. The first failure ends the \
      command; what was printed before it is stored.
      """)

  @OptionGroup var target: StoreArgument

  @Argument(help: "Files to store; '-' or none: standard input.", completion: .file())
  var files: [String] = []

  @Flag(help: "Print an object with digest, size and name instead of the digest.")
  var json = false

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    for name in files.isEmpty ? ["-"] : files {
      try put(name, into: engine)
    }
  }

  private func put(_ name: String, into engine: any Engine) throws(CASError) {
    let source = try Source(name)
    var bar = ProgressBar(total: source.size)
    // Until the digest is out, an interrupt undoes the put, and only then ends the process.
    let signals = try source.attempt { () throws(Errno) in try BlockedSignals() }
    defer { signals.release() }
    let address: BlobAddress
    do throws(CASError) {
      defer { bar.clear() }
      let cancellation = CancellationToken(when: signals.isPending)
      address = try engine.putBlob(contentsOf: source.file, cancellation: cancellation) { (done) throws(CASError) in
        bar.update(done)
        guard try source.attempt({ () throws(Errno) in try signals.waitUntilReadable(source.file) }) else {
          throw CASError(.cancelled, operation: "put blob", subject: name, cause: "cancelled")
        }
      }
    } catch {
      throw error.during(OperationContext(error.operation == "read" ? "read" : "put blob", on: source.label))
    }
    try report(address, name)
  }

  private func report(_ address: BlobAddress, _ name: String) throws(CASError) {
    var output = Output()
    if json {
      try output.line(
        .object([
          JSON.Member("digest", .string(address.digest.description)),
          JSON.Member("size", .number(String(address.size))), JSON.Member("name", .string(name)),
        ]))
    } else {
      try output.line(address.digest.description)
    }
    try output.flush()
  }
}

/// A file that is to be stored.
private struct Source {
  let file: OpenFile
  /// What errors call it.
  let label: String
  /// How many bytes there are, where that can be known.
  let size: Int64?

  /// Opens a file, or takes standard input for `-`.
  init(_ name: String) throws(CASError) {
    label = name.sameBytes(as: "-") ? "standard input" : name
    do throws(Errno) {
      file = name.sameBytes(as: "-") ? StandardStream.input : try OpenFile.open(path: name, .readOnly)
      let status = try file.status()
      size = status.kind == .regular ? status.size : nil
    } catch {
      throw CASError(error, OperationContext("read", on: label))
    }
  }

  /// Does something with the file; what the system says against it is an error about the file.
  func attempt<Result>(_ body: () throws(Errno) -> Result) throws(CASError) -> Result {
    do throws(Errno) {
      return try body()
    } catch {
      throw CASError(error, OperationContext("read", on: label))
    }
  }
}
