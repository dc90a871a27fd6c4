import CAS
import CASCompression
import CASDirectory
import CASImage
import CASPlatform
import Foundation
import Logging
import OCI
import StoreTree
import SystemPackage
import TestSupport
import Testing

/// The files of images below `images/NAME/rootfs` and `images/NAME/diffs`, on the tree without a kernel.
@Suite(.boundedInTime) struct RootFileSystemTests {
  /// Cases of what a mount shows in a way of its own: names, targets, devices, attributes, links, holes, refusals.
  private static let names = [
    "name-not-utf8", "name-not-utf8-pax", "name-control", "name-255", "name-pax-long", "symlink-not-utf8",
    "symlink-4095", "symlink-kinds", "type-devices", "type-device-large", "dir-to-fifo", "xattr-user", "xattr-acl",
    "xattr-capability", "xattr-large", "link-1000", "link-same", "link-dir-link", "sparse-pax-1.0", "sparse-pax-0.1",
    "mode-special", "id-large", "time-subsecond", "usrmerge", "wh-many", "opq-nested", "depth-300", "large-gzip",
    "zstd-frames", "img-130-layers", "img-nested", "img-no-layers", "img-diff-id-wrong", "img-no-rootfs",
    "img-blob-absent", "type-xz", "gzip-crc", "arc-garbage",
  ]

  @Test("F2: rootfs of an image is the tree that the kernel shows, or EIO with the reason", .needs(.tools("python3")))
  func cases() throws {
    let cases = try LayoutCases(only: Self.names)
    var counts = (trees: 0, refusals: 0)
    for answer in cases.answers where cases.exists(answer.case) {
      let served = try ServedTree(path: cases.folder(answer.case))
      let rootfs = answer.case == "img-nested" ? "images/v1/linux-amd64/rootfs" : "images/v1/rootfs"
      guard let rows = answer.rows else {
        #expect(served.errno { try served.names(rootfs) } == .ioError, "\(answer.case)")
        #expect(try !served.attribute("user.casfs.error", of: rootfs).isEmpty, "\(answer.case)")
        counts.refusals += 1
        continue
      }
      counts.trees += 1
      let differences = TreeTests.differences(try served.rows(rootfs), rows)
      #expect(differences.isEmpty, "\(answer.case): \(differences.prefix(5))")
    }
    #expect(counts.trees > 25 && counts.refusals == 6)
  }

  /// An image of two layers: the upper one removes a file and a directory, and has a link to a file of the lower one.
  private func image(_ builder: ImageBuilder) throws -> Descriptor {
    let lower = ImageBuilder.tar([("etc/secret", Array("secret".utf8)), ("etc/kept", [1]), ("gone/a", [2])])
    let upper = ImageBuilder.tar([("etc/.wh.secret", []), (".wh.gone", []), ("new", [3])])
    let image = try builder.image([(lower, lower), (upper, upper)])
    try builder.engine.putReference(image, named: ReferenceName("a"))
    return image
  }

