// Without more said this takes seconds. For longer, or again:
//
//     SEED=1 MINUTES=10 swift test --filter DaemonKillTests
import TestSupport
import Testing

/// Daemons and commands that are killed while they are used.
@Suite(.serialized, .needs(.fuse, .tools("strace"))) struct DaemonKillTests {
  @Test(
    "I2 I12 M2 R1 R3 E5: a daemon killed before any call of a commit loses and leaves nothing, and is mounted again",
    arguments: ["index", "refs"])
  func steps(layout: String) throws {
    let outcome = try ScriptedMount().check(
      KillScript.kill
        + #"""
        "$casfs" create --layout \#(layout) $store
        seq 1000 >old
        seq 100 >c; seq 200 >>c
        # Shells ignore what close(2) says.
        cat >twice.py <<'E'
        import os, sys
        content = open(sys.argv[1], "rb").read()
        file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for part in content[:500], content[500:]:
          while part: part = part[os.write(file, part):]
        os.close(file)
        E
        # What a daemon does for its users; each line that went through is acknowledged.
        use() {
          tag=making
          head -c 70000 /dev/urandom >a; cp a $mnt/incoming/a || return 0; hex a >>acks
          echo sha256:$(hex a) >digest; cp digest $mnt/refs/a$1 || return 0; tag=moving
          mv $mnt/refs/a$1 $mnt/refs/b$1 || return 0; tag=moved
          cp old $mnt/incoming/old || return 0; hex old >>acks
          python3 twice.py c $mnt/incoming/c || return 0; hex c >>acks; tag=removing
          rm $mnt/refs/b$1 || return 0; tag=removed
        }
        # whole SUFFIX: of the change of the tag that was under way all has happened, or nothing
        whole() {
          local there
          there=$("$casfs" ref ls $store | grep -xE "[ab]$1" || true)
          case "$tag/$there" in
            making/|making/a$1|moving/a$1|moving/b$1|moved/b$1|removing/b$1|removing/|removed/) ;;
            *) fail "while $tag, there is '$there'" ;;
          esac
        }
        points=0
        for call in openat2 pwrite64 fchmod utimensat fsync flock linkat renameat renameat2 unlinkat; do
          for n in 1 2 3 4 6 9; do
            # To be healed.
            rm -f $store/blobs/sha256/$(hex old); head -c 100 /dev/zero >$store/blobs/sha256/$(hex old)
            sed -i "/$(hex old)/d" acks
            strace -f -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$n \
              "$casfs" mount -f $store $mnt 2>err & tracer=$!
            until "$casfs" status $mnt >/dev/null 2>&1 || [ ! -e /proc/$tracer/exe ]; do sleep 0.02; done
            use $n$call 2>/dev/null
            "$casfs" unmount $mnt 2>/dev/null || true
            status=0; wait $tracer || status=$?
            if [ $status = 137 ]; then points=$((points + 1)); else is $status 0; fi
            whole $n$call; flaw=$(hex old); audit "$call $n"; flaw=
            [ $status = 137 ] || break
            # The next mount takes the dead one away.
            "$casfs" mount $store $mnt; echo $n$call >d; cp d $mnt/incoming/d; hex d >>acks
            "$casfs" unmount $mnt
          done
        done
        [ $points -ge 20 ] || fail "killed at $points points only"
        echo "killed at $points points"
        """#, seconds: 200)
    print("mount, \(layout): \(outcome.lines.last ?? "")")
  }

  @Test("E4 E8 E12 D8 D9 I12: whoever is killed at whatever moment, under load, loses and leaves nothing")
  func anyMoment() throws {
    let options = StressOptions(minutes: 0.15)
    let outcome = try ScriptedMount().check(
      KillScript.kill
        + #"""
        RANDOM=\#(options.seed % 32768)
        end=$((SECONDS + \#(Int(options.minutes * 60)))); kills=0; round=0
        # killing COMMAND…: it is killed within a moment, or ends before
        killing() {
          local status=0
          timeout -s KILL 0.$(printf %03d $((RANDOM % 60 + 1))) "$@" >said 2>/dev/null || status=$?
          [ $status != 137 ] || echo >>kills
          return $status
        }
        putting() {
          cd $1
          for i in {1..6}; do
            head -c $((RANDOM * (RANDOM % 40))) /dev/urandom >in
            if killing "$casfs" blob put $store in; then cut -c 8- said >>acks; else continue; fi
            digest=$(hex in)
            if killing "$casfs" ref put $store $1r$round$i sha256:$digest; then echo $1r$round$i $digest >>tags; fi
          done
        }
        collecting() {
          cd $1
          for i in {1..6}; do
            for j in 1 2 3; do echo $RANDOM$RANDOM >in; "$casfs" blob put $store in >put; old=$(hex in)
              touch -d '2 days ago' $store/blobs/sha256/$old; done
            killing "$casfs" gc $store || true
            killing "$casfs" clean $store || true
            killing "$casfs" create $top/$1/new || true
            # What a killed one left goes with the next.
            [ $i != 6 ] || [ -e $top/$1/new ] || "$casfs" create $top/$1/new
            if [ -e $top/$1/new ]; then "$casfs" fsck $top/$1/new || exit 8; rm -r $top/$1/new; fi
          done
        }
        copying() {
          cd $1
          for i in {1..200}; do
            head -c $((RANDOM * (RANDOM % 20))) /dev/urandom >in
            cp in $mnt/incoming/$1$i || return 0; hex in >>acks
            [ $((i % 4)) = 0 ] || continue
            echo sha256:$(hex in) >digest; cp digest $mnt/refs/$1r$round$i || return 0; echo $1r$round$i $(hex in) >>tags
          done
        }
        workers='p q g c d'
        for worker in $workers; do mkdir $worker; done
        while [ $SECONDS -lt $end ]; do
          if [ $((round % 20)) = 0 ]; then
            rm -rf $store; : >acks; : >tags
            "$casfs" create --layout $([ $((RANDOM % 2)) = 0 ] && echo index || echo refs) $store
          fi
          round=$((round + 1))
          for worker in $workers; do : >$worker/acks; : >$worker/tags; : >$worker/kills; done
          "$casfs" mount $store $mnt; server=$(server)
          jobs=()
          for work in 'putting p' 'putting q' 'collecting g' 'copying c' 'copying d'; do
            (RANDOM=$((RANDOM + round)); $work 2>err) & jobs+=($!)
          done
          sleep 0.$(printf %03d $((RANDOM % 700)))
          kill -KILL $server; kills=$((kills + 1))
          for job in "${jobs[@]}"; do wait $job || fail "a worker failed: $(cat ?/err)"; done
          cat ?/acks >>acks; cat ?/tags >>tags; kills=$((kills + $(cat ?/kills | wc -l)))
          audit "round $round"
          is "$(find $top/g -name '.casfs-tmp-*' | wc -l)" 0
        done
        [ $kills -ge $round ]
        echo "seed \#(options.seed % 32768): $kills killed in $round rounds"
        """#, seconds: Int(options.minutes * 60) + 90)
    print(outcome.lines.last ?? "")
  }
}
