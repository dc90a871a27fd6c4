@testable import OCI

/// The first line is the base of a writer, empty for an unknown one; the second is what it wrote; the rest is the current
/// index.
func fuzzMerge(_ input: [UInt8]) {
  var pieces = Pieces(input)
  let base = pieces.bytes(upTo: 0x0A)
  let text = pieces.bytes(upTo: 0x0A)
  guard let written = try? ImageIndex(parsing: text), let current = try? ImageIndex(parsing: pieces.remainder) else {
    return
  }
  checkStamp(current)
  let version = IndexVersion(written)
  if let same = try? IndexChange(from: version, to: version) { require(same.isEmpty, "a change without a change") }
  let old = (try? ImageIndex(parsing: base)).map { IndexVersion($0) }
  guard let change = try? IndexChange(from: old, to: version) else { return }
  let merge = IndexMerge(change, to: current)
  guard let result = try? ImageIndex(parsing: merge.content) else { fatalError("the merge is not an index") }
  if change.isEmpty {
    require(merge.content == current.content && merge.conflicts.isEmpty, "no change, and another index")
  }
  checkNames(change, names(current), names(result))
  let again = IndexMerge(change, to: result)
  guard let last = try? ImageIndex(parsing: again.content) else { fatalError("the second merge is not an index") }
  require(names(last) == names(result), "the second merge of a change has other names")
  require(again.conflicts.isEmpty, "a change conflicts with itself")
}

private func checkNames(
  _ change: IndexChange, _ current: [IndexEntryKey.Name: Set<[UInt8]>], _ result: [IndexEntryKey.Name: Set<[UInt8]>]
) {
  let touched = Set(change.names.map(\.name))
  for (name, digests) in current where !touched.contains(name) {
    require(result[name] == digests, "a name that the writer did not change is another")
  }
  for name in result.keys where !touched.contains(name) {
    require(current[name] != nil, "a name that neither had")
  }
  for change in change.names {
    let digests = result[change.name] ?? []
    let added = Set(change.added.map { IndexEntryKey($0).digest })
    require(added.isSubset(of: digests), "an added entry is absent")
    require(digests.isDisjoint(with: change.removed.subtracting(added)), "a removed entry is there")
  }
}

/// The digests of each name.
private func names(_ index: ImageIndex) -> [IndexEntryKey.Name: Set<[UInt8]>] {
  var names: [IndexEntryKey.Name: Set<[UInt8]>] = [:]
  for group in IndexVersion(index).groups {
    if let name = group.name { names[name] = Set(group.entries.map(\.key.digest)) }
  }
  return names
}

private func checkStamp(_ index: ImageIndex) {
  let stamp = IndexStamp(source: 7, version: 12)
  guard let served = try? ImageIndex(parsing: index.stamped(stamp)) else { fatalError("not an index with its stamp") }
  require(served.stamp == stamp, "the stamp is another")
  guard let stored = try? ImageIndex(parsing: served.unstamped) else { fatalError("no index without its stamp") }
  require(stored.stamp == nil && names(stored) == names(index), "the index without its stamp is another")
}
