import Foundation
public import Testing
extension ScriptedMount {
  @discardableResult
  public func check(_ script: String, seconds: Int = 60, sourceLocation: SourceLocation = #_sourceLocation) throws -> CommandOutcome {
    let words = "is() { assert_eq \"$@\"; }; refused() { assert_fails \"$@\"; }; sound() { assert_fsck_clean; }; gone() { has_exited $1; }; committed() { assert_committed \"$@\"; }; blobs() { assert_blob_count $1; }; absent() { assert_absent \"$1\"; }; hex() { sha256 \"$1\"; }; server() { daemon_pid; }; takeDown() { stop_jobs; }\n"
    return try runLine("cp \"$(command -v helpers.bash || echo \(Project.folder.path)/Tests/TestSupport/Scripts/helpers.bash)\" prelude; cat >>prelude <<'EOPRE'\n\(words)EOPRE\n. ./prelude\n" + script, seconds: seconds, sourceLocation: sourceLocation)
  }
}
