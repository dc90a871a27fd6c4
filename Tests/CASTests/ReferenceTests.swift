import CAS
import OCI
import Synchronization
import TestSupport
import Testing

@Suite(.boundedInTime)
struct ReferenceTests {
  @Test("E8: putting the same descriptor again succeeds, a different one is clobber", arguments: StoreKind.all)
  func put(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let name = try ReferenceName("docker.io/library/alpine:3.20")
      let first = try Descriptor.sample(1)
      let second = try Descriptor.sample(2)
      for _ in 0..<2 { try store.engine.putReference(first, named: name) }
      let error = failure { () throws(CASError) in try store.engine.putReference(second, named: name) }
      #expect(error?.code == .clobber)
      #expect(error?.description.contains(name.description) == true)
      #expect(try store.reopen().reference(named: name) == first)
      try store.engine.putReference(second, named: name, replacing: true, cancellation: .none)
      #expect(try store.reopen().reference(named: name) == second)
      #expect(try store.engine.listReferences() == [Reference(name: name, descriptor: second)])
    }
  }

  @Test("E8: descriptors are compared by meaning, the name annotation aside", arguments: StoreKind.all)
  func meaning(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let name = try ReferenceName("a")
      let key = Descriptor.referenceNameKey
      let put = try Descriptor.parsed(
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"2"},"new":[1]}"#)
      try store.engine.putReference(put, named: name)
      for same in [
        #"{"new":[1],"annotations":{"y":"2","x":"1"},"size":1,"digest":"DIGEST","mediaType":"a/b"}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"2","\#(key)":"z"},"new":[1]}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"2"},"new":[1],"urls":null}"#,
      ] {
        try store.engine.putReference(Descriptor.parsed(same), named: name)
      }
      for other in [
        #"{"mediaType":"a/c","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"2"},"new":[1]}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":2,"annotations":{"x":"1","y":"2"},"new":[1]}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"3"},"new":[1]}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1"},"new":[1]}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"2"},"new":[2]}"#,
        #"{"mediaType":"a/b","digest":"DIGEST","size":1,"annotations":{"x":"1","y":"2"}}"#,
      ] {
        let descriptor = try Descriptor.parsed(other)
        let error = failure { () throws(CASError) in try store.engine.putReference(descriptor, named: name) }
        #expect(error?.code == .clobber)
      }
      #expect(try store.engine.reference(named: name) == put)
    }
  }

  @Test("E8: exactly one of racing writers succeeds", arguments: StoreKind.all)
  func race(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let engines = [store.engine, try store.reopen()]
      let rounds = 200
      let threads = 4
      let names = try (0..<rounds).map { try ReferenceName("round-\($0)") }
      let descriptors = try (0..<threads).map { try Descriptor.sample($0) }
      let winners = Mutex([[Int]](repeating: [], count: rounds))
      try onThreads(threads) { (thread) in
        for round in 0..<rounds {
          let error = failure { () throws(CASError) in
            try engines[thread % 2].putReference(descriptors[thread], named: names[round])
          }
          if error == nil {
            winners.withLock { $0[round].append(thread) }
          } else {
            #expect(error?.code == .clobber)
          }
        }
      }
      let result = winners.withLock { $0 }
      for (round, winners) in result.enumerated() {
        try #require(winners.count == 1)
        #expect(try store.engine.reference(named: names[round]) == descriptors[winners[0]])
      }
      #expect(try store.engine.listReferences().count == rounds)
    }
  }

  @Test("E8: concurrent puts of different names lose nothing", arguments: StoreKind.all)
  func noLostUpdate(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let names = try (0..<200).map { try ReferenceName("name-\($0)") }
      let put = try Descriptor.sample(1)
      try onThreads(4) { (thread) in
        for number in stride(from: thread, to: 200, by: 4) {
          let error = failure { () throws(CASError) in
            try store.engine.putReference(put, named: names[number])
            if number % 2 == 1 { try store.engine.deleteReference(named: names[number]) }
          }
          #expect(error == nil)
        }
      }
      let left = try store.engine.listReferences().map(\.name)
      #expect(Set(left) == Set(names.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)))
    }
  }

  @Test("E9: a descriptor is read back with all its members; an absent name is notFound", arguments: StoreKind.sealable)
  func get(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let text =
        #"{"mediaType":"a/b","digest":"DIGEST","size":12,"urls":["u"],"annotations":{"k":"v"},"data":"aGk=","#
        + #""platform":{"os":"linux","architecture":"arm64"},"artifactType":"t/u","x":{"deep":[1.50,null]}}"#
      let put = try Descriptor.parsed(text)
      let name = try ReferenceName("all")
      try store.engine.putReference(put, named: name)
      let store = try store.sealed()
      let got = try store.reopen().reference(named: name)
      #expect(got == put)
      #expect(got.named(nil).description == put.description)
      for absent in ["al", "all2", "All", "all/b"] {
        let absentName = try ReferenceName(absent)
        let error = failure { () throws(CASError) in try store.engine.reference(named: absentName) }
        #expect(error?.code == .notFound)
        #expect(error?.description.contains(absent) == true)
      }
    }
  }

  @Test("E10: deleting a name twice, or an absent one, succeeds", arguments: StoreKind.all)
  func delete(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let name = try ReferenceName("a/b")
      let other = try ReferenceName("a/c")
      try store.engine.putReference(Descriptor.sample(1), named: name)
      try store.engine.putReference(Descriptor.sample(2), named: other)
      for _ in 0..<2 {
        try store.engine.deleteReference(named: name)
        #expect(failure { () throws(CASError) in try store.engine.reference(named: name) }?.code == .notFound)
      }
      try store.engine.deleteReference(named: ReferenceName("never"))
      #expect(try store.engine.listReferences().map(\.name) == [other])
      try store.engine.putReference(Descriptor.sample(3), named: name)
      #expect(try store.engine.reference(named: name) == Descriptor.sample(3))
    }
  }

  @Test("E11: all names are listed once, as in the index", arguments: StoreKind.sealable)
  func list(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let empty = try store.sealed().engine
      #expect(try empty.listReferences().isEmpty)
      #expect(try empty.index().entries.isEmpty)
      let names = try ["latest", "v1.0", "a/b/c:1", "x--y", "Z@1+2_3"].map { try ReferenceName($0) }
      for (number, name) in names.enumerated() { try store.engine.putReference(Descriptor.sample(number), named: name) }
      let store = try store.sealed()
      let listed = try store.reopen().listReferences()
      #expect(listed.map(\.name).sorted() == names.sorted())
      for reference in listed { #expect(try store.engine.reference(named: reference.name) == reference.descriptor) }
      let index = try store.engine.index()
      #expect(index.entries.compactMap(\.name).sorted() == names.sorted())
      #expect(try JSON(parsing: index.content)["schemaVersion"]?.integer == 2)
    }
  }

  @Test(
    "D7: a name outside the grammar is rejected, and nothing changes", arguments: StoreKind.all,
    ["a b", "-a", "a::b", "é", "a%2Fb", "oci-layout "])
  func grammar(_ kind: StoreKind, _ text: String) throws {
    try withStore(kind) { (store) throws in
      let name = try ReferenceName(reading: text)
      let put = try Descriptor.sample(1)
      let error = failure { () throws(CASError) in try store.engine.putReference(put, named: name) }
      #expect(error?.code == .invalid)
      #expect(failure { () throws(CASError) in try store.engine.reference(named: name) }?.code == .notFound)
      #expect(failure { () throws(CASError) in try store.engine.deleteReference(named: name) } == nil)
      #expect(try store.engine.listReferences().isEmpty)
      #expect(failure { () throws(CASError) in try store.reopen() } == nil)
    }
  }
}
