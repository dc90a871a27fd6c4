# Runs the cases of $cases concurrently, each in a process of its own: lines of a title, an outcome and a fault,
# separated by tabs. The outcome is done, eio, or either of both.
: "${cases:?}"

# run_fault_cases: calls check_fault TITLE OUTCOME FAULT for each case; none may fail.
run_fault_cases() {
  local title outcome fault job failed=0 jobs=()
  while IFS=$'\t' read -r title outcome fault; do
    (trap stop_jobs EXIT; check_fault "$title" "$outcome" "$fault") 2>&1 & jobs+=($!)
  done <<<"$cases"
  for job in "${jobs[@]}"; do wait "$job" || failed=$((failed + 1)); done
  assert_eq $failed 0
}
