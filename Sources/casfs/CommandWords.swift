import ArgumentParser
import CASPlatform

/// The words of a command line, put into the form that the parser reads.
struct CommandWords {
  let words: [String]

  /// Adds what users and other programs leave out.
  ///
  /// - Throws: a `ValidationError` for `help` of a command that does not exist.
  init(_ arguments: [String]) throws {
    if arguments.first == "help" { try Self.checkCommands(arguments.dropFirst()) }
    words = Self.separatingOptions(Self.withVerb(arguments))
  }

  /// Inserts the verb `mount` where mount(8) and mount.fuse3 omit it: `casfs STORE DIR [-o OPTIONS]`.
  private static func withVerb(_ arguments: [String]) -> [String] {
    guard arguments.count >= 2, !arguments.prefix(2).contains(where: { $0.hasPrefix("-") }) else { return arguments }
    let isVerb = subcommand(arguments[0], of: Casfs.self) != nil || arguments[0] == "help"
    let isMount =
      if arguments.count == 2 {
        // A mistyped command is not a store.
        !isVerb && isStore(arguments[0])
      } else {
        // The name of a store may be that of a command, but `mount STORE -o OPTIONS DIR` has its verb.
        arguments.count >= 4 && arguments[2] == "-o" && (arguments.count == 4 || !isVerb)
      }
    return isMount ? ["mount"] + arguments : arguments
  }

  /// Whether a word has the form of a store, or is the path of one.
  private static func isStore(_ word: String) -> Bool {
    word.utf8.contains(UInt8(ascii: "/")) || word.utf8.contains(UInt8(ascii: ":"))
      || (try? PathQuery.absolute(word)) != nil
  }

  /// Splits `-oWORDS` into `-o WORDS`, as mount(8) allows. The parser would treat a `=` in the words as its own.
  private static func separatingOptions(_ arguments: [String]) -> [String] {
    guard arguments.first == "mount" else { return arguments }
    let end = arguments.firstIndex(of: "--") ?? arguments.count
    let separated = arguments[..<end].flatMap { argument in
      argument.hasPrefix("-o") && argument.utf8.count > 2 ? ["-o", String(argument.dropFirst(2))] : [argument]
    }
    return separated + arguments[end...]
  }

  private static func checkCommands(_ words: ArraySlice<String>) throws {
    if words.elementsEqual(["help"]) { return }
    var command: any ParsableCommand.Type = Casfs.self
    for word in words where !word.hasPrefix("-") {
      guard let next = subcommand(word, of: command) else { throw ValidationError("unknown command '\(word)'") }
      command = next
    }
  }

  private static func subcommand(
    _ name: String, of command: any ParsableCommand.Type
  ) -> (any ParsableCommand.Type)? {
    command.configuration.subcommands.first { $0._commandName == name }
  }
}
