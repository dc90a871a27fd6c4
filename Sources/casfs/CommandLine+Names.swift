import Glibc
import StoreTree

extension CommandLine {
  /// The arguments after the name of the program. Those of `image` are names of files, whose bytes need not be UTF-8, in the
  /// form of `NameText`; `arguments` replaces such bytes.
  static var words: [String] {
    let words = Array(arguments.dropFirst())
    guard words.first == "image" else { return words }
    return (1..<arguments.count).map { (index) in
      guard let word = unsafe unsafeArgv[index] else { return "" }
      return NameText.text(ofAny: unsafe Array(UnsafeRawBufferPointer(start: word, count: strlen(word))))
    }
  }
}
