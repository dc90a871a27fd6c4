#!/bin/bash
. helpers.bash

mkdir -p "$mnt/incoming/a/b/c" plain/a/b/c
for file in a/1 a/b/2 a/b/c/3; do echo $file | tee "$mnt/incoming/$file" >plain/$file; done
for place in . incoming incoming/a/b committed/a blobs blobs/sha256 refs images; do
  assert_eq "$(stat -c %h "$mnt/$place")" 1
done
diff <(cd "$mnt/incoming" && find . | sort) <(cd plain && find . | sort)
diff <(cd "$mnt/incoming" && find . -noleaf | sort) <(cd plain && find . | sort)
# Without dont_use_nlink it takes a directory with two links for one without subdirectories.
diff <(cd "$mnt/incoming" && perl -MFile::Find -e 'find(sub { print "$File::Find::name\n" }, ".")' | sort) \
  <(cd plain && find . | sort)
cd "$mnt/incoming/a"; rmdir "$mnt/incoming/a/b" 2>/dev/null && fail "removed"
mkdir gone; exec 3<gone; rmdir gone
assert_eq "$(stat -L -c %h /proc/$$/fd/3)" 0
