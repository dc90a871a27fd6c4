import CAS
import CASArchive
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct ArchiveTests {
  @Test(
    "V1: archives of every format are read, also with long names and other members",
    arguments: ["v7", "oldgnu", "gnu", "ustar", "pax"], [".", "oci-layout index.json blobs"])
  func formats(_ format: String, _ members: String) throws {
    try withStore(.archive) { (store) throws in
      // The other formats cannot represent that name.
      let hasLongNames = !["v7", "ustar"].contains(format)
      var generator = SeededGenerator(7)
      var contents: [Digest: [UInt8]] = [:]
      for size in [0, 1, 511, 512, 513, 100_000] {
        let content = generator.bytes(size)
        contents[try store.engine.putBlob(content, algorithm: size == 1 && hasLongNames ? .sha512 : .sha256).digest] =
          content
      }
      try store.engine.putReference(Descriptor.sample(1), named: ReferenceName("a"))
      if format != "v7" {
        // Longer than the 100 bytes of a header, and than the 256 with a prefix where the format allows it.
        let length = format == "ustar" ? 60 : 200
        let long = (0..<2).map { _ in String(repeating: "x", count: length) }.joined(separator: "/")
        try store.run("mkdir", ["-p", "store/blobs/\(long)"])
        try Data("foreign".utf8).write(to: store.folder.appending(path: "store/blobs/\(long)/file"))
        try store.run("ln", ["-s", "nowhere", "store/blobs/link"])
      }
      try store.run(
        "tar",
        ["--format=\(format)", "-b", "1", "-cf", "x.tar", "-C", "store"]
          + members.split(separator: " ").map(String.init))
      let engine = try open(store)
      #expect(try engine.listBlobs().nextBatch().sorted() == contents.keys.sorted())
      for (digest, content) in contents {
        #expect(try engine.blobContents(digest, limit: 1 << 20) == content)
        #expect(try engine.blobInfo(digest).size == content.count)
        #expect(try engine.blobInfo(digest).modified.seconds == store.engine.blobInfo(digest).modified.seconds)
      }
      #expect(try engine.reference(named: ReferenceName("a")) == Descriptor.sample(1))
    }
  }

  @Test("E2, D1: a truncated or other archive, or one of unknown compression, is invalid, with the reason")
  func invalid() throws {
    let table: [(make: String, says: String)] = [
      ("bzip2 x.tar; mv x.tar.bz2 x.tar", "bzip2 -dc"),
      ("xz x.tar; mv x.tar.xz x.tar", "xz -dc"), (": >x.tar", "the file is empty"),
      ("echo text >x.tar", "not a tar archive"), ("head -c 5000 /dev/urandom >x.tar", "not a tar archive"),
      ("head -c 10240 /dev/zero >x.tar", "oci-layout: not found"),
      ("truncate -s -10240 x.tar", "truncated"),
      ("truncate -s 100000 x.tar", "the archive is truncated within this member"),
      ("truncate -s 700 x.tar", "truncated"), ("truncate -s 512 x.tar", "it has no end marker"),
      ("truncate -s 1025 x.tar", "truncated"),
      ("truncate -s -1025 x.tar", "truncated"),
      (
        "tar --format=gnu -b1 -cf x.tar -C store oci-layout index.json blobs; truncate -s -1024 x.tar;"
          + "mkdir d; touch d/$(printf %0150d 1); tar --format=gnu -b1 -cf y.tar -C d .; dd if=y.tar bs=512 skip=1 count=2"
          + " status=none >>x.tar", "the member of this header is missing"
      ),
      ("tar -P -rf x.tar $PWD/store/oci-layout", "the member name is an absolute path"),
      ("cd store; tar -P -rf ../x.tar ../store/oci-layout", "the member name has the component '..'"),
      ("truncate -s 9M store/hole; tar -S --format=gnu -cf x.tar -C store .", "./hole: sparse member"),
      ("truncate -s 9M store/hole; tar -S --format=pax -cf x.tar -C store .", "sparse member"),
      ("tar -cf x.tar store", "the layout is in store, not at the top"),
      ("rm store/oci-layout; tar -cf x.tar -C store .", "oci-layout: not found"),
      ("rm store/index.json; tar -cf x.tar -C store .", "index.json: not found"),
      ("rm store/index.json; mkdir store/refs; : >store/refs/a; tar -cf x.tar -C store .", "references in refs/"),
      ("echo '{}' >store/oci-layout; tar -cf x.tar -C store .", "oci-layout: no imageLayoutVersion"),
      ("echo '[' >store/index.json; tar -cf x.tar -C store .", "index.json: byte "),
      ("rm store/oci-layout; ln -s index.json store/oci-layout; tar -cf x.tar -C store .", "--dereference"),
      ("rm -f store/$blob; ln -s ../../index.json store/$blob; tar -cf x.tar -C store .", "not a regular file"),
      (
        "link=blobs/sha256/\(String(repeating: "0", count: 64)); ln store/$blob store/$link;"
          + "tar -cf x.tar -C store oci-layout index.json $blob $link; tar --delete -f x.tar $blob", "(links: use tar"
      ),
      ("printf X | dd of=x.tar bs=1 seek=600 conv=notrunc status=none", "damaged archive: no member header"),
      ("rm x.tar; mkfifo x.tar", "not a regular file"), ("rm x.tar; mkdir x.tar", "not a regular file"),
    ]
    for row in table {
      try withStore(.archive) { (store) throws in
        let address = try store.engine.putBlob([UInt8](repeating: 1, count: 200_000))
        #expect(address.digest.hex == Self.blob.split(separator: "/").last.map(String.init))
        let script = "set -e; tar -b 1 -cf x.tar -C store .; blob=\(Self.blob)\n\(row.make)"
        try store.run("bash", ["-c", script])
        let error = failure { () throws(CASError) in try open(store) }
        #expect(error?.code == .invalid, "\(row.make)")
        #expect(error?.cause.contains(row.says) == true, "\(row.make): \(error.map(\.description) ?? "opened")")
        #expect(error?.description.hasPrefix("open store \(store.folder.path)/x.tar: ") == true)
      }
    }
    let driver = ArchiveDriver()
    #expect(
      failure { () throws(CASError) in try driver.open("oci-archive:/none", options: OpenOptions()) }?.code == .notFound
    )
    for uri in ["oci-archive:", "oci-archive:a\u{0}b", "x"] {
      #expect(failure { () throws(CASError) in try driver.open(uri, options: OpenOptions()) }?.code == .invalid)
    }
    #expect(driver.supports("oci-archive:x.tar") && !driver.supports("x.tar") && !driver.supports("oci-archive"))
  }

  @Test(
    "G7: hard links, members of one name, and an archive without its end mark are read as tar x reads them",
    arguments: ["gnu", "pax", "ustar", "v7"])
  func likeTar(_ format: String) throws {
    try withStore(.archive) { (store) throws in
      let content = Array("content".utf8)
      let blob = try store.engine.putBlob(content).digest
      let long = try store.engine.putBlob(Array("other".utf8), algorithm: .sha512).digest
      try store.engine.putReference(Descriptor.sample(1), named: ReferenceName("old"))
      try store.run("bash", ["-c", "cp store/index.json index.old; cp store/blobs/sha256/\(blob.hex) file"])
      try store.engine.deleteReference(named: ReferenceName("old"))
      try store.engine.putReference(Descriptor.sample(2), named: ReferenceName("new"))
      // The blob is a link to a file before it; then a wrong copy of it and an old index precede the right ones.
      let script = """
        set -e; mkdir -p first/blobs/sha256 second third/blobs/sha256; cp store/oci-layout first; cp index.old first/index.json
        echo wrong >first/blobs/sha256/\(blob.hex); tar --format=\(format) -b1 -cf x.tar -C first .
        name=second/$([ \(format) = v7 ] && echo file || printf %099d 7); cp file $name; mkdir -p second/blobs/sha256
        ln $name second/blobs/sha256/\(blob.hex); cp store/index.json second
        cd second; tar --format=\(format) -b1 -rf ../x.tar ${name#*/} blobs index.json; cd ..
        [ \(format) = v7 ] || [ \(format) = ustar ] || tar --format=\(format) -b1 -rf x.tar -C store blobs/sha512
        mkdir out; tar -xf x.tar -C out; truncate -s -1024 x.tar
        """
      try store.run("bash", ["-c", script])
      let engine = try open(store)
      #expect(try engine.blobContents(blob, limit: 10) == content)
      if format != "v7", format != "ustar" { #expect(try engine.blobContents(long, limit: 10) == Array("other".utf8)) }
      #expect(try engine.listReferences().map(\.name.description) == ["new"])
      let extracted = try Data(contentsOf: store.folder.appending(path: "out/blobs/sha256/\(blob.hex)"))
      #expect(Array(extracted) == content)
      var found: [String] = []
      try engine.check { (problem) in
        if problem.kind == .unusual { found.append("\(problem.subject) \(problem.isDamage)") }
      }
      #expect(found == ["archive false", "blobs/sha256/\(blob.hex) false", "index.json false"])
    }
  }

  private static let blob = "blobs/sha256/6015fcd09f3f14b7da9d89cb95f1e4ee007948bc7cf9a59be8163c3460e4f954"

  @Test("E3, T5: every change of an archive is EROFS, and create is refused")
  func readOnly() throws {
    try withStore(.archive) { (store) throws in
      let digest = try store.engine.putBlob([1]).digest
      let name = try ReferenceName("a")
      try store.engine.putReference(Descriptor.sample(1), named: name)
      let sealed = try store.sealed()
      let engine = sealed.engine
      #expect(engine.uri == sealed.uri && engine.driverName == "oci-archive" && !engine.isWritable)
      let tag = try Descriptor.sample(2)
      let failures = [
        failure { () throws(CASError) in try engine.putBlob([5]) },
        failure { () throws(CASError) in try engine.stageBlob(algorithm: .sha256, copying: digest) },
        failure { () throws(CASError) in try engine.deleteBlob(digest) },
        failure { () throws(CASError) in try engine.putReference(tag, named: name, replacing: true, cancellation: .none)
        },
        failure { () throws(CASError) in try engine.deleteReference(named: name) },
        failure { () throws(CASError) in
          try engine.moveReference(named: name, to: name, replacing: true, cancellation: .none)
        },
        failure { () throws(CASError) in try engine.clean() },
      ]
      for (number, error) in failures.enumerated() {
        #expect(error?.code == .io(.readOnlyFileSystem), "operation \(number)")
      }
      #expect(failure { () throws(CASError) in try engine.collect() }?.code == .notImplemented)
      let made = failure { () throws(CASError) in
        try ArchiveDriver().create("oci-archive:\(store.folder.path)/new.tar", options: CreateOptions())
      }
      #expect(made?.code == .notImplemented)
      #expect(try engine.blobContents(digest, limit: 1) == [1])
      #expect(try engine.reference(named: name) == Descriptor.sample(1))
    }
  }

  @Test("E13, E14: a closed archive serves open readers only; a cancelled token ends every operation that takes one")
  func closed() throws {
    try withStore(.archive) { (store) throws in
      let digest = try store.engine.putBlob([1, 2, 3]).digest
      let name = try ReferenceName("a")
      try store.engine.putReference(Descriptor.sample(1), named: name)
      let engine = try store.sealed().engine
      let token = CancellationToken()
      token.cancel()
      #expect(failure { () throws(CASError) in try engine.openBlob(digest, cancellation: token) }?.code == .cancelled)
      let reader = try engine.openBlob(digest)
      for _ in 0..<2 { engine.close() }
      let failures = [
        failure { () throws(CASError) in try engine.openBlob(digest) },
        failure { () throws(CASError) in try engine.blobInfo(digest) },
        failure { () throws(CASError) in try engine.listBlobs() },
        failure { () throws(CASError) in try engine.reference(named: name) },
        failure { () throws(CASError) in try engine.listReferences() },
        failure { () throws(CASError) in try engine.index() },
        failure { () throws(CASError) in try engine.putBlob([1]) },
        failure { () throws(CASError) in try engine.deleteReference(named: name) },
      ]
      for (number, error) in failures.enumerated() { #expect(error?.code == .closed, "operation \(number)") }
      #expect(try reader.read(3, at: 0) == [1, 2, 3])
    }
  }

  @Test("V1, V2: a member is hashed before it is served, again after a change, and not served when it is corrupt")
  func corrupt() throws {
    try withStore(.archive) { (store) throws in
      let content = Array("precious".utf8)
      let right = try store.engine.putBlob(content).digest
      let other = try store.engine.putBlob(Array("other".utf8)).digest
      let sealed = try store.sealed()
      let files = try #require(sealed.engine as? any FileBackedEngine)
      #expect(!files.isProbablyVerified(right, version: nil))
      let file = try #require(try files.blobFile(right, cancellation: .none))
      #expect(file.offset >= 512 && file.offset % 512 == 0 && file.info.size == 8)
      #expect(try file.info == sealed.engine.blobInfo(right))
      #expect(files.isProbablyVerified(right, version: file.info.version))
      #expect(!files.isProbablyVerified(right, version: file.info.version ^ 1))
      #expect(!(files is any WholeFileEngine))
      do {
        // An archive open for writing may be incomplete.
        let archive = try OpenFile.open(path: store.folder.path + "/store.tar", .readWrite)
        try archive.write(Array("PRECIOUS".utf8).span, at: file.offset)
      }
      #expect(try files.info(of: file).version != file.info.version)
      let corruption = CASError.Corruption(expected: right, actual: try Digest.of(Array("PRECIOUS".utf8)))
      #expect(failure { () throws(CASError) in try sealed.engine.openBlob(right) }?.corruption == corruption)
      for verification in [Verification.once, .always] {
        let engine = try sealed.reopen(OpenOptions(verification: verification))
        for _ in 0..<2 {
          #expect(failure { () throws(CASError) in try engine.openBlob(right) }?.corruption == corruption)
        }
        #expect(try engine.blobContents(other, limit: 5) == Array("other".utf8))
      }
      let trusting = try sealed.reopen(OpenOptions(verification: .never))
      #expect(try trusting.blobContents(right, limit: 8) == Array("PRECIOUS".utf8))
      var problems: [StoreProblem] = []
      try sealed.engine.check { problems.append($0) }
      #expect(problems.map(\.kind) == [.corrupt] && problems.first?.subject == right.description)
    }
  }

  @Test("V1: a member of 1 TiB is skipped, and sizes too large for octal digits are read")
  func large() throws {
    try withStore(.archive) { (store) throws in
      let blob = try store.engine.putBlob(Array("content".utf8)).digest
      try store.tar("-b", "1", "-cf", "x.tar", "-C", "store", ".")
      // A header with the length in bytes replaces the two blocks of the end mark.
      let path = store.folder.path + "/x.tar"
      let file = try OpenFile.open(path: path, .readWrite)
      let end = try file.status().size - 1024
      var header = [UInt8](repeating: 0, count: 512)
      header.replaceSubrange(0..<4, with: Array("huge".utf8))
      // 1 TiB.
      header[124] = 0x80
      header[130] = 1
      header[156] = UInt8(ascii: "0")
      let sum = header.reduce(0) { $0 + Int($1) } + 8 * 32
      header.replaceSubrange(148..<156, with: Array((String(sum, radix: 8) + "\0\0\0\0\0\0").utf8).prefix(8))
      try file.write(header.span, at: end)
      try file.truncate(to: end + 512 + (1 << 40) + 1024)
      let start = ContinuousClock.now
      let engine = try open(store)
      #expect(ContinuousClock.now - start < .seconds(2))
      #expect(try engine.blobContents(blob, limit: 7) == Array("content".utf8))
      try file.truncate(to: end + (1 << 40))
      #expect(failure { () throws(CASError) in try open(store) }?.cause.hasPrefix("huge: ") == true)
    }
  }

  @Test("D6: an archive with changed bytes is invalid, or serves only blobs that match their digests")
  func mutated() throws {
    try withStore(.archive) { (store) throws in
      let content = Array("content".utf8)
      let blob = try store.engine.putBlob(content).digest
      try store.engine.putReference(Descriptor.sample(1), named: ReferenceName("a"))
      let long = "store/" + String(repeating: "x", count: 120)
      try store.run("touch", [long])
      try store.run("tar", ["--format=pax", "-b", "1", "-cf", "x.tar", "-C", "store", "."])
      let path = store.folder.path + "/x.tar"
      let good = Array(try Data(contentsOf: URL(filePath: path)))
      var generator = SeededGenerator(11)
      var opened = 0
      for _ in 0..<1500 {
        var bytes = good
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let place = Int.random(in: 0..<bytes.count, using: &generator)
          bytes[place] = UInt8.random(in: 0...255, using: &generator)
          // A valid checksum lets the parser reach the rest of the header.
          Self.mend(&bytes, block: place / 512)
        }
        if Int.random(in: 0..<4, using: &generator) == 0 {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
        }
        try Data(bytes).write(to: URL(filePath: path))
        do throws(CASError) {
          let engine = try open(store)
          opened += 1
          if (try? engine.blobContents(blob, limit: 100)).map({ $0 != content }) == true { Issue.record("wrong bytes") }
        } catch {
          #expect(error.code == .invalid, "\(error)")
        }
      }
      #expect(opened > 50)
    }
  }

  /// Sets the checksum of a block that looks like a header.
  private static func mend(_ bytes: inout [UInt8], block: Int) {
    let range = block * 512..<min(block * 512 + 512, bytes.count)
    guard range.count == 512, bytes[range.lowerBound + 257..<range.lowerBound + 262].elementsEqual("ustar".utf8) else {
      return
    }
    for index in 148..<156 { bytes[range.lowerBound + index] = 32 }
    let sum = bytes[range].reduce(0) { $0 + Int($1) }
    let digits = Array((String(sum, radix: 8) + "\0\0\0\0\0\0\0\0").utf8.prefix(8))
    bytes.replaceSubrange(range.lowerBound + 148..<range.lowerBound + 156, with: digits)
  }

  /// Opens `x.tar` in a store's folder.
  private func open(_ store: TestStore) throws(CASError) -> any Engine {
    try ArchiveDriver().open("oci-archive:\(store.folder.path)/x.tar", options: OpenOptions())
  }
}
