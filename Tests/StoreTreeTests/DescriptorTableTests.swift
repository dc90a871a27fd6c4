import CASPlatform
import OCI
import TestSupport
import Testing

@testable import StoreTree

/// The descriptors of a process as its closes find them.
@Suite struct DescriptorTableTests {
  /// Opens files in a tree, each with a byte of its own.
  private func open(_ count: Int, in tree: TestTree) throws -> [TestFile] {
    try (0..<count).map { number in
      let file = try tree.create("incoming/f\(number)")
      try tree.write(file, "\(number)")
      return file
    }
  }

  @Test("A create looks the process of its caller up once", arguments: ["incoming", "", "blobs/sha256"])
  func creation(_ directory: String) throws {
    let tree = try TestTree()
    let name = directory == "blobs/sha256" ? try digest("content").hex : "oci-put-blob1"
    let parent = try tree.node(directory)
    _ = try tree.tree.create(name, permissions: 0o644, in: parent, tree.context())
    #expect(tree.processes.lookupCount == 1)
  }

  @Test(
    "I2: a close of one of many open files reads the other descriptors of the process once",
    arguments: [true, false])
  func cost(backwards: Bool) throws {
    func reads(of count: Int) throws -> (reads: Int, listings: Int) {
      let tree = try TestTree()
      for _ in 0..<3 { tree.processes.addDescriptor(.other, of: .opener) }
      let files = try open(count, in: tree)
      for (number, file) in (backwards ? files.reversed() : files).enumerated() {
        try tree.close(file)
        #expect(try tree.blobCount() == number + 1)
        try tree.release(file)
      }
      return (tree.processes.readCount, tree.processes.listingCount)
    }
    let (few, many) = (try reads(of: 10), try reads(of: 100))
    // The three others, and the number that was closed.
    #expect((many.reads - few.reads) / 90 <= 6)
    #expect(many.listings <= 2)
  }

  @Test("I2: closing the oldest of many files for each new one reads as few descriptors")
  func sliding() throws {
    let tree = try TestTree()
    var files = try open(100, in: tree)
    try tree.close(files.removeFirst())
    let (reads, listings) = (tree.processes.readCount, tree.processes.listingCount)
    for number in 0..<50 {
      let file = try tree.create("incoming/new\(number)")
      try tree.write(file, "new \(number)")
      files.append(file)
      try tree.close(files.removeFirst())
      #expect(try tree.blobCount() == number + 2)
    }
    #expect((tree.processes.readCount - reads) / 50 <= 10)
    #expect(tree.processes.listingCount == listings)
  }

  @Test("I2: a socket that became a duplicate of the file keeps a close from publishing")
  func replacedSocket() throws {
    let tree = try TestTree()
    let socket = tree.processes.addDescriptor(.other, of: .opener)
    let files = try open(3, in: tree)
    try tree.close(files[0])
    tree.processes.setDescriptor(socket, .writing(files[1].inode), of: .opener)
    tree.processes.setDescriptor(socket + 2, .closed, of: .opener)
    try tree.flush(files[1])
    #expect(try !tree.isStored("1"))
    tree.processes.setDescriptor(socket, .other, of: .opener)
    try tree.flush(files[1])
    #expect(try tree.isStored("1"))
  }

