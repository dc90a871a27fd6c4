#!/bin/bash
. helpers.bash
. "$scripts/copied.bash"

# The command ends with the daemon, and that with the last copy.
end_copy; wait $unmounting
assert_exited "$daemon"
