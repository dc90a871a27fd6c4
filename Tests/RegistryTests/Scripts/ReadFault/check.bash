# Checks a fault while a blob is read. The script that sources it defines open_store and close_store; read_blob, which
# prints the blob $hex; and has_reason, which tells whether $name.said has the reason of a failure. The content is in
# $file.
. fault-cases.bash
: "${host:?}"

# check_fault TITLE OUTCOME FAULT: reads a blob with the fault, which must serve its content or nothing, and without.
check_fault() {
  local name file hex on
  name=${1//[^a-z0-9]/-}; file=$name.file; head -c 300000 /dev/urandom >"$file"; hex=$(upload_blob "$file")
  on="GET .*(sha256:|app/)$hex"; inject_fault "{\"on\": \"$on\", $3}"
  open_store
  if read_blob >"$name.got" 2>"$name.said"; then
    [ "$2" != eio ] || fail "$1: it was served"
    cmp "$name.got" "$file" || fail "$1: wrong content was served"
  else
    [ "$2" != "done" ] || fail "$1: $(cat "$name.said")"
    has_reason || fail "$1: $(cat "$name.said")"
    [ ! -s "$name.got" ] || fail "$1: $(wc -c <"$name.got") bytes were served of what failed"
  fi
  while read -r kept; do cmp "$kept" "$file" || fail "$1: wrong content was kept"; done < <(find cache/casfs -name "$hex")
  clear_faults "$on"
  again() { read_blob >"$name.got" 2>"$name.said" && cmp "$name.got" "$file"; }
  eventually again
  close_store
}