  @Test("I2: a duplicate that replaced another thread's file is found before the close of that file arrives")
  func threads() throws {
    let tree = try TestTree()
    let files = try open(3, in: tree)
    try tree.close(files[0])
    tree.processes.setHasThreads(true)
    let number = try #require(
      tree.processes.descriptors(of: .opener).first { $0.value == .writing(files[1].inode) }?.key)
    tree.processes.setDescriptor(number, .writing(files[2].inode), of: .opener)
    try tree.close(files[2])
    #expect(try !tree.isStored("2"))
    try tree.flush(files[1])
    #expect(try tree.isStored("1"))
  }

  @Test("I2: a descriptor of another file that became a duplicate of the file keeps a close from publishing")
  func replacedFile() throws {
    let tree = try TestTree()
    let files = try open(3, in: tree)
    try tree.close(files[0])
    let number = try #require(
      tree.processes.descriptors(of: .opener).first { $0.value == .writing(files[1].inode) }?.key)
    // dup2(2) changes the table before it closes what was there.
    tree.processes.setDescriptor(number, .writing(files[2].inode), of: .opener)
    try tree.flush(files[1])
    #expect(try tree.isStored("1"))
    try tree.close(files[2])
    #expect(try !tree.isStored("2"))
    try tree.close(files[2])
    #expect(try tree.isStored("2"))
  }

  @Test("I2: closes need no number of descriptors from the system")
  func oldSystem() throws {
    let tree = try TestTree()
    tree.processes.setTellsCount(false)
    let files = try open(20, in: tree)
    tree.duplicate(files[7])
    for (number, file) in files.enumerated() {
      try tree.close(file)
      #expect(try tree.isStored("\(number)") == (number != 7))
    }
    try tree.close(files[7])
    #expect(try tree.isStored("7"))
    // Each descriptor is read when it is found, and once more after its close.
    #expect(tree.processes.readCount <= 50)
  }

  @Test("I2: a process with 10,000 other descriptors has its last close found")
  func manyOthers() throws {
    let tree = try TestTree()
    let files = try open(2, in: tree)
    for number in 100..<10_100 { tree.processes.setDescriptor(Int32(number), .other, of: .opener) }
    tree.duplicate(files[1])
    try tree.close(files[0])
    try tree.close(files[1])
    #expect(try tree.isStored("0"))
    #expect(try !tree.isStored("1"))
    try tree.close(files[1])
    #expect(try tree.isStored("1"))
  }

  @Test("I2: nothing is remembered of a process without open files")
  func forgotten() throws {
    let tree = try TestTree()
    let files = try open(10, in: tree)
    let received = try tree.create("incoming/g", by: .other)
    // As received through a socket.
    tree.processes.addDescriptor(.writing(received.inode), of: .opener)
    for file in files { try tree.close(file) }
    #expect(tree.tree.shared.descriptorTables.count == 1)
    tree.processes.addDescriptors(-2, of: .opener, inode: received.inode)
    for file in files { try tree.release(file) }
    try tree.release(received)
    #expect(tree.tree.shared.descriptorTables.count == 0)
  }

  @Test("I2: descriptors change at random, and every close is judged as by reading all of them", arguments: 1...20)
  func model(seed: UInt64) throws {
    var random = SeededGenerator(seed)
    let processes = SimulatedProcesses()
    if seed % 4 == 0 { processes.setTellsCount(false) }
    let cache = DescriptorTableCache(processes)
    let inodes: [UInt64] = [1001, 1002, 1003, 1004]
    // The last is a file of another mount.
    for inode in inodes.dropLast() { cache.didOpen(inode) }
    func replace(_ number: Int32, by use: DescriptorUse) {
      let old = processes.descriptors(of: .opener)[number]
      processes.setDescriptor(number, use, of: .opener)
      guard case .writing(let inode)? = old, inode != inodes.last else { return }
      let context = RequestContext(user: 0, group: 0, thread: .opener, descriptorTable: 1)
      cache.didClose(inode, context)
      let isLeft = processes.descriptors(of: .opener).values.contains(.writing(inode))
      #expect(cache.closesLast(of: .opener, inode: inode, context) == !isLeft)
    }
    for _ in 0..<400 {
      let use: DescriptorUse =
        switch Int.random(in: 0..<5, using: &random) {
        case 0: .closed
        case 1: .other
        default: .writing(inodes.randomElement(using: &random) ?? 0)
        }
      replace(Int32.random(in: 0..<12, using: &random), by: use)
    }
  }
}
