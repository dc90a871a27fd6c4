import CAS
import CASArchive
import CASDirectory
import OCI

/// Copies the image `latest` from an archive to a directory, and reports how far the copy is.
func importImage(from archive: String, to path: String, cancellation: CancellationToken) throws {
  let drivers = DriverRegistry([DirectoryDriver(), ArchiveDriver()])
  let source = try drivers.open("oci-archive:\(archive)")
  defer { source.close() }
  let target = try drivers.open(path)
  defer { target.close() }

  let name = try ReferenceName("latest")
  let image = try source.reference(named: name)
  try source.copy(image, to: target, named: name, cancellation: cancellation) { (progress) in
    print("\(progress.done) of \(progress.total) bytes")
  }
}
