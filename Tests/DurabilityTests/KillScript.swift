/// What the scripts of these tests begin with.
enum KillScript {
  /// Words for whoever kills, and looks what is left.
  static let kill = #"""
    flaw=
    # What was acknowledged: digests in `acks`, "NAME DIGEST" in `tags`.
    : >acks; : >tags
    # audit WHEN: all of it is stored and intact, under no digest but `flaw` is anything else, and nothing else is left
    audit() {
      local digest name
      if ! "$casfs" fsck $store >found 2>err; then
        grep -v "${flaw:-nothing}" found >wrong || true
        [ -s found ] && [ ! -s wrong ] || fail "$1: $(cat found err)"
      fi
      while read -r digest; do [ -e $store/blobs/sha256/$digest ] || fail "$1: $digest is lost"; done <acks
      while read -r name digest; do
        "$casfs" ref get $store "$name" | grep -q "sha256:$digest" || fail "$1: the tag $name is lost"
      done <tags
      "$casfs" clean $store >/dev/null
      is "$(find $store | sed -E "s|^$store||" | grep -vE "$ours" || true)" ''
    }
    ours='^(|/(oci-layout|index.json|refs(/[a-z0-9]+)?|blobs(/sha256(/[0-9a-f]{64})?)?))$'
    # calls COMMAND…: the calls that change or lock something, or open what is changed, each as "NAME HOW-OFTEN"
    calls() {
      strace -f -qq -o trace -e trace=$changing "$@" >said 2>&1 || fail "$* failed: $(cat said)"
      sed -E 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/; t; d' trace | sort | uniq -c | awk '{ print $2, $1 }'
    }
    changing=openat2,mkdirat,write,pwrite64,fchmod,fchown,utimensat,fsync,flock,linkat,renameat,renameat2,unlinkat,ftruncate
    # killed CALL N COMMAND…: the command is killed before its Nth such call; the status tells whether it was
    killed() {
      local call=$1 n=$2 status=0
      shift 2
      strace -f -qq -o trace -e trace=$call -e inject=$call:signal=KILL:when=$n "$@" \
        >said 2>err || status=$?
      if [ $status = 137 ]; then return 0; fi
      [ $status = 0 ] || fail "$* before $call $n: status $status: $(cat err)"
      return 1
    }

    """#
}
