import CAS

/// Puts content from asynchronous code. Cancelling the calling task stops the put, and nothing of it is stored.
func put(_ content: [UInt8], into store: some Engine) async throws -> BlobAddress {
  try await store.run { (engine, cancellation) throws(CASError) in
    try engine.putBlob(content, cancellation: cancellation)
  }
}
