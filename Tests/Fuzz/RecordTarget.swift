@testable import CAS

/// The input is a bucket of a record. Nothing that a process did not enter is in it, and what it enters is.
func fuzzRecord(_ input: [UInt8]) {
  let fingerprint = Fingerprint(of: Array("fuzz".utf8))
  let bucket = RecordBucket(input)
  let index = bucket.slot(for: fingerprint)
  require(0..<RecordBucket.slotCount ~= index, "slot \(index)")
  require(bucket.slots(of: fingerprint).allSatisfy { 0..<RecordBucket.slotCount ~= $0 }, "a slot beyond the bucket")
  require(bucket.slots(of: fingerprint).isEmpty || input.count >= Fingerprint.size, "a fingerprint of fewer bytes")
  var bytes = Array(input.prefix(RecordBucket.size))
  bytes += [UInt8](repeating: 0, count: RecordBucket.size - bytes.count)
  let range = index * RecordBucket.slotSize..<(index + 1) * RecordBucket.slotSize
  bytes.replaceSubrange(range, with: RecordBucket.slot(fingerprint, seconds: 1))
  require(RecordBucket(bytes).contains(fingerprint, now: 1), "the entry is not there")
}
