/// A table of a settings file, with the lines of the file where its settings are.
struct SettingTable {
  var values: [String: Setting] = [:]
  /// The line of the definition, from 1.
  var line: Int
}

/// A value of a settings file.
struct Setting {
  indirect enum Content {
    case string(String)
    case boolean(Bool)
    /// A number, a date or a time, which no setting here is.
    case other
    case array([Setting])
    case table(SettingTable)
  }

  var content: Content
  /// The line of the value, from 1. A value within another one has the line of that one, unless it is an element of an
  /// array.
  var line: Int
}
