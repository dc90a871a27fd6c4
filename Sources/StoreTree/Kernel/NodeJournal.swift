package import CASPlatform

/// The directory and the name by which the kernel found a node.
package struct NodePlace: Hashable, Sendable {
  /// The directory.
  package var parent: NodeID
  /// The name in it.
  package var name: String

  /// Makes a place of its parts.
  package init(parent: NodeID, name: String) {
    self.parent = parent
    self.name = name
  }

  package static func == (left: NodePlace, right: NodePlace) -> Bool {
    left.parent == right.parent && FileName(left.name) == FileName(right.name)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(parent)
    FileName(name).hash(into: &hasher)
  }
}

/// A version of `index.json` that was served.
package struct RecordedIndex: Equatable, Sendable {
  /// The source and the number of its stamp.
  package var source: UInt64
  package var version: UInt64
  /// The SHA-256 of the content.
  package var digest: [UInt8]

  /// Makes a version of its parts.
  package init(source: UInt64, version: UInt64, digest: [UInt8]) {
    (self.source, self.version, self.digest) = (source, version, digest)
  }
}

/// A write-ahead journal of the nodes that the kernel knows, which outlives the process that serves the mount. The next
/// process finds the nodes of the earlier ones in it.
///
/// Members are called under the lock of the nodes, so that the order of records is that of the events.
package protocol NodeJournal: Sendable {
  /// A number of this process among those that have served the mount; it differs from the last ones.
  var generation: UInt16 { get }
  /// When the mount began; `nil` if it is not known.
  var began: Timestamp? { get }
  /// Whether an earlier process has served the mount.
  var hasEarlier: Bool { get }

  /// Records a node before the kernel is told of it.
  func didRemember(_ node: NodeID, at place: NodePlace)
  /// Records that the kernel has forgotten a node.
  func didForget(_ node: NodeID)
  /// The place of a node of an earlier process; `nil` if none of them recorded the node, or it is forgotten.
  func place(ofEarlier node: NodeID) -> NodePlace?
  /// Calls `body` with the name of each earlier node that was found in a directory.
  func forEachEarlier(in parent: NodeID, _ body: (String) -> Void)
  /// Records a member of `incoming` as it is now; `nil` for one that is gone. It is called under a lock of all members.
  func didChange(member number: UInt64, to record: [UInt8]?)
  /// Returns the records of members by earlier processes, in the order in which they were written; once.
  func takeMembers() -> [[UInt8]]
  /// The version of `index.json` that was recorded last.
  var lastIndex: RecordedIndex? { get }
  /// Records a version of `index.json` before a process is served it.
  func didServe(_ index: RecordedIndex)
  /// Drops the records of forgotten nodes, if there are many.
  ///
  /// - Parameter count: how many nodes the kernel has, each of which has a record.
  /// - Parameter isKnown: whether the kernel still has a node of this process; earlier ones are kept in any case.
  func compact(keeping count: Int, where isKnown: (NodeID) -> Bool)
}
