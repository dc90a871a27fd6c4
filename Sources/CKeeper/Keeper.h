#ifndef KEEPER_H
#define KEEPER_H

#include "CKeeper.h"

#include <signal.h>
#include <stdatomic.h>

// "casfs k1", little-endian.
#define CASFS_KEEPER_MAGIC UINT64_C(0x316b207366736163)

enum {
  // The descriptor that a keeper inherits besides those of a server.
  ready_fd = 6,
  // The program that a server executes, until it is executed.
  program_fd = 6,
  mount_point_limit = 4096,
  program_limit = 4096,
  attempt_count = 128,
  // The longest list of descriptors in a report.
  report_files = 2,
  is_background = 1,
  can_resend = 2,
  ends_requests = 4,
};

struct attempt {
  uint64_t unique;
  uint64_t weight;
};

struct casfs_keeper_state {
  uint64_t magic;
  uint32_t size;
  uint32_t flags;
  int32_t keeper;
  uint32_t starts;
  uint32_t reloads;
  uint32_t restart_limit;
  // The status of waitpid(2) of the last server that has ended, or has not ended in time after SIGKILL.
  int32_t last_end;
  // The weight that the death of the last server has for each request that was unanswered.
  uint32_t death_weight;
  uint32_t init_length;
  uint32_t arguments_length;
  // Both ends of the log change together: the one that counts is `logs[current_log]`.
  _Atomic uint32_t current_log;
  uint32_t next_attempt;
  // The process that replaces its program, and the descriptors that only the next program knows by their numbers here.
  int32_t replacing;
  int32_t device;
  int32_t handover;
  uint64_t logs[2][2];
  struct attempt attempts[attempt_count];
  uint8_t init[casfs_keeper_init_limit];
  char mount_point[mount_point_limit];
  char program[program_limit];
  char store[casfs_keeper_store_limit];
  char arguments[casfs_keeper_arguments_limit];
  // Behind the others, so that it is empty in a state of a version that had no keepers for images.
  char image[casfs_keeper_image_limit];
  // Behind the others again: the attempts to replace a program that have failed since the last one that has not.
  uint32_t reload_failures;
  char reload_error[casfs_keeper_error_limit];
  // When the keeper began, since 1970; 0 in a state of a version that did not note it.
  int64_t began_seconds;
  int64_t began_nanoseconds;
};

_Static_assert(sizeof(struct casfs_keeper_state) <= casfs_keeper_log_offset, "the log is behind the state");

// The reports of a server.
enum report {
  report_ready = 1,
  // Its program is about to be another one, which reports when it is ready.
  report_replacing = 2,
};

// Sends a report to the keeper, with descriptors. Returns 0, or -1.
int casfs_keeper_send(enum report report, const int *files, int count);

// Runs a server in the process that was forked for it. `device` is -1 for the first server, and `program` for servers
// that run the program of the keeper.
_Noreturn void casfs_keeper_become_server(
    const struct casfs_keeper_state *state, int control, int device, int program, pid_t parent, const sigset_t *mask);

// Drops pages of the program and its libraries that only the start needed, and that no relocation has changed. They are
// read again if they are used.
void casfs_keeper_trim(void);

// Whether the first thread of a process has ended. `signal` is the one that ended it, or 0. No descriptor tells of this
// end before that of all threads: since Linux 6.15 a pidfd of the thread does not either.
int casfs_keeper_has_ended(pid_t process, int *signal);

// Keeps what the servers need, which get no capability beyond those of their keeper.
void casfs_keeper_drop_privileges(void);

#endif
