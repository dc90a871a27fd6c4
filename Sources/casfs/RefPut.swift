import ArgumentParser
import CAS
import CASPlatform
import OCI
import SystemPackage

/// `casfs ref put`: stores a reference to a blob.
struct RefPut: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Give a stored blob a name.",
    discussion: """
      For a digest, size and media type are filled in. With '-', a descriptor is read from standard input, as \
      'casfs ref get' prints it. A name that stands for a different descriptor is refused, unless --force is given.
      """)

  @OptionGroup var target: StoreArgument

  @Argument(help: "The name.", transform: parseNewName)
  var name: ReferenceName

  @Argument(help: "The blob's digest; '-': a descriptor on standard input.", transform: Subject.parse)
  var digest: Subject

  @Flag(help: "Replace a different descriptor of that name.")
  var force = false

  /// The blob, by digest or descriptor.
  enum Subject {
    case digest(Digest)
    case standardInput

    static func parse(_ argument: String) throws -> Subject {
      argument.sameBytes(as: "-") ? .standardInput : .digest(try Digest(argument))
    }
  }

  func run() throws {
    let engine = try target.open()
    defer { engine.close() }
    try engine.putReferenceToStored(try descriptor(in: engine), named: name, replacing: force)
  }

  private func descriptor(in engine: any Engine) throws(CASError) -> Descriptor {
    do throws(CASError) {
      switch digest {
      case .digest(let digest): return try engine.descriptor(for: digest)
      case .standardInput:
        let descriptor = try readDescriptor()
        let size = try engine.blobInfo(descriptor.digest).size
        guard size == descriptor.size else {
          throw CASError(
            .invalid, operation: "put reference", subject: name.description,
            cause: "the blob \(descriptor.digest) has \(size) bytes, not \(descriptor.size)")
        }
        return descriptor
      }
    } catch {
      guard error.code == .notFound else { throw error }
      throw CASError(
        .notFound, operation: "put reference", subject: name.description,
        cause: "the blob \(error.subject) is not stored")
    }
  }

  private func readDescriptor() throws(CASError) -> Descriptor {
    let text: [UInt8]
    do throws(Errno) {
      text = try StandardStream.input.remainingContents(limit: Manifest.maximumSize)
    } catch {
      throw CASError(error, OperationContext("read", on: "standard input"))
    }
    do throws(InvalidValue) {
      return try Descriptor(parsingNew: text)
    } catch {
      throw CASError.invalid(OperationContext("read descriptor from", on: "standard input"), error)
    }
  }
}
