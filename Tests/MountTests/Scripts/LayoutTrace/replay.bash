# replay TRACE TAG: performs a recorded trace, and notes the digest of the tag in the file acknowledged.
replay() {
  local digest
  echo "? $2" >>acknowledged
  digest=$(timeout 60 python3 "$scripts/replay.py" "$mnt" "$1" "$2") || fail "$1 failed for $2"
  echo "${digest:--} $2" >>acknowledged
}

# assert_acknowledged: the index has each acknowledged tag, and none that was removed; all blobs are there, and nothing
# temporary is left.
assert_acknowledged() {
  python3 "$scripts/check.py" "$store/index.json" acknowledged
  assert_fsck_clean
  assert_eq "$(ls -A "$mnt" | tr '\n' ' ')" 'blobs committed images incoming index.json oci-layout refs '
  assert_eq "$(ls -A "$store" | tr '\n' ' ')" 'blobs index.json oci-layout '
  [ ! -e "$store/blobs/sha256" ] || assert_eq "$(ls -A "$store/blobs/sha256" | grep -Evc '^[0-9a-f]{64}$')" 0
}

# removal TRACE: prints the trace by which the tool removes what it put, and fails if there is none.
removal() {
  case $1 in
    skopeo-copy) echo skopeo-delete ;;
    oras-cp) echo oras-manifest-delete ;;
    regctl-image-copy) echo regctl-tag-delete ;;
    umoci-new) echo umoci-rm ;;
    *) return 1 ;;
  esac
}