  @Test("F2, F3: nothing is decoded until rootfs or a layer is used, and one layer does not decode others")
  func lazy() throws {
    let builder = try ImageBuilder()
    let lower = ImageBuilder.tar([("a", [1])])
    let descriptor = try builder.image([(lower, [9]), (lower, lower)])
    try builder.engine.putReference(descriptor, named: ReferenceName("a"))
    let served = ServedTree(builder.engine)
    #expect(try served.names("images/a") == ["config", "diffs", "files", "layers", "manifest", "referrers", "rootfs"])
    #expect(try served.lookup("images/a/rootfs").attributes.permissions == 0o755)
    #expect(try served.names("images/a/diffs") == ["00", "01"])
    // The lower layer has another diff_id, which an attempt to read it would find.
    #expect(served.errno { try served.attribute("user.casfs.error", of: "images/a/rootfs") } == .noData)
    #expect(try served.names("images/a/diffs/01") == ["a"])
    #expect(served.errno { try served.names("images/a/diffs/00") } == .ioError)
    #expect(served.errno { try served.names("images/a/rootfs") } == .ioError)
    let reason = try served.attribute("user.casfs.error", of: "images/a/rootfs")
    for digest in [try Digest.of([9]), try Digest.of(lower)] { #expect(reason.contains(digest.description)) }
    #expect(try served.names("images/a/layers") == ["00", "01"])
  }

  @Test("F13: a layer, the configuration and the manifest can be embedded in their descriptors")
  func embedded() throws {
    func descriptor(_ content: [UInt8], _ mediaType: String) throws -> Descriptor {
      let text =
        #"{"mediaType":"\#(mediaType)","digest":"\#(try Digest.of(content))","size":\#(content.count),"#
        + #""data":"\#(Data(content).base64EncodedString())"}"#
      return try Descriptor(parsing: Array(text.utf8))
    }
    let builder = try ImageBuilder()
    let layer = ImageBuilder.tar([("a", [1])])
    let config = #"{"rootfs":{"type":"layers","diff_ids":["\#(try Digest.of(layer))"]}}"#
    let manifest =
      #"{"schemaVersion":2,"config":\#(try descriptor(Array(config.utf8), "application/vnd.oci.image.config.v1+json")),"#
      + #""layers":[\#(try descriptor(layer, "application/vnd.oci.image.layer.v1.tar"))]}"#
    try builder.engine.putReference(
      descriptor(Array(manifest.utf8), MediaType.imageManifest), named: ReferenceName("a"))
    let served = ServedTree(builder.engine)
    #expect(try served.names("images/a/diffs/00") == ["a"])
    #expect(try served.contents(served.lookup("images/a/rootfs/a").node) == [1])
  }

  @Test("F3: diffs shows each layer as its archive has it, with whiteouts as files, and what a later layer removed")
  func diffs() throws {
    let builder = try ImageBuilder()
    _ = try image(builder)
    let served = ServedTree(builder.engine)
    #expect(try served.names("images/a/rootfs") == ["etc", "new"])
    #expect(try served.names("images/a/rootfs/etc") == ["kept"])
    #expect(try served.text("images/a/diffs/00/etc/secret") == "secret")
    #expect(try served.names("images/a/diffs/01") == [".wh.gone", "etc", "new"])
    #expect(try served.names("images/a/diffs/01/etc") == [".wh.secret"])
    #expect(served.errno { try served.lookup("images/a/diffs/2") } == .noSuchFileOrDirectory)
    #expect(served.errno { try served.lookup("images/a/diffs/02") } == .noSuchFileOrDirectory)
  }

  @Test("F3: a hard link to a file of a lower layer is an empty file with the reason, where its layer is alone")
  func brokenLink() throws {
    let builder = try ImageBuilder()
    let lower = ImageBuilder.tar([("a", [1, 2])])
    let upper =
      ImageBuilder.header(Array("b".utf8), size: 0, type: "1", link: "a") + [UInt8](repeating: 0, count: 1024)
    try builder.engine.putReference(
      builder.image([(lower, lower), (upper, upper)]), named: ReferenceName("a"))
    let served = ServedTree(builder.engine)
    #expect(try served.lookup("images/a/rootfs/b").attributes.size == 2)
    #expect(try served.lookup("images/a/rootfs/b").attributes.links == 2)
    #expect(try served.lookup("images/a/diffs/01/b").attributes.size == 0)
    #expect(
      try served.attribute("user.casfs.error", of: "images/a/diffs/01/b") == "hard link to a file of a lower layer: a")
  }

  @Test("F4: each file has the number of its layer, and inode numbers that follow from the manifest")
  func numbers() throws {
    let builder = try ImageBuilder()
    let descriptor = try image(builder)
    try builder.engine.putReference(descriptor, named: ReferenceName("b"))
    let served = ServedTree(builder.engine)
    _ = try served.names("images/a/rootfs")
    #expect(try served.attribute("user.casfs.layer", of: "images/a/rootfs/etc/kept") == "00")
    #expect(try served.attribute("user.casfs.layer", of: "images/a/rootfs/new") == "01")
    #expect(try served.attribute("user.casfs.layer", of: "images/a/diffs/01/new") == "01")
    let other = ServedTree(builder.engine)
    for path in ["etc", "etc/kept", "new"] {
      let entry = try served.lookup("images/a/rootfs/\(path)")
      #expect(try other.lookup("images/b/rootfs/\(path)").attributes.inode == entry.attributes.inode)
      // A file of two names of an image is one node, and a directory two: the kernel has it at one place.
      let isShared = try served.lookup("images/b/rootfs/\(path)").node == entry.node
      #expect(isShared == (entry.attributes.kind == .file))
    }
    let alone = try served.lookup("images/a/diffs/01/new").attributes.inode
    #expect(try alone != served.lookup("images/a/rootfs/new").attributes.inode)
  }

  /// A list that gives the owner 6, the user 1000 a value, the group 0, the mask 4 and others 4.
  private static func list(user: UInt8 = 4, version: UInt8 = 2) -> [UInt8] {
    let none: [UInt8] = [255, 255, 255, 255]
    return [version, 0, 0, 0, 1, 0, 6, 0] + none + [2, 0, user, 0, 0xE8, 3, 0, 0] + [4, 0, 0, 0] + none
      + [16, 0, 4, 0] + none + [32, 0, 4, 0] + none
  }

