extension ScriptedMount {
  /// The words that scripts can use. A command that fails ends the script and is named.
  static let prelude = #"""
    set -Eeu
    trap 'echo "line $LINENO: failed: $BASH_COMMAND" >&2' ERR
    # takeDown: ends what was started in the background, with the script; a subshell has to say so itself.
    takeDown() {
      local job
      for job in $(jobs -p); do kill $job || true; done 2>/dev/null
      wait
    }
    trap takeDown EXIT
    fail() { echo "$*" >&2; exit 9; }
    # is GOT WANTED
    is() { [ "$1" = "$2" ] || fail "line ${BASH_LINENO[0]}: '$1' in place of '$2'"; }
    hex() { sha256sum <"$1" | cut -d ' ' -f 1; }
    # committed NAME FILE: the name is committed, with the content of the file, and shows it everywhere
    committed() {
      local want link
      want=$(hex "$2")
      link=$(readlink "$mnt/committed/$1") || fail "line ${BASH_LINENO[0]}: $1 is not committed"
      [ "${link##*/}" = "$want" ] || fail "line ${BASH_LINENO[0]}: $1 has other content: $(wc -c <"$mnt/incoming/$1") bytes"
      cmp "$mnt/committed/$1" "$2"
      cmp "$mnt/incoming/$1" "$2"
      cmp "$store/blobs/sha256/$want" "$2"
    }
    # blobs N: so many blobs are stored, and each is what its name says
    blobs() {
      local file n=0
      for file in "$store"/blobs/sha256/*; do
        [ -e "$file" ] || continue
        n=$((n + 1))
        [ "$(hex "$file")" = "${file##*/}" ] || fail "line ${BASH_LINENO[0]}: wrong content in $file"
      done
      [ $n = "$1" ] || fail "line ${BASH_LINENO[0]}: $n blobs in place of $1"
    }
    # sound: nothing is wrong with the store
    sound() { "$casfs" fsck "$store" || fail "line ${BASH_LINENO[0]}: the store is damaged"; }
    # absent NAME: the name is nowhere
    absent() {
      [ ! -e "$mnt/incoming/$1" ] || fail "line ${BASH_LINENO[0]}: $1 is still in incoming"
      [ ! -L "$mnt/committed/$1" ] || fail "line ${BASH_LINENO[0]}: $1 is committed"
    }
    # refused REASON COMMAND…: the command fails and gives the reason
    refused() {
      local why=$1 said
      shift
      if said=$("$@" 2>&1); then fail "line ${BASH_LINENO[0]}: went through: $*"; fi
      case $said in *"$why"*) ;; *) fail "line ${BASH_LINENO[0]}: $* said '$said', not '$why'" ;; esac
    }
    # eventually COMMAND…: it succeeds within some seconds
    eventually() {
      local i
      for i in {1..200}; do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
      done
      fail "line ${BASH_LINENO[0]}: never: $*"
    }
    # counter NAME: what the mount has counted
    counter() { "$casfs" status --json "$mnt" | jq ".counters.$1"; }
    # the process that serves the mount
    server() { "$casfs" status --json "$mnt" | jq .process; }
    # gone PROCESS: it has ended, whether or not its parent has noticed
    gone() { [ ! -e "/proc/$1/exe" ] || ! readlink "/proc/$1/exe" >/dev/null; }

    """#
}
