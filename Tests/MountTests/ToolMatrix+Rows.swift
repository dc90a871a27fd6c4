extension ToolMatrix {
  /// Commands, and their outcomes in `incoming`, `blobs`, `refs`, `images` and `committed`.
  static let groups: [Group] = [
    Group(
      name: "Copying and moving",
      rows: [
        Row("cp $file $new", "works works works EROFS EROFS"),
        Row("cp $file $old", "works EBADMSG works EBADMSG EBADMSG"),
        Row("cp -p $file $new", "works works works EROFS EROFS"),
        Row("cp -a $file $new", "works works works EROFS EROFS"),
        Row("cp -r $tree $dir/copy", "works EROFS EINVAL* EROFS EROFS"),
        Row("cp -a $tree $dir/copy", "works EROFS EINVAL* EROFS EROFS"),
        Row("cp --reflink=auto $file $new", "works works works EROFS EROFS"),
        Row("cp --reflink=always $file $new", "EXDEV* EXDEV EXDEV EROFS EROFS"),
        Row("cp --sparse=always $file $new", "works works works EROFS EROFS"),
        Row("cp -l $old $new", "EPERM EPERM EPERM EPERM EPERM"),
        Row("cp -s $file $new", "EPERM EPERM EPERM EPERM EPERM"),
        Row("cp -a $old $out", "works works works works works"),
        Row("cp -r $dir $out", "works works works works works"),
        Row("install -m 640 $file $new", "works works works EROFS EROFS"),
        Row("mv $file $new", "works works works EROFS EROFS"),
        Row("mv $file $old", "works EBADMSG* works EROFS EROFS"),
        Row("mv -n $file $old", "works works works works works"),
        Row("mv $tree $dir/moved", "works EROFS EINVAL* EROFS EROFS"),
        Row("mv $old $dir/moved", "works EROFS works EROFS EROFS"),
        Row("mv $old $out", "works works works EROFS EROFS"),
      ]),
    Group(
      name: "Making and removing",
      rows: [
        Row("touch $new", "works EBADMSG EINVAL EROFS EROFS"),
        Row("mkdir $dir/made", "works EROFS works EROFS EROFS"),
        Row("mkdir -p $dir/made/deep", "works EROFS works EROFS EROFS"),
        Row("ln $old $dir/link", "EPERM EPERM EPERM EPERM EPERM"),
        Row("ln -s $old $dir/link", "EPERM EPERM EPERM EPERM EPERM"),
        Row("mkfifo $dir/pipe", "EPERM EPERM EPERM EPERM EPERM"),
        Row("mknod $dir/null c 1 3", "EPERM EPERM EPERM EPERM EPERM"),
        Row("rm $old", "works works works EROFS EROFS"),
        Row("rm -rf $folder", "works - works EROFS EROFS"),
        Row("rmdir $empty", "works - works EROFS EROFS"),
        Row("unlink $old", "works works works EROFS EROFS"),
        Row("shred -u $old", "works EROFS EINVAL EROFS EROFS"),
      ]),
    Group(
      name: "Modes, times and attributes",
      rows: [
        Row("touch $old", "works works works works works"),
        Row("touch -d 2001-02-03 $old", "works works works works works"),
        Row("chmod 600 $old", "works works works works works"),
        Row("chmod -R go-r $folder", "works - works EROFS EROFS"),
        Row("chown -h $(id -u) $old", "works works works EROFS EROFS"),
        Row("setfattr -n user.note -v text $old", "works EROFS EOPNOTSUPP EROFS EROFS"),
        Row("getfattr -n user.casfs.size $old >$out/size", "works works ENODATA works works"),
        Row("setfacl -m u::rw,g::r,o::- $old", "works EROFS works EROFS EROFS"),
      ]),
    Group(
      name: "Writing",
      rows: [
        Row("printf text >$new", "works nothing EINVAL EROFS EROFS"),
        Row("printf text >>$old", "works EROFS EINVAL EROFS EROFS"),
        Row("cat $file >$new", "works works works EROFS EROFS"),
        Row("{ echo a; /bin/echo b; } >$new", "works nothing EINVAL EROFS EROFS"),
        Row("tee $new <$file >$out/copy", "works works works EROFS EROFS"),
        Row("tee -a $old <$file >$out/copy", "works EROFS EINVAL EROFS EROFS"),
        Row("dd if=$file of=$new bs=777 status=none", "works works works EROFS EROFS"),
        Row("dd if=$file of=$new oflag=direct bs=4096 status=none", "works works works EROFS EROFS"),
        Row("dd if=$file of=$new conv=fsync status=none", "works works works EROFS EROFS"),
        Row("dd if=$file of=$old conv=notrunc seek=3 bs=100 status=none", "works EROFS EINVAL EROFS EROFS"),
        Row("truncate -s 100 $old", "works EROFS EINVAL EROFS EROFS"),
        Row("truncate -s 1M $new", "works EBADMSG EINVAL EROFS EROFS"),
        Row("fallocate -l 1000 $new", "EOPNOTSUPP* EOPNOTSUPP EOPNOTSUPP EROFS EROFS"),
        Row("split -l 100 $file $dir/part-", "works EPERM works EROFS EROFS"),
        Row("sort -o $old $old", "works EROFS works EROFS EROFS"),
        Row("sort -r -o $new $file", "works EBADMSG works EROFS EROFS"),
        Row("sync $old", "works works works works works"),
      ]),
    Group(
      name: "Reading",
      rows: [
        Row("cat $old", "works works works works works"),
        Row("head -c 100 $old", "works works works works works"),
        Row("tail -n 3 $old", "works works works works works"),
        Row("dd if=$old skip=1 bs=100 count=2 status=none", "works works works works works"),
        Row("stat -c '%F %s %A' $old", "works works works works works"),
        Row("ls -F $dir", "works works works works works"),
        Row("df --output=size $old", "works works works works works"),
        Row("du -b $old", "works works works works works"),
        Row("find $dir -name '*e*' | sort", "works works works works works"),
        Row("find $dir -type f -size +0 | sort", "works works works works works"),
        Row("grep -r 1 $dir | sort", "works works works works works"),
        Row("sha256sum $old >$out/sums && sha256sum -c $out/sums", "works works works works works"),
        Row("cmp $old $old", "works works works works works"),
        Row("diff -r $dir $dir", "works works works works works"),
        Row("flock $old true", "works works works works works"),
      ]),
    Group(
      name: "Archives and transfers",
      rows: [
        Row("rsync -a $file $new", "works EPERM EINVAL EROFS EROFS"),
        Row("rsync -a $tree/ $dir/copy", "works EROFS EINVAL* EROFS EROFS"),
        Row("rsync -a --inplace $file $new", "works works works EROFS EROFS"),
        Row("rsync -a --inplace $file $old", "works EROFS works EROFS EROFS"),
        Row("rsync -a --partial $file $new", "works EPERM EINVAL EROFS EROFS"),
        Row("rsync -a --append $file $old", "works EROFS works EROFS EROFS"),
        Row("rsync -rl $dir/ $out", "works works works works works"),
        Row("tar -x -C $dir -f $tar", "works EROFS EINVAL* EROFS EROFS"),
        Row("tar -c -C $dir . | tar -x -C $out", "works works works works works"),
        Row("curl -sS -o $new $url", "works works works fails fails"),
        Row("wget -q -O $new $url", "works works works EROFS EROFS"),
      ]),
    Group(
      name: "Editors",
      rows: [
        Row("sed -i 's/$/ /' $old", "works EPERM nothing EROFS EROFS"),
        Row(#"printf ',s/$/ /\nw\nq\n' | ed -s $old"#, "works EBADMSG nothing EBADMSG EBADMSG"),
        Row("vim.tiny -es -V1 '+%s/$/ /' +x $old", "works fails nothing fails fails"),
      ]),
    Group(
      name: "Python 3",
      rows: [
        Row(
          #"py 'open(new, "wb").write(open(file, "rb").read())'"#, "works works works EROFS EROFS",
          title: "python3: open, write"),
        Row("py 'shutil.copy(file, new)'", "works works works EROFS EROFS", title: "python3: shutil.copy(FILE, NEW)"),
        Row(
          "py 'shutil.copy2(file, new)'", "works works works EROFS EROFS", title: "python3: shutil.copy2(FILE, NEW)"),
        Row(
          #"py 'shutil.copytree(tree, dir + "/copy")'"#, "works EROFS EINVAL* EROFS EROFS",
          title: "python3: shutil.copytree(TREE, DIR/copy)"),
        Row("py 'shutil.rmtree(folder)'", "works - works EROFS EROFS", title: "python3: shutil.rmtree(FOLDER)"),
        Row(
          #"py 'i, o = open(file, "rb"), open(new, "wb"); os.sendfile(o.fileno(), i.fileno(), 0, 9999); o.close()'"#,
          "works works works EROFS EROFS", title: "python3: os.sendfile from FILE to NEW"),
        Row(
          #"py 'i, o = open(old, "rb"), open(out + "/copy", "wb"); os.sendfile(o.fileno(), i.fileno(), 0, 9999)'"#,
          "works works works works works", title: "python3: os.sendfile from OLD to OUT/copy"),
        Row(
          #"py 'f = open(old, "r+b"); mmap.mmap(f.fileno(), 0)[:3] = b"abc"'"#, "works EROFS nothing EROFS EROFS",
          title: "python3: mmap of OLD, written"),
        Row(
          #"py 'f = open(old, "rb"); print(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:])'"#,
          "works works works works works", title: "python3: mmap of OLD, read"),
        Row(
          #"py 'f, t = tempfile.mkstemp(dir=dir); os.write(f, b"text"); os.close(f); os.replace(t, new)'"#,
          "works EPERM EINVAL EROFS EROFS", title: "python3: tempfile in DIR, os.replace to NEW"),
        Row(
          #"py 'os.replace(old, dir + "/moved")'"#, "works EROFS works EROFS EROFS",
          title: "python3: os.replace(OLD, DIR/moved)"),
        Row(
          "py 'os.open(dir, os.O_TMPFILE | os.O_WRONLY)'", "EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP",
          title: "python3: os.open with O_TMPFILE"),
      ]),
  ]
}
