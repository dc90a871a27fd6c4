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
  guard let text = try? IndexText(parsing: current.content) else { fatalError("an index without a text") }
  checkStamp(text)
  if let same = try? IndexChange(from: written.text, to: written.text) {
    require(same.isEmpty, "a change without a change")
  }
  let old = try? IndexText(parsing: base)
  guard let change = try? IndexChange(from: old, to: written.text) else { return }
  let merge = IndexMerge(change, to: current)
  guard let result = try? ImageIndex(parsing: merge.content) else { fatalError("the merge is not an index") }
  if change.isEmpty {
    require(merge.content == current.content && merge.conflicts.isEmpty, "no change, and another index")
  }
  checkNames(change, names(current), names(result))
  checkTexts(old, written, current, result)
  let again = IndexMerge(change, to: result)
  guard let last = try? ImageIndex(parsing: again.content) else { fatalError("the second merge is not an index") }
  // One of several entries of a name and digest is removed each time.
  if [old, written.text, current.text].contains(where: { $0.map(hasRepetition) ?? false }) { return }
  require(names(last) == names(result), "the second merge of a change has other names")
  require(again.conflicts.isEmpty, "a change conflicts with itself")
}

private func hasRepetition(_ text: IndexText) -> Bool {
  Set(text.items.map(\.hashes)).count < text.items.count
}

private func checkNames(
  _ change: IndexChange, _ current: [IndexEntryKey.Name: [[UInt8]]], _ result: [IndexEntryKey.Name: [[UInt8]]]
) {
  let removed = change.removed.compactMap { IndexEntry(change.base, $0).key.name }
  let touched = Set(change.names.map(\.name) + removed)
  for (name, digests) in current where !touched.contains(name) {
    require(result[name]?.sorted(by: precedes) == digests.sorted(by: precedes), "an unchanged name is another")
  }
  for name in result.keys where !touched.contains(name) {
    require(current[name] != nil, "a name that neither had")
  }
  for change in change.names {
    let digests = Set(result[change.name] ?? [])
    require(digests.isSuperset(of: change.added.map(\.key.digest)), "an added entry is absent")
  }
}

private func precedes(_ bytes: [UInt8], _ other: [UInt8]) -> Bool { bytes.lexicographicallyPrecedes(other) }

/// The digests of each name.
private func names(_ index: ImageIndex) -> [IndexEntryKey.Name: [[UInt8]]] {
  var names: [IndexEntryKey.Name: [[UInt8]]] = [:]
  for position in index.entries.indices {
    let key = IndexEntry(index.text, position).key
    if let name = key.name { names[name, default: []].append(key.digest) }
  }
  return names
}

private func checkStamp(_ index: IndexText) {
  let stamp = IndexStamp(source: 7, version: 12)
  guard let served = try? IndexText(parsing: index.stamped(stamp), like: index) else {
    fatalError("not an index with its stamp")
  }
  require(served.stamp == stamp, "the stamp is another")
  guard let stored = try? IndexText(parsing: served.unstamped, like: served) else {
    fatalError("no index without its stamp")
  }
  guard let new = try? ImageIndex(parsing: stored.content), let old = try? ImageIndex(parsing: index.content) else {
    fatalError("a text without an index")
  }
  require(stored.stamp == nil && names(new) == names(old), "the index without its stamp is another")
}

/// A text that was parsed beside a known one is the same.
private func checkTexts(_ old: IndexText?, _ written: ImageIndex, _ current: ImageIndex, _ result: ImageIndex) {
  guard let new = try? IndexText(parsing: written.content, like: old) else { fatalError("an index without a text") }
  require(new.items.map(\.range) == written.text.items.map(\.range), "entries are elsewhere beside a known index")
  require(new.items.map(\.hashes) == written.text.items.map(\.hashes), "entries have other hashes beside a known index")
  guard let change = try? IndexChange(from: old, to: new) else { fatalError("no change by texts") }
  require(IndexMerge(change, to: current).content == result.content, "the change by texts has another result")
  guard let old else { return }
  let back = new.applying([IndexText.Difference(from: new, to: old)])
  require(
    back.items.map { Array(back.content[$0.range]) }.sorted(by: { $0.lexicographicallyPrecedes($1) })
      == old.items.map { Array(old.content[$0.range]) }.sorted(by: { $0.lexicographicallyPrecedes($1) }),
    "the way back leads elsewhere")
}
