import Testing

@testable import CAS

/// ``GenerationalMap``: a dictionary in bounded memory.
struct GenerationalMapTests {
  @Test("an entry is dropped after two rotations, and one that is inserted again is not")
  func drops() {
    var map = GenerationalMap<Int, String>(generationSize: 2)
    for key in 0..<4 { map.insert("\(key)", for: key) }
    #expect((0..<4).allSatisfy { map[$0] == "\($0)" })
    map.insert("again", for: 0)
    #expect(map[0] == "again")
    #expect(map[1] == nil)
    #expect(map[2] == "2")
    map.insert("5", for: 5)
    map.insert("6", for: 6)
    #expect(map[0] == "again")
    #expect(map[2] == nil)
  }

  @Test("at most two generations are kept, whatever is inserted")
  func isBounded() {
    var map = GenerationalMap<Int, Int>(generationSize: 8)
    for key in 0..<1000 {
      map.insert(key, for: key)
      #expect(map[key] == key)
    }
    #expect((0..<1000).filter { map[$0] != nil }.count <= 16)
  }

  @Test("a removed key is absent from both generations")
  func removes() {
    var map = GenerationalMap<Int, Int>(generationSize: 1)
    map.insert(1, for: 1)
    map.insert(2, for: 2)
    map.insert(1, for: 1)
    map.remove(1)
    #expect(map[1] == nil)
    #expect(map[2] == 2)
  }

  @Test("a rotation returns the values that it drops")
  func returnsDropped() {
    var map = GenerationalMap<Int, Int>(generationSize: 2)
    #expect(map.insert(10, for: 1).isEmpty)
    #expect(map.rotate().isEmpty)
    #expect(map[1] == 10)
    #expect(map.rotate() == [10])
    #expect(map[1] == nil)
  }

  @Test("an entry is old after a rotation, until it is inserted again")
  func ages() {
    var map = GenerationalMap<Int, Int>(generationSize: 2)
    map.insert(10, for: 1)
    #expect(!map.isOld(1) && !map.isOld(2))
    map.rotate()
    #expect(map.isOld(1))
    map.insert(10, for: 1)
    #expect(!map.isOld(1))
  }
}
