import TestSupport
import Testing

/// System calls that fail: strace(1) lets them, once.
@Suite(.needs(.tools("strace"))) struct FaultTests {
  /// A call, its errno, and what it means.
  struct Fault: Sendable, CustomTestStringConvertible {
    var call: String
    var error: String
    var message: String

    var testDescription: String { "\(call) \(error)" }
  }

  private static let ioError = "Input/output error"

  static let faults = [
    Fault(call: "pwrite64", error: "ENOSPC", message: "No space left on device"),
    Fault(call: "pwrite64", error: "EDQUOT", message: "Disk quota exceeded"),
    Fault(call: "pwrite64", error: "EIO", message: ioError),
    Fault(call: "fsync", error: "EIO", message: ioError),
    Fault(call: "fsync", error: "ENOSPC", message: "No space left on device"),
    Fault(call: "linkat", error: "EIO", message: ioError),
    Fault(call: "linkat", error: "EMLINK", message: "Too many links"),
    Fault(call: "fchmod", error: "EIO", message: ioError),
    Fault(call: "openat2", error: "EMFILE", message: "Too many open files"),
    Fault(call: "openat2", error: "ENFILE", message: "Too many open files in system"),
  ]

  @Test("E4 E15 C1 D3: a call that fails is the command's error, and leaves nothing behind", arguments: faults)
  func commands(fault: Fault) throws {
    try ScriptedMount().check(
      #"""
      call=\#(fault.call) error=\#(fault.error) message='\#(fault.message)'
      "$casfs" create $store; seq 100000 >a; seq 9 >b
      "$casfs" blob put $store b
      find $store | sort >before
      failures=0
      # Each such call of the command in turn.
      for n in {1..20}; do
        status=0
        strace -f -qq -o trace -e trace=$call -e inject=$call:error=$error:when=$n "$casfs" blob put $store a \
          >out 2>err || status=$?
        if ! grep -q INJECTED trace; then is $status 0; break; fi
        failures=$((failures + 1))
        is "$n: $status $(wc -l <err) $(wc -c <out)" "$n: 1 1 0"
        case $(cat err) in 'casfs: '*": $message") ;; *) fail "said: $(cat err)" ;; esac
        # One that has its name but may not be durable is no residue: it is whole, and putting it again heals that.
        "$casfs" blob rm $store sha256:$(hex a)
        find $store | sort | cmp before
      done
      [ $failures -ge 1 ] || fail 'it never failed'
      "$casfs" fsck $store; blobs 2
      """#)
  }

  @Test(
    "D4 E15: a call that fails while a tag is put is the command's error, and changes nothing",
    arguments: [
      ("pwrite64", "ENOSPC", "No space left on device"), ("fsync", "EIO", "Input/output error"),
      ("renameat,renameat2", "EIO", "Input/output error"),
    ], ["index", "refs"])
  func references(fault: (call: String, error: String, message: String), layout: String) throws {
    try ScriptedMount().check(
      #"""
      call=\#(fault.call) error=\#(fault.error) message='\#(fault.message)'
      "$casfs" create --layout \#(layout) $store; seq 9 >a; "$casfs" blob put $store a
      digest=sha256:$(hex a)
      "$casfs" ref put $store other $digest; find $store | sort >before
      failures=0
      for n in {1..9}; do
        status=0
        strace -f -qq -o trace -e trace=$call -e inject=$call:error=$error:when=$n "$casfs" ref put $store t $digest \
          >out 2>err || status=$?
        if ! grep -q INJECTED trace; then is $status 0; break; fi
        failures=$((failures + 1))
        is "$n: $status $(wc -l <err)" "$n: 1 1"
        case $(cat err) in 'casfs: '*": $message") ;; *) fail "said: $(cat err)" ;; esac
        "$casfs" ref rm $store t
        find $store | sort | cmp before
        is "$("$casfs" ref ls $store)" other
      done
      [ $failures -ge 1 ] || fail 'it never failed'
      "$casfs" fsck $store
      """#)
  }

  @Test("E14: calls that signals interrupt are made again", arguments: ["pwrite64", "fsync", "linkat", "openat2"])
  func interrupted(call: String) throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store; seq 100000 >a
      strace -f -qq -o trace -e trace=\#(call) -e inject=\#(call):error=EINTR:when=1..50+2 "$casfs" blob put $store a
      grep -q INJECTED trace
      blobs 1; "$casfs" fsck $store
      """#)
  }

  @Test("E11 E15 C1 D8: a directory that cannot be read ends gc, ls and fsck with an error, and nothing is removed")
  func unreadable() throws {
    try ScriptedMount().check(
      #"""
      "$casfs" create $store; for i in {1..5}; do echo $i >a; "$casfs" blob put $store a; done
      for command in 'gc --grace 0' 'blob ls' fsck; do
        refused 'Input/output error' strace -f -qq -o trace -e trace=getdents64 -e inject=getdents64:error=EIO \
          "$casfs" $command $store
      done
      blobs 5
      """#)
  }
}
