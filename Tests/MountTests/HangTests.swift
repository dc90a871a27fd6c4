import TestSupport
import Testing

/// Requests that take long, or for ever: who waits can be freed, and others do not wait.
@Suite(.needs(.fuse, .root, .tools("strace"))) struct HangTests {
  /// Words for what must not take long.
  private static let words = #"""
    # slow CALL SECONDS [FILE]: each such call of the daemon takes so long, if it is for the file
    slow() {
      strace -f -qq -o trace -p $(server) ${3:+-P "$3"} -e trace=$1 -e inject=$1:delay_enter=$2s & tracer=$!
      eventually grep -q TracerPid:.$tracer /proc/$(server)/task/*/status
    }
    # Background jobs of a script ignore some signals.
    ulimit -c 0
    plain() { exec env --default-signal=INT,QUIT "$@"; }
    # ends SIGNAL JOB: the signal ends it, soon
    ends() {
      local status=0 since=$(date +%s%N)
      kill -$1 $2; wait $2 2>/dev/null || status=$?
      is "$1 $status" "$1 $((128 + $(kill -l $1)))"
      [ $(($(date +%s%N) - since)) -lt 3000000000 ] || fail "$1 took too long"
    }
    # promptly COMMAND…: it succeeds, soon
    promptly() { timeout 5 "$@" >/dev/null || fail "line ${BASH_LINENO[0]}: $?: $*"; }
    # stored BYTES: mounts a store of the blobs big, of so many bytes, and small; $big is where the one is shown, $copy kept
    stored() {
      head -c $1 /dev/urandom >big; seq 100 >small; "$casfs" create $store; "$casfs" blob put $store big small
      big=$mnt/blobs/sha256/$(hex big) copy=$store/blobs/sha256/$(hex big); "$casfs" mount $store $mnt
    }
    # stuck COMMAND…: it does not end by itself, and ends by a signal
    stuck() {
      local status=0
      timeout -k 3 -s INT 0.5 "$@" >/dev/null 2>&1 || status=$?
      is "$* $status" "$* 124"
    }

    """#

  @Test("V1 V3: a file that changes again and again is hashed by one thread, whoever waits for it or has given up")
  func changing() throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        stored 30000000; slow pread64 1 $copy
        for i in {1..8}; do touch $copy; timeout -s KILL 0.2 head -c 1 $big || true; done
        is "$(cat /proc/$(server)/task/*/comm | grep -c casfs-verify)" 1
        promptly cmp small $mnt/blobs/sha256/$(hex small)
        kill $tracer; wait $tracer || true; timeout 30 cmp big $big
        """#)
  }

  @Test("V3: a file of the store that takes long to be closed holds up nobody")
  func closing() throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        stored 300000
        exec 5<$big; head -c 10 <&5 | cmp -n 10 - big
        # Nobody has opened it lately.
        sleep 2.5; slow close 15 $copy 5<&-
        exec 5<&-; sleep 0.2
        promptly cmp small $mnt/blobs/sha256/$(hex small); promptly ls -l $mnt/refs $mnt/images; promptly cmp big $big
        kill $tracer
        """#)
  }

  @Test("V3: a signal frees who waits for a blob to be verified; others wait for nothing, and a retry joins")
  func verification() throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        stored 30000000; slow pread64 1 $copy
        for signal in INT TERM KILL QUIT; do
          plain cat $big >/dev/null & reader=$!; sleep 0.3; kill -0 $reader; ends $signal $reader
        done
        promptly cmp small $mnt/blobs/sha256/$(hex small); promptly ls -l $mnt/blobs/sha256 $mnt/refs $mnt/images
        # One that handles signals may go on waiting, or do something else.
        cat >t.py <<'E'
        import signal, sys
        class Enough(Exception): pass
        def enough(*_): raise Enough
        signal.signal(signal.SIGUSR1, enough); signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0.1, 0.05)
        open("ready", "w").close()
        try: open(sys.argv[1])
        except Enough:
          # Python gives up its handlers before it ends.
          signal.setitimer(signal.ITIMER_REAL, 0)
          print("enough")
        E
        python3 t.py $big >said & reader=$!; eventually test -e ready; sleep 1
        kill -0 $reader; kill -USR1 $reader; wait $reader; is "$(cat said)" enough
        is "$("$casfs" status --json $mnt | jq '.counters.failures, .open_files')" $'0\n0'
        kill $tracer; wait $tracer || true
        cmp big $big
        """#)
  }

  @Test(
    "V3 I2 I4 I10: a commit that is stuck frees its caller when that is killed, and others when they want; it goes on")
  func commit() throws {
    try ScriptedMount.mounted().check(
      Self.words
        + #"""
        seq 100 >small; cp small $mnt/incoming/small; getfattr --only-values -n user.casfs.digest $mnt/incoming/small >digest
        cat >t.py <<'E'
        import os, signal, sys
        signal.signal(signal.SIGUSR1, lambda *_: None)
        file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
        os.write(file, sys.argv[1].encode())
        open(sys.argv[2], "w").close()
        getattr(os, sys.argv[2])(file)
        E
        slow fsync 60
        for call in fsync close; do
          python3 t.py $mnt/incoming/$call $call & writer=$!; eventually test -e $call; sleep 0.3
          promptly cmp small $mnt/blobs/sha256/$(hex small); promptly ls -l $mnt/refs $mnt/images; promptly "$casfs" status $mnt
          # What is no end of it does not free it, for nobody could tell what became of the content.
          kill -USR1 $writer; sleep 0.2; kill -0 $writer; ends TERM $writer
        done
        for wanting in "ls $mnt/incoming" "stat $mnt/incoming/close" "cat $mnt/incoming/close" "cat $mnt/blobs/sha256/$(hex digest)"
        do stuck $wanting; done
        plain cp digest $mnt/refs/r & tagging=$!; sleep 0.3; ends INT $tagging
        kill $tracer; wait $tracer || true
        # Of what was killed before it closed there is nothing, of the other all.
        is "$(ls $mnt/incoming)" $'close\nsmall'; printf %s $mnt/incoming/close >want; committed close want; blobs 2; sound
        # Threads that waited have ended.
        few() { [ $(ls /proc/$(server)/task | wc -l) -le 12 ]; }
        eventually few
        """#)
  }

  @Test("V3 I12: a store whose disk takes no writes any more is read, interrupted, and unmounted", .needs(.loop))
  func frozen() throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        mkdir disk; truncate -s 64M image; mkfs.ext4 -q image; mount -o loop image disk; store=$top/disk/store
        trap 'fsfreeze -u disk || true' EXIT
        "$casfs" create $store; seq 100 >small; head -c 5000000 /dev/urandom >big; "$casfs" blob put $store small big
        "$casfs" ref put $store a sha256:$(hex small); "$casfs" mount $store $mnt; server=$(server)
        fsfreeze -f disk
        seq 1000 >new; plain cp new $mnt/incoming/new & writer=$!; sleep 0.3
        plain cp $mnt/refs/a $mnt/refs/b & tagging=$!; sleep 0.3
        for file in small big; do promptly cmp $file $mnt/blobs/sha256/$(hex $file); done
        promptly cat $mnt/refs/a; promptly ls -lR $mnt; promptly "$casfs" status $mnt
        kill -0 $writer; ends TERM $writer; kill -0 $tagging; ends INT $tagging
        promptly timeout -k 1 4 bash -c '"$casfs" unmount $mnt & until ! grep -q " $mnt " /proc/self/mountinfo; do sleep 0.1; done; kill $!'
        if gone $server; then fail 'it did not wait'; fi
        fsfreeze -u disk; eventually gone $server; trap - EXIT
        # The tag may have been put, and is whole then.
        sound; for name in $("$casfs" ref ls $store); do "$casfs" ref get $store $name | grep -q $(hex small); done
        umount disk
        """#)
  }

  @Test(
    "V3 I12: below a file system that answers nothing the store holds up only who needs it, and is unmounted",
    .needs(.tools("bindfs")), arguments: ["kill -TERM $server", "fusermount3 -u -z $mnt", "umount -l $mnt"])
  func silent(command: String) throws {
    try ScriptedMount().check(
      Self.words
        + #"""
        mkdir real below; bindfs -f --no-allow-other real below & below=$!; eventually grep -q $top/below /proc/self/mountinfo
        trap 'kill -CONT $below; kill $below' EXIT
        store=$top/below/store; seq 100 >small; "$casfs" create $store; "$casfs" blob put $store small
        "$casfs" ref put $store a sha256:$(hex small); "$casfs" mount $store $mnt; server=$(server)
        kill -STOP $below
        # What it had said of itself is kept for a second.
        sleep 1.1
        promptly "$casfs" status $mnt; promptly ls $mnt $mnt/incoming $mnt/committed
        for needing in "cat $mnt/blobs/sha256/$(hex small)" "ls $mnt/blobs/sha256" "ls $mnt/refs" "cp small $mnt/incoming/s" "df $mnt"
        do stuck $needing; done
        promptly "$casfs" status $mnt; promptly ls $mnt
        promptly \#(command); eventually bash -c "! grep -q ' $mnt ' /proc/self/mountinfo"
        kill -CONT $below; eventually gone $server
        # Nobody was told that it is stored.
        sound; is "$("$casfs" ref ls $store)" a
        """#)
  }
}
