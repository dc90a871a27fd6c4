import CASPlatform
import StoreTree
import SystemPackage
import Testing

@testable import FUSE
@testable import StoreTree

@Suite struct StateLogTests {
  private let mount: KeptMount

  init() throws {
    mount = try KeptMount()
  }

  private func place(_ name: String, in parent: UInt64 = 16) -> NodePlace {
    NodePlace(parent: NodeID(parent), name: name)
  }

  private let digest = String(repeating: "0123456789abcdef", count: 4)

  @Test("A record is read as it was written")
  func records() {
    let records: [StateRecord] = [
      .node(NodeID(7), place("a")), .node(NodeID(.max), place("\u{E4}\u{1F4A9} %2F")), .node(NodeID(8), place(digest)),
      .node(NodeID(9), place(digest.uppercased())), .forgotten(NodeID(7)),
      .passthrough(.opened(NodeID(1 << 61), 3, unique: 1 << 40)), .passthrough(.opened(NodeID(5), nil, unique: 2)),
      .passthrough(.released(NodeID(5), unique: 4)), .passthrough(.registered(6)), .passthrough(.closed(6)),
      .passthrough(.answered(unique: 8)), .member(9, [1, 2, 3]), .member(9, nil),
      .index(RecordedIndex(source: .max, version: 3, digest: Array(0..<32))),
    ]
    for record in records {
      let bytes = record.bytes
      #expect(StateRecord.first(of: bytes[...])?.record == record)
      #expect(StateRecord.first(of: bytes[...])?.length == bytes.count)
      for count in 0..<bytes.count { #expect(StateRecord.first(of: bytes[..<count]) == nil) }
    }
  }

  @Test("S1: the next server finds the nodes that were not forgotten, and no record that a dying one was writing")
  func nodes() throws {
    let log = try StateLog(mount)
    log.didRemember(NodeID(100), at: place(digest))
    log.didRemember(NodeID(101), at: place("b", in: 5))
    log.didForget(NodeID(101))
    log.didRemember(NodeID(102), at: place("c", in: 5))
    log.didRemember(NodeID(102), at: place("d", in: 5))
    let size = try mount.file.status().size
    try mount.file.write(StateRecord.node(NodeID(103), place("e")).bytes.span, at: size)
    #expect(log.place(ofEarlier: NodeID(100)) == nil)
    let next = try StateLog(mount)
    #expect(next.place(ofEarlier: NodeID(100)) == place(digest))
    #expect(next.place(ofEarlier: NodeID(101)) == nil)
    #expect(next.place(ofEarlier: NodeID(102)) == place("d", in: 5))
    #expect(next.place(ofEarlier: NodeID(103)) == nil)
    var names: [String] = []
    next.forEachEarlier(in: NodeID(16)) { names.append($0) }
    #expect(names == [digest])
    next.didForget(NodeID(100))
    #expect(try StateLog(mount).place(ofEarlier: NodeID(100)) == nil)
  }

  @Test("S4: the log stays as small as what it has to say")
  func compaction() throws {
    let log = try StateLog(mount)
    log.add(.registered(1))
    log.add(.opened(NodeID(4), 1, unique: 2))
    for (number, text) in [(1, [1]), (2, [2]), (1, [3])] as [(UInt64, [UInt8])] {
      log.didChange(member: number, to: text)
    }
    log.didChange(member: 3, to: [4])
    log.didChange(member: 3, to: nil)
    let index = RecordedIndex(source: 1, version: 2, digest: Array(repeating: 3, count: 32))
    log.didServe(index)
    for number in 0..<20_000 as Range<UInt64> {
      log.didRemember(NodeID(1000 + number), at: place("\(number)"))
      if number >= 10 { log.didForget(NodeID(1000 + number)) }
    }
    let next = try StateLog(mount)
    next.didRemember(NodeID(1), at: place("new"))
    let full = try mount.file.status().allocatedSize
    next.compact(keeping: 20_000) { _ in
      Issue.record("read a log of which most is needed")
      return true
    }
    #expect(try mount.file.status().allocatedSize == full)
    next.compact(keeping: 1) { $0 == NodeID(1) }
    #expect(try mount.file.status().allocatedSize < 1 << 20)
    next.didRemember(NodeID(2), at: place("newer"))
    #expect(next.place(ofEarlier: NodeID(1009)) == place("9"))
    let last = try StateLog(mount)
    #expect(last.place(ofEarlier: NodeID(1000)) == place("0"))
    #expect(last.place(ofEarlier: NodeID(1010)) == nil)
    #expect(last.place(ofEarlier: NodeID(1)) == place("new"))
    #expect(last.place(ofEarlier: NodeID(2)) == place("newer"))
    #expect(last.passthrough.nodes == [NodeID(4): PassthroughState.OpenNode(id: 1, opens: 1)])
    #expect(last.passthrough.ids == [1])
    #expect(last.lastIndex == index)
    #expect(last.takeMembers() == [[2], [3]])
    #expect(last.takeMembers().isEmpty)
    #expect(last.passthrough.hasEffect(of: 2))
  }

  @Test("S4: a request is not tried again when servers crashed over it twice, or were killed often")
  func attempts() {
    // The weights are the keeper's: none of a server that has not died.
    for _ in 0..<20 { #expect(mount.mayAnswer(3)) }
  }

  @Test("S7: requests are sent again only by kernels that can, and that do not free them meanwhile")
  func versions() throws {
    for release in ["6.9.1", "6.12.95-amd64", "6.13", "6.18.38", "6.19.0", "7.1.3+"] {
      #expect(try #require(KernelVersion(release: release)).resendingObstacle?.contains("CVE-2026-64265") == true)
    }
    for release in ["5.10.0-8-amd64", "6.1.0", "6.8.12"] {
      #expect(try #require(KernelVersion(release: release)).resendingObstacle?.contains("cannot send") == true)
    }
    for release in ["6.12.96", "6.18.39", "6.18.44-fc", "7.1.4", "7.2-rc1"] {
      #expect(try #require(KernelVersion(release: release)).resendingObstacle == nil)
    }
    #expect(KernelVersion(release: "") == nil)
  }
}
