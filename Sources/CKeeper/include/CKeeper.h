// The keeper of a mount: a process that holds /dev/fuse, starts the server, and starts it again when it has died.
//
// It is the program itself, executed anew under another name, and runs nothing but Keeper.c: neither the store nor the
// network nor input of users. Both processes see one state, a file in memory that outlives the server.
#ifndef CKEEPER_H
#define CKEEPER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The names by which the processes are started, before the mount point, and which ps(1) shows.
#define CASFS_KEEPER_NAME "casfs: keeper of "
#define CASFS_SERVER_NAME "casfs: server of "

enum {
  // The descriptors that a server inherits, besides the standard streams: the state, a socket to the keeper, and
  // /dev/fuse, which the first server has not.
  casfs_keeper_state_fd = 3,
  casfs_keeper_control_fd = 4,
  casfs_keeper_device_fd = 5,
  // The offset of the log, which is the server's own, in the file of the state.
  casfs_keeper_log_offset = 1 << 20,
  casfs_keeper_init_limit = 256,
  casfs_keeper_store_limit = 16384,
  casfs_keeper_image_limit = 16384,
  casfs_keeper_arguments_limit = 262144,
  casfs_keeper_error_limit = 1020,
  // The exit status of a keeper that has given its server up.
  casfs_keeper_gave_up = 3,
  // The version of this state. A program that has an earlier one cannot serve the mount.
  casfs_keeper_version = 2,
};

// The end of the requests that a server had read, and had not answered, when it died.
enum casfs_unanswered {
  // They wait for ever, so no other server is started.
  casfs_unanswered_wait = 0,
  // The kernel sends them again: FUSE_NOTIFY_RESEND.
  casfs_unanswered_resent = 1,
  // They end with an error: the server read them through a descriptor that it alone had.
  casfs_unanswered_ended = 2,
};

// The state. Its fields are read and written by the functions below.
struct casfs_keeper_state;

// Makes an empty state in a new file, whose descriptor `fd` is the caller's; NULL and errno on failure.
struct casfs_keeper_state *casfs_keeper_make_state(int *fd);
// Unmaps a state.
void casfs_keeper_end_state(struct casfs_keeper_state *state);

// Becomes the keeper of a mount: execve(2) of this program. Descriptors from 3 on, except for `ready`, are closed.
//
// `arguments` are those that each server has, `count` of them. `ready` is a pipe that gets a byte when the mount is
// usable, after which the keeper leaves the terminal; -1 for a keeper in the foreground. Returns -1 and sets errno on
// failure.
int casfs_keeper_start(
    const char *mount_point, const char *const *arguments, int count, unsigned restart_limit, int ready);

// Runs a keeper that was started so, and returns its exit status.
int casfs_keeper_run(void);

// The state that a server inherited, for the life of the process; NULL and errno if there is none that is valid.
struct casfs_keeper_state *casfs_keeper_attach(void);

// The bytes of the arguments, each ended by a NUL, and their length.
const char *casfs_keeper_arguments(const struct casfs_keeper_state *state, uint32_t *length);
// Whether the keeper has left the terminal, or will.
int casfs_keeper_is_background(const struct casfs_keeper_state *state);
// The process id of the keeper.
int casfs_keeper_process(const struct casfs_keeper_state *state);
// When the keeper began: seconds and nanoseconds since 1970; 0 if it is not known.
int64_t casfs_keeper_began(const struct casfs_keeper_state *state, int64_t *nanoseconds);
// How many servers the keeper has started; 1 for the first.
uint32_t casfs_keeper_starts(const struct casfs_keeper_state *state);
// How often a server has replaced its program.
uint32_t casfs_keeper_reloads(const struct casfs_keeper_state *state);
// How often that has failed since the last time that it has not, and the reason of the last failure.
uint32_t casfs_keeper_reload_failures(const struct casfs_keeper_state *state, const char **reason);
// Notes a failure, of which only the beginning of the reason is kept.
void casfs_keeper_note_failed_reload(struct casfs_keeper_state *state, const char *reason);
// Notes that this server, which may have replaced another program, serves.
void casfs_keeper_did_reload(struct casfs_keeper_state *state);
// The path at which the program of the keeper was installed.
const char *casfs_keeper_program(const struct casfs_keeper_state *state);

// Writes how the last server has ended, as a predicate: "was killed by signal 9".
void casfs_keeper_describe_end(const struct casfs_keeper_state *state, char *text, size_t size);

// The FUSE_INIT of the connection, the URI of the store, and the descriptor of the manifest whose files are mounted, which
// is empty for a store; NULL before the first server has set them.
const uint8_t *casfs_keeper_init(const struct casfs_keeper_state *state, uint32_t *length);
const char *casfs_keeper_store(const struct casfs_keeper_state *state);
const char *casfs_keeper_image(const struct casfs_keeper_state *state);
// Sets them. Returns 0, or -1 and E2BIG.
int casfs_keeper_set_session(
    struct casfs_keeper_state *state, const uint8_t *init, uint32_t length, const char *store, const char *image,
    enum casfs_unanswered unanswered);

// Reports that requests are answered from now on. The first server passes /dev/fuse, and others their program, which
// later servers run. `thread` is one of this process that ends with it. Returns 0, or -1.
int casfs_keeper_send_ready(int fd, pid_t thread);

// Tells the service manager that the mount is usable, if the process is part of a service: sd_notify(3), READY=1.
void casfs_keeper_notify_service(void);

// Replaces the program of this server by an open file: execveat(2). The process, its children and its place with the
// keeper stay. The new program inherits the state, the socket, `device`, which is /dev/fuse, `handover`, and `files`.
// It must be called by the first thread. Returns -1 and sets errno on failure; nothing has changed then.
int casfs_keeper_replace(
    struct casfs_keeper_state *state, int program, int device, int handover, const int *files, int count);
// The number of /dev/fuse in this process, and of the file that the program before left for this one; -1 if there is
// none.
int casfs_keeper_device(const struct casfs_keeper_state *state);
int casfs_keeper_handover(const struct casfs_keeper_state *state);

// Counts that a request that a dead server had read is read again. Returns whether it may be answered: not if it was
// there when servers crashed twice, or were killed often.
int casfs_keeper_may_answer(struct casfs_keeper_state *state, uint64_t unique);

// The range of the log in the file of the state. It is set after what is written there.
void casfs_keeper_log(const struct casfs_keeper_state *state, uint64_t *start, uint64_t *end);
void casfs_keeper_set_log(struct casfs_keeper_state *state, uint64_t start, uint64_t end);
// Returns the memory of a range of the file: fallocate(2), FALLOC_FL_PUNCH_HOLE.
void casfs_keeper_free_log(int fd, uint64_t start, uint64_t end);

#endif
