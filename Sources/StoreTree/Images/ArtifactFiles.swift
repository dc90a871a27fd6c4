import OCI

/// The files of an artifact: the tree of the paths that its layers have.
///
/// It needs memory in proportion to the length of the manifest, which is bounded, as are the depth of paths and the text
/// about what is wrong.
struct ArtifactFiles: Sendable {
  /// A file or a directory. Directories are lists of their entries.
  struct Entry: Sendable {
    let name: FileName
    /// The number of the layer that a file stands for; `nil` for a directory.
    let layer: Int?
    fileprivate var firstChild: Int?
    fileprivate var lastChild: Int?
    fileprivate var next: Int?
  }

  private struct Place: Hashable {
    var directory: Int
    var name: FileName
  }

  /// The position of the directory `files` itself.
  static let root = 0
  /// The most lines about paths that are left out or renamed.
  private static let maximumProblems = 32
  /// The most bytes of a path in such a line.
  private static let maximumPathLength = 256

  private var entries = [Entry(name: FileName(""), layer: nil)]
  private var positions: [Place: Int] = [:]
  /// The directories that stand for names which are files.
  private var substitutes: [Place: Int] = [:]
  /// The last number that was given to a name that is taken.
  private var numbers: [Place: Int] = [:]
  private var problems: [String] = []
  private var problemCount = 0

  init(_ manifest: Manifest) {
    for (number, layer) in manifest.layers.enumerated() {
      guard let path = ArtifactFileName.path(of: layer, in: manifest) else { continue }
      do throws(InvalidValue) {
        let names = try ArtifactFileName.names(in: path)
        let shown = try add(names, layer: number)
        if let shown { report(number, "shown as \(Self.shortened(shown))", path) }
      } catch {
        report(number, "left out, \(error.reason)", path)
      }
    }
    substitutes = [:]
    numbers = [:]
  }

  /// The paths that are left out or have other names, one on each line; `nil` if there are none.
  var problem: String? {
    guard problemCount > 0 else { return nil }
    let rest = problemCount - problems.count
    return (problems + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
  }

  /// The position of an entry of a directory; `nil` if there is none of this name.
  func position(of name: FileName, in directory: Int) -> Int? { positions[Place(directory: directory, name: name)] }

  subscript(position: Int) -> Entry { entries[position] }

  /// The entries of a directory, in the order of the layers.
  func children(of directory: Int) -> [Entry] {
    var children: [Entry] = []
    var position = entries[directory].firstChild
    while let child = position {
      children.append(entries[child])
      position = entries[child].next
    }
    return children
  }

  /// Adds the file of a layer.
  ///
  /// - Returns: its path, if a name in it is another because it was taken; `nil` otherwise.
  private mutating func add(_ names: [FileName], layer: Int) throws(InvalidValue) -> String? {
    var directory = Self.root
    var shown: [FileName] = []
    for name in names.dropLast() {
      directory = try self.directory(name, in: directory)
      shown.append(entries[directory].name)
    }
    guard let last = names.last else { return nil }
    let place = Place(directory: directory, name: last)
    let name = positions[place] == nil ? last : try freeName(place)
    insert(name, in: directory, layer: layer)
    shown.append(name)
    return shown == names ? nil : shown.map(\.text).joined(separator: "/")
  }

  private mutating func directory(_ name: FileName, in parent: Int) throws(InvalidValue) -> Int {
    let place = Place(directory: parent, name: name)
    guard let position = positions[place] else { return insert(name, in: parent, layer: nil) }
    if entries[position].layer == nil { return position }
    if let known = substitutes[place] { return known }
    let made = insert(try freeName(place), in: parent, layer: nil)
    substitutes[place] = made
    return made
  }

  /// A name for an entry whose own is taken: `NAME~2`, or with the next number that is free.
  private mutating func freeName(_ place: Place) throws(InvalidValue) -> FileName {
    var number = numbers[place] ?? 1
    while true {
      number += 1
      let name = FileName("\(place.name.text)~\(number)")
      guard NameText.length(of: name.text) <= FileName.maximumLength else { throw InvalidValue("name is taken") }
      if positions[Place(directory: place.directory, name: name)] == nil {
        numbers[place] = number
        return name
      }
    }
  }

  @discardableResult
  private mutating func insert(_ name: FileName, in directory: Int, layer: Int?) -> Int {
    let position = entries.count
    entries.append(Entry(name: name, layer: layer))
    if let last = entries[directory].lastChild {
      entries[last].next = position
    } else {
      entries[directory].firstChild = position
    }
    entries[directory].lastChild = position
    positions[Place(directory: directory, name: name)] = position
    return position
  }

  private mutating func report(_ layer: Int, _ reason: String, _ path: String) {
    problemCount += 1
    guard problems.count < Self.maximumProblems else { return }
    problems.append("layer \(layer): \(reason): \(Self.shortened(path))")
  }

  /// A path as part of a line, without control characters.
  private static func shortened(_ path: String) -> String {
    var text = String.UnicodeScalarView()
    var length = 0
    for scalar in path.unicodeScalars {
      length += UTF8.width(scalar)
      if length > maximumPathLength { return String(text) + "…" }
      text.append(scalar.properties.generalCategory == .control ? "?" : scalar)
    }
    return String(text)
  }
}
