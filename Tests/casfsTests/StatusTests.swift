import Foundation
import TestSupport
import Testing

/// `casfs status` as metrics, and its list of all mounts.
@Suite struct StatusTests {

  @Test("P3: the metrics of a mount are OpenMetrics, with all counters and escaped labels", .needs(.fuse))
  func metrics() throws {
    let mounted = try ScriptedMount()
    let text = try mounted.run("Status/metrics.sh").text
    let parser = try OpenMetricsParser(text)
    let directory = mounted.path + "/a \"b\"\\c\nd"
    #expect(parser.value("casfs_up", directory) == 1)
    #expect(parser.value("casfs_mount", directory) == 1)
    #expect(parser.value("casfs_read_only", directory) == 0)
    #expect(parser.value("casfs_commits", directory) == 1)
    #expect(parser.value("casfs_written_bytes", directory) == 6)
    #expect(parser.types["casfs_written_bytes"] == "counter" && parser.units["casfs_written_bytes"] == "bytes")
    let labels = try #require(parser.samples.first { $0.family == "casfs_mount" }?.labels)
    #expect(labels["store"] == "dir:\(mounted.store)" && labels["driver"] == "dir")
    #expect(Set(labels.keys) == ["directory", "store", "driver", "version", "verify", "read_mode"])
    // Every counter of the JSON output is a metric.
    let json = try Data(contentsOf: URL(filePath: mounted.path + "/json"))
    let status = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    let counters = try #require(status["counters"] as? [String: Any])
    #expect(status["restarts"] as? Int == 0 && parser.value("casfs_restarts", directory) == 0)
    let families = parser.types.filter { $0.value == "counter" }.keys
    #expect(families.filter { $0 != "casfs_restarts" }.count == counters.count)
  }

  @Test("P3: without mounts the list is empty, and the metrics are their end", .needs(.root, .tools("unshare")))
  func empty() throws {
    try ScriptedMount().run("Status/empty.sh")
  }

  @Test(
    "P3: the list has every mount with its state, and a daemon that does not answer does not hang it",
    .needs(.fuse, .root, .tools("unshare", "jq", "setpriv")))
  func list() throws {
    let mounted = try ScriptedMount()
    try mounted.run("Status/list.sh")
    let text = try String(contentsOfFile: mounted.path + "/metrics", encoding: .utf8)
    let parser = try OpenMetricsParser(text)
    #expect(parser.value("casfs_up", mounted.path + "/serving") == 1)
    #expect(parser.value("casfs_commits", mounted.path + "/serving") == 0)
    for name in ["hung", "dead", "covered"] {
      #expect(parser.value("casfs_up", mounted.path + "/" + name) == 0, "\(name): \(text)")
      #expect(parser.value("casfs_commits", mounted.path + "/" + name) == nil)
    }
  }

  @Test("P3: two forms of output are wrong usage")
  func forms() throws {
    for arguments in [["--json", "--format", "text"], ["--json", "--format", "openmetrics"], ["--format", "xml"]] {
      let outcome = try Casfs.run(["status"] + arguments)
      #expect(outcome.status == 64 && outcome.errors.isOneLine, "\(outcome.errors)")
    }
  }
}
