import TestSupport
import Testing

/// Commands of which one system call after the other fails, on a store with what they need.
@Suite(.needs(.tools("strace"))) struct SyscallFaultTests {
  /// Those that change references, in both layouts.
  private static let cases =
    CommandKillTests.scenes.map { ($0, "index") }
    + CommandKillTests.scenes.filter { $0.command.contains(" ref ") }.map { ($0, "refs") }

  @Test(
    "E4 E10 E12 E15 C1 D3 D4: whatever call fails, the command says so or does it all, and leaves and loses nothing",
    arguments: cases)
  func fails(scene: CommandKillTests.Scene, layout: String) throws {
    let outcome = try ScriptedMount().check(
      KillScript.kill + CommandKillTests.template(scene, layout)
        + #"""
        errors=(ENOSPC EIO EDQUOT EMFILE)
        texts=('No space left on device' 'Input/output error' 'Disk quota exceeded' 'Too many open files')
        tries=0 failures=0
        while read -r call count <&5; do
          for ((n = 1; n <= count; n++)); do
            tries=$((tries + 1)); error=${errors[tries % 4]} text=${texts[tries % 4]} status=0
            again
            strace -f -qq -o trace -e trace=$call -e inject=$call:error=$error:when=$n "${act[@]}" \
              >out 2>err || status=$?
            grep -q INJECTED trace || continue
            if [ $status != 0 ]; then
              failures=$((failures + 1))
              is "$call $n $error: $status $(wc -l <err)" "$call $n $error: 1 1"
              case $(cat err) in 'casfs: '*": $text"*) ;; *) fail "$call $n $error: $(cat err)" ;; esac
              [ $call = write ] || is "$(wc -c <out)" 0
            fi
            # Without any cleaning, unless it was that which failed.
            left=$(find $store | sed -E "s|^$store||" | grep -vE "$ours" || true)
            case "$call ${act[*]}" in unlinkat* | *' clean '*) ;; *) is "$call $n: $left" "$call $n: " ;; esac
            flaw=\#(scene.flaw); audit "$call $n $error"; flaw=
            (\#(scene.again)) >said 2>&1 || fail "again after $call $n $error: $(cat said)"
          done
        done 5<counts
        [ $failures -ge 3 ] || fail "$failures of $tries failed"
        echo "$failures of $tries failed"
        """#, seconds: 240)
    print("\(scene.testDescription), \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("E14: every call that a signal interrupts is made again", arguments: CommandKillTests.scenes)
  func interrupted(scene: CommandKillTests.Scene) throws {
    try ScriptedMount().check(
      KillScript.kill + CommandKillTests.template(scene, "index")
        + #"""
        interrupted=0
        while read -r call count <&5; do
          again
          strace -f -qq -o trace -e trace=$call -e inject=$call:error=EINTR:when=1+2 "${act[@]}" >out 2>err \
            || fail "$call: $(cat err)"
          interrupted=$((interrupted + $(grep -c INJECTED trace || true)))
          audit $call
        done 5<counts
        [ $interrupted -ge 3 ]
        """#, seconds: 120)
  }
}
