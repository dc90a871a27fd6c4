import Glibc

/// `ctr content ingest`, which hands content to containerd.
enum Containerd {
  /// Starts a daemon of its own, waits for it, and prints how many seconds the ingest takes.
  ///
  /// All of its processes end with the script, however that ends.
  private static let script = """
    root=$1 source=$2
    rm -rf "$root" && mkdir -p "$root"
    setpriv --pdeathsig KILL containerd --config /dev/null --root "$root/root" --state "$root/state" \
    --address "$root/socket" >/dev/null 2>&1 &
    trap 'exit 1' INT TERM
    trap 'kill $!; wait; rm -rf "$root"; sync' EXIT
    tries=0
    until ctr --address "$root/socket" version >/dev/null 2>&1; do
      tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.1
    done
    sync
    start=$(date +%s%N)
    ctr --address "$root/socket" content ingest benchmark <"$source" >/dev/null || exit 1
    echo $(($(date +%s%N) - start))
    """

  /// Ingests a big file; `nil` without containerd or without `--peers`.
  static func contender(_ setting: Setting, _ source: BigSource) throws -> Contender? {
    guard setting.hasPeers, geteuid() == 0, Program.find("containerd") != nil, Program.find("ctr") != nil else {
      return nil
    }
    let root = setting.workspace.path + "/containerd"
    return Contender(name: "ctr content ingest") {
      try source.renew()
      let output = try Program.output(of: ["sh", "-c", script, "sh", root, source.path], in: setting.workspace)
      guard let nanoseconds = Double(output.split(separator: "\n").last ?? "") else {
        throw Failure("ctr content ingest: it printed no time")
      }
      return nanoseconds / 1e9
    }
  }
}
