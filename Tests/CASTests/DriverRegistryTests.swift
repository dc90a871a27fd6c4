import CAS
import CASDirectory
import CASMemory
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite(.boundedInTime)
struct DriverRegistryTests {
  /// A driver of one scheme without stores; the subject of its errors is its name.
  private struct AbsentDriver: Driver {
    let name: String
    let scheme: String

    func supports(_ uri: String) -> Bool { uri.hasPrefix(scheme) }

    func open(_ uri: String, options: OpenOptions) throws(CASError) -> any Engine {
      throw CASError.notFound(OperationContext("open store", on: name))
    }

    func create(_ uri: String, options: CreateOptions) throws(CASError) -> any Engine {
      throw CASError.clobber(OperationContext("create store", on: name))
    }
  }

  @Test("E1: threads register and look up drivers concurrently")
  func concurrentRegistration() throws {
    let registry = DriverRegistry()
    try onThreads(4) { (thread) in
      for number in 0..<250 {
        let name = "driver-\(thread)-\(number);"
        registry.register(AbsentDriver(name: name, scheme: name))
        let error = failure { () throws(CASError) in try registry.open(name) }
        #expect(error?.subject == name)
      }
    }
    for thread in 0..<4 {
      for number in 0..<250 {
        let name = "driver-\(thread)-\(number);"
        #expect(failure { () throws(CASError) in try registry.create(name) }?.subject == name)
      }
    }
  }

  @Test("E1: the driver registered first wins a URI that two support")
  func firstWins() {
    let registry = DriverRegistry([AbsentDriver(name: "first", scheme: "x:")])
    registry.register(AbsentDriver(name: "second", scheme: "x:"))
    registry.register(AbsentDriver(name: "third", scheme: ""))
    #expect(failure { () throws(CASError) in try registry.open("x:1") }?.subject == "first")
    #expect(failure { () throws(CASError) in try registry.create("x:1") }?.subject == "first")
    #expect(failure { () throws(CASError) in try registry.open("y:1") }?.subject == "third")
  }

  @Test("E2: the error for an unsupported URI names it and the registered drivers")
  func unsupported() {
    let registry = DriverRegistry([MemoryDriver(), DirectoryDriver()])
    for error in [
      failure({ () throws(CASError) in try registry.open("docker://alpine") }),
      failure({ () throws(CASError) in try registry.create("docker://alpine") }),
    ] {
      #expect(error?.code == .notImplemented)
      for part in ["docker://alpine", "mem", "dir"] { #expect(error?.description.contains(part) == true) }
    }
    #expect(failure { () throws(CASError) in try DriverRegistry().open("mem:") }?.code == .notImplemented)
  }

  @Test("E2: a created store is opened by its URI, and not created again", arguments: StoreKind.all)
  func createAndOpen(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let registry = DriverRegistry([kind.driver])
      let address = try store.engine.putBlob(Array("shared".utf8))
      let other = try registry.open(store.uri)
      #expect(try other.blobInfo(address.digest).size == 6)
      #expect(try kind.driver.open(other.uri, options: OpenOptions()).blobInfo(address.digest).size == 6)
      #expect(other.driverName == kind.driver.name)
      #expect(failure { () throws(CASError) in try registry.create(store.uri) }?.code == .clobber)
      #expect(try store.digests() == [address.digest])
      #expect(failure { () throws(CASError) in try registry.open(store.uri + "-absent") }?.code == .notFound)
    }
  }

  @Test("E3: support is decided by the URI alone")
  func supports() throws {
    let memory = MemoryDriver()
    for uri in ["mem:", "mem:absent", "mem:a/b"] { #expect(memory.supports(uri)) }
    for uri in ["", "mem", "memory:x", "MEM:x", "dir:x", "/mem:", "x"] { #expect(!memory.supports(uri)) }
    let directory = DirectoryDriver()
    for uri in ["dir:/absent", "/absent", "relative", "./a:b", "/dev/null", "."] { #expect(directory.supports(uri)) }
    for uri in ["mem:x", "docker://x", "oci:x"] { #expect(!directory.supports(uri)) }
  }

  @Test("mem: without a name is a new store that cannot be opened again")
  func privateStores() throws {
    let driver = MemoryDriver()
    let first = try driver.create("mem:", options: CreateOptions())
    let second = try driver.create("mem:", options: CreateOptions())
    let address = try first.putBlob([1])
    #expect(failure { () throws(CASError) in try second.blobInfo(address.digest) }?.code == .notFound)
    #expect(failure { () throws(CASError) in try driver.open("mem:", options: OpenOptions()) }?.code == .notFound)
    #expect(failure { () throws(CASError) in try driver.open("dir:x", options: OpenOptions()) }?.code == .invalid)
  }

  @Test("mem:NAME survives the end of its engines")
  func namedStore() throws {
    let uri = "mem:\(UUID().uuidString)"
    let first = try MemoryDriver().create(uri, options: CreateOptions())
    let address = try first.putBlob([1])
    first.close()
    let second = try MemoryDriver().open(uri, options: OpenOptions())
    #expect(try second.blobContents(address.digest, limit: 1) == [1])
    #expect(failure { () throws(CASError) in try first.blobInfo(address.digest) }?.code == .closed)
  }

  @Test("A store opened read-only rejects changes and serves everything", arguments: StoreKind.all)
  func readOnly(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let address = try store.engine.putBlob([1, 2, 3])
      let name = try ReferenceName("a")
      try store.engine.putReference(Descriptor.sample(1), named: name)
      let engine = try store.reopen(OpenOptions(isReadOnly: true))
      #expect(!engine.isWritable && store.engine.isWritable)
      let tag = try Descriptor.sample(2)
      let failures = [
        failure { () throws(CASError) in try engine.putBlob([4]) },
        failure { () throws(CASError) in try engine.deleteBlob(address.digest) },
        failure { () throws(CASError) in try engine.putReference(tag, named: name) },
        failure { () throws(CASError) in try engine.deleteReference(named: name) },
        failure { () throws(CASError) in try engine.clean() },
      ]
      for error in failures { #expect(error?.code.errno == .readOnlyFileSystem) }
      #expect(try engine.blobContents(address.digest, limit: 3) == [1, 2, 3])
      #expect(try engine.reference(named: name) == Descriptor.sample(1))
    }
  }
}