  /// A tree over an image of a file with extended attributes.
  private func served(_ attributes: [(name: String, value: [UInt8])], allowsOthers: Bool = false) throws -> ServedTree {
    let builder = try ImageBuilder()
    let tar = ImageBuilder.attributes(attributes) + ImageBuilder.tar([("a", [])])
    try builder.engine.putReference(builder.image([(tar, tar)]), named: ReferenceName("a"))
    return ServedTree(builder.engine, allowsOthers: allowsOthers)
  }

  @Test("F2, F4: attributes of casfs itself, and values that Linux does not store, are not shown")
  func refusedAttributes() throws {
    let capability: [UInt8] = [1, 0, 0, 2] + [UInt8](repeating: 0, count: 16)
    let access = "system.posix_acl_access"
    let good = try served([("user.a", [1]), (access, Self.list()), ("security.capability", capability)])
    let context = RequestContext(user: 0, group: 0, thread: 0)
    let node = try good.lookup("images/a/rootfs/a").node
    #expect(
      try good.tree.extendedAttributeNames(of: node, context).sorted() == ["security.capability", access, "user.a"])
    for bad: (name: String, value: [UInt8]) in [
      ("user.casfs.error", [1]), ("user.casfs.layer", [1]), (access, [1, 2, 3]), (access, Self.list(version: 3)),
      (access, Self.list().dropLast(8) + []), (access, Self.list(user: 8)), ("system.posix_acl_default", Self.list()),
      ("system.posix_acl_other", [1]), ("security.capability", Array(capability.dropLast())),
      ("security.capability", [1, 0, 0, 1] + capability.dropFirst(4)),
    ] {
      let served = try served([bad, ("user.b", [2])])
      let node = try served.lookup("images/a/rootfs/a").node
      #expect(try served.tree.extendedAttributeNames(of: node, context) == ["user.b"], "\(bad)")
    }
    #expect(
      try served([("user.casfs.layer", [1])]).attribute("user.casfs.layer", of: "images/a/rootfs/a") == "00")
  }

  @Test("F2, M5: with other users a mode grants no more than the access control list of the file")
  func boundedMode() throws {
    let attribute = "system.posix_acl_access"
    func mode(_ list: [UInt8], allowsOthers: Bool) throws -> UInt32 {
      try served([(attribute, list)], allowsOthers: allowsOthers).lookup("images/a/rootfs/a").attributes.permissions
    }
    #expect(try mode(Self.list(), allowsOthers: false) == 0o644)
    #expect(try mode(Self.list(), allowsOthers: true) == 0o604)
    // The user without access can be one of the others.
    #expect(try mode(Self.list(user: 0), allowsOthers: true) == 0o600)
  }

  @Test("F2: the kernel asks again for the attributes of a root that is not open yet")
  func rootTimeout() throws {
    let builder = try ImageBuilder()
    _ = try image(builder)
    let served = ServedTree(builder.engine)
    #expect(try served.lookup("images/a/rootfs").attributes.attributeTimeout == .zero)
    _ = try served.names("images/a/rootfs")
    #expect(try served.lookup("images/a/rootfs").attributes.attributeTimeout > .zero)
  }

  @Test("F2: nothing below rootfs can be changed")
  func unwritable() throws {
    let builder = try ImageBuilder()
    _ = try image(builder)
    var options = TreeOptions(user: 0, group: 0)
    options.layerCache = nil
    let tree = Tree(
      builder.engine, options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let context = RequestContext(user: 0, group: 0, thread: 0)
    var node = NodeID.root
    for name in ["images", "a", "rootfs", "etc"] { node = try tree.lookup(name, in: node, context).node }
    let file = try tree.lookup("kept", in: node, context).node
    func error(_ body: () throws(Errno) -> Void) -> Errno? {
      do throws(Errno) { try body() } catch { return error }
      return nil
    }
    #expect(
      error { () throws(Errno) in _ = try tree.create("x", permissions: 0, in: node, context) } == .readOnlyFileSystem)
    #expect(error { () throws(Errno) in try tree.removeFile("kept", in: node, context) } == .readOnlyFileSystem)
    #expect(
      error { () throws(Errno) in _ = try tree.open(file, OpenRequest(isWriting: true), context) }
        == .readOnlyFileSystem)
    var changes = AttributeChanges()
    changes.permissions = 0
    #expect(
      error { () throws(Errno) in _ = try tree.setAttributes(of: file, changes, handle: nil, context) }
        == .readOnlyFileSystem)
    #expect(
      error { () throws(Errno) in try tree.setExtendedAttribute("user.a", to: [], of: file, mustBe: .either, context) }
        == .readOnlyFileSystem)
    tree.finish(publishing: false)
  }
}
