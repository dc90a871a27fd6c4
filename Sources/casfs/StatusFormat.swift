import ArgumentParser

/// The form of the output of `casfs status`.
enum StatusFormat: String, CaseIterable, ExpressibleByArgument {
  case text
  case json
  case openmetrics
}
