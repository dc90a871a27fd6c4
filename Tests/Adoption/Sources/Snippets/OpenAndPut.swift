import CAS
import CASDirectory
import OCI

/// Creates a store, puts content into it under a name, and reads the content back by that name.
func storeGreeting(in path: String) throws -> [UInt8] {
  let drivers = DriverRegistry([DirectoryDriver()])
  let store = try drivers.create(path)
  defer { store.close() }

  let blob = try store.putBlob(Array("hello, world\n".utf8))
  let name = try ReferenceName("greeting")
  try store.putReference(store.descriptor(for: blob.digest), named: name)

  let descriptor = try store.reference(named: name)
  return try store.blobContents(descriptor.digest, limit: 1024)
}
