import TestSupport
import Testing

/// Registries with a habit of `Server/habits.py`, through a mount.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3"))) struct HabitTests {
  @Test("N4: a mount reads and writes in a registry with a habit")
  func mounted() throws {
    try ScriptedMount().run("Habit/mounted.sh")
  }
}
