/// A library for LD_PRELOAD that makes every written file durable when it is closed.
enum FsyncAtClose {
  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <unistd.h>
    static int is_written(int file) {
      int flags = fcntl(file, F_GETFL);
      return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
    }
    int close(int file) {
      static int (*next)(int);
      if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "close");
      if (is_written(file)) fsync(file);
      return next(file);
    }
    int fclose(FILE *stream) {
      static int (*next)(FILE *);
      if (!next) next = (int (*)(FILE *))dlsym(RTLD_NEXT, "fclose");
      if (is_written(fileno(stream))) { fflush(stream); fsync(fileno(stream)); }
      return next(stream);
    }

    """

  /// Compiles it.
  ///
  /// - Returns: its path.
  static func build(_ workspace: Workspace) throws -> String {
    let path = workspace.path + "/fsync-at-close"
    try Files.write(Array(source.utf8), to: path + ".c")
    let script = #"TMPDIR=$1 cc -O2 -shared -fPIC -o "$2.so" "$2.c" -ldl"#
    try Program.run(["sh", "-c", script, "sh", workspace.path, path])
    return path + ".so"
  }
}
