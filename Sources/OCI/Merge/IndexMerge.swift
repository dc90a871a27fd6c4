/// The result of applying a writer's changes to the current index, which other writers may have changed since its base.
///
/// Entries that were not changed keep their bytes. If no other writer has changed an entry since the base, the entries are
/// in the order of the writer; otherwise those that were there keep their order. Two writers that move one name conflict:
/// the last one has the name, and the entry that lost it stays without a name, marked with ``lostNameKey``.
public struct IndexMerge: Sendable {
  /// Two different moves of one name.
  public struct Conflict: Hashable, Sendable {
    /// The name, as both writers have it.
    public let name: String
    /// The digest that the name has now.
    public let kept: String
    /// The digest that lost the name.
    public let lost: String
  }

  /// The annotation of an entry that lost its name to a concurrent writer: that name.
  public static let lostNameKey = "io.casfs.lost.name"

  /// The pieces of the merged index, which share the memory of the current and of the written one.
  package let pieces: [ArraySlice<UInt8>]
  /// The names that two writers moved.
  public let conflicts: [Conflict]

  /// Applies the changes of a writer to the current index.
  public init(_ change: IndexChange, to current: ImageIndex) {
    self.init(change, to: current.text)
  }

  /// Applies the changes of a writer to the text of the current index. Values are made of the entries alone that a change
  /// can concern.
  public init(_ change: IndexChange, to current: IndexText) {
    if change.isEmpty {
      (pieces, conflicts) = ([current.content[...]], [])
      return
    }
    var changes = change.members.applied(to: current)
    let concurrent = IndexMatching(change.base, current)
    if change.isBaseKnown, concurrent.isUnchanged, change.isReordered || concurrent.isOrdered {
      if let entries = change.entries(in: current, concurrent) {
        changes.append((IndexOutline.manifests, entries))
      }
      conflicts = []
    } else {
      var editor = IndexEditor(current, change, concurrent)
      editor.apply()
      conflicts = editor.conflicts
      if let entries = editor.manifests { changes.append((IndexOutline.manifests, entries)) }
    }
    pieces = changes.isEmpty ? [current.content[...]] : current.outline.pieces(of: current.content, changes)
  }

  /// The bytes of the merged index; those of the current one if nothing changed.
  public var content: [UInt8] { pieces.joinedBytes }
}

extension IndexChange {
  /// Returns the entries as they were written, for a current index that has those of the base; `nil` if the writer changed
  /// none. Entries that the writer did not change have the bytes of the current index.
  fileprivate func entries(in current: IndexText, _ concurrent: IndexMatching) -> [ArraySlice<UInt8>]? {
    if matching.removed.isEmpty && matching.added.isEmpty && edits.isEmpty && !isReordered { return nil }
    var replacements: [Int: [ArraySlice<UInt8>]] = [:]
    for pair in concurrent.rewritten {
      if let new = matching.new(of: pair.old) { replacements[new] = [current.bytes(at: pair.new)] }
    }
    for pair in unchanged {
      if let place = concurrent.new(of: pair.old) { replacements[pair.new] = [current.bytes(at: place)] }
    }
    for edit in edits {
      guard let place = concurrent.new(of: edit.old) else { continue }
      let value = edit.applied(to: current.value(at: place))
      replacements[edit.new] = [value == edit.written ? edit.bytes : value.serialized[...]]
    }
    for position in dropped { replacements[position] = [] }
    return written.manifests(replacing: replacements)
  }
}
