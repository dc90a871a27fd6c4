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
      Prints one line per file, in the order of the arguments, after the blob is on disk. The first failure ends the \
      command; the blobs that were printed before are stored.
      """)

  @OptionGroup var target: StoreArgument

  @Argument(help: "Files to store; '-' or no argument: standard input.", completion: .file())
  var files: [String] = []

  @Flag(help: "Print one JSON object per line, with digest, size and name.")
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
    // Until the digest is printed, a signal undoes the put before it ends the process.
    let signals = try mappingErrno(source.context, try BlockedSignals())
    defer { signals.release() }
    let address: BlobAddress
    do throws(CASError) {
      defer { bar.clear() }
      let cancellation = CancellationToken(when: signals.isPending)
      address = try engine.putBlob(contentsOf: source.file, cancellation: cancellation) { (done) throws(CASError) in
        bar.update(done)
        guard try mappingErrno(source.context, try signals.waitUntilReadable(source.file)) else {
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

/// A file to store.
private struct Source {
  let file: OpenFile
  /// The name in error messages.
  let label: String
  /// The length in bytes of a regular file; `nil` for others.
  let size: Int64?

  /// Opens a file; `-` is standard input.
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

  /// The context of errors about the file.
  var context: OperationContext { OperationContext("read", on: label) }
}
