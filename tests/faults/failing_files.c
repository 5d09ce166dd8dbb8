/* Lets one operation on files below some folders fail, or all from one on.

Loaded before the C library (LD_PRELOAD). Operations are counted from 1 on; what is below a folder
is known by its path, and of open files by how they were opened, so that files without a name and
the calls of SQLite and of the sound libraries are met, too. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { READS = 1, WRITES = 2, NEEDS_ROOM = 4, BY_PATH = 8, SHORTENS = 16 };
enum { MOST_FILES = 65536 };
enum { ONCE = 0, LASTING = 1, SHORT = 2 };

/* Shared with the process that forks those that are to fail. */
struct state {
    atomic_long count; /* operations so far */
    long at;           /* the one that fails; 0: none */
    int error;
    int mode;
    int names_all; /* whether there are no files without a name */
    char folders[4096]; /* each followed by a line feed; empty: nothing is counted */
    long room;          /* bytes of `log` that are used */
    char log[1 << 20];  /* of a run without a fault: each operation, followed by a line feed */
    char failed[512];   /* of a run with one: what failed first */
};

static struct state *state;
static char *names[MOST_FILES]; /* of open files, if they are below the folders */

struct state *failing_files(void) { return state; }

__attribute__((constructor)) static void begin(void) {
    state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (state == MAP_FAILED) abort();
}

static int is_open_below(int file) {
    return state && state->folders[0] && file >= 0 && file < MOST_FILES && names[file];
}

static const char *name_of(int file) { return is_open_below(file) ? names[file] : ""; }

static void note(int file, int is_below, const char *name) {
    if (file < 0 || file >= MOST_FILES) return;
    char *before = names[file];
    names[file] = is_below ? strdup(name) : NULL;
    free(before);
}

static int is_below(int folder, const char *path) {
    char full[8192];
    if (!state || !state->folders[0] || !path) return 0;
    if (!strncmp(path, "/proc/self/fd/", 14)) return is_open_below(atoi(path + 14));
    if (path[0] != '/') {
        if (folder != AT_FDCWD) return is_open_below(folder);
        if (syscall(SYS_getcwd, full, sizeof full / 2) < 0) return 0;
        strcat(full, "/");
        strncat(full, path, sizeof full / 2 - 2);
        path = full;
    }
    for (const char *at = state->folders; *at;) {
        const char *end = strchr(at, '\n');
        size_t length = (size_t)(end - at);
        if (!strncmp(path, at, length) && (path[length] == '/' || !path[length])) return 1;
        at = end + 1;
    }
    return 0;
}

static int can_have(int kind, int error) {
    switch (error) {
    case ENOSPC: return kind & NEEDS_ROOM;
    case EROFS: return kind & WRITES;
    case EACCES: return kind & BY_PATH;
    default: return 1;
    }
}

/* Counts an operation; whether it fails, with errno set. 2: it is to do less than is asked for. */
static int fails(const char *name, int kind, const char *path) {
    long number = atomic_fetch_add(&state->count, 1) + 1;
    if (!state->at) {
        long room = (long)sizeof state->log - state->room;
        int size = snprintf(state->log + state->room, (size_t)room, "%s %s\n", name, path);
        if (size < room) state->room += size;
    }
    if (!state->at || number < state->at) return 0;
    if (state->mode == SHORT) {
        if (number > state->at || !(kind & SHORTENS)) return 0;
    } else if (state->mode == LASTING) {
        if (!can_have(kind, state->error)) return 0;
    } else if (number > state->at) {
        return 0;
    }
    if (!state->failed[0]) snprintf(state->failed, sizeof state->failed, "%s %s", name, path);
    if (state->mode == SHORT) return 2;
    errno = can_have(kind, state->error) ? state->error : EIO;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define BY_NAME(type, bad, name, kind, where, path, signature, types, call) \
    type name signature { \
        static type(*real) types; \
        if (!real) real = (type(*) types)dlsym(RTLD_NEXT, #name); \
        if (is_below(where, path) && fails(#name, (kind) | BY_PATH, path)) return bad; \
        return real call; \
    }

#define BY_FILE(type, bad, name, kind, file, signature, types, call) \
    type name signature { \
        static type(*real) types; \
        if (!real) real = (type(*) types)dlsym(RTLD_NEXT, #name); \
        if (is_open_below(file) && fails(#name, kind, name_of(file))) return bad; \
        return real call; \
    }

static int kind_of_opening(int flags) {
    int kind = BY_PATH;
    if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT)) return kind | READS;
    if (flags & (O_CREAT | O_TMPFILE)) kind |= NEEDS_ROOM;
    return kind | WRITES;
}

static int lacks(int flags) {
    if (!state->names_all || (flags & O_TMPFILE) != O_TMPFILE) return 0;
    errno = EOPNOTSUPP;
    return 1;
}

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, const char *, int, ...); \
        va_list list; \
        va_start(list, flags); \
        int mode = va_arg(list, int), is = is_below(AT_FDCWD, path); \
        va_end(list); \
        if (is && lacks(flags)) return -1; \
        if (is && fails(#name, kind_of_opening(flags), path)) return -1; \
        int file = real(path, flags, mode); \
        note(file, is, path); \
        return file; \
    }
OPENING(open)
OPENING(open64)

#define OPENING_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, name, int, const char *, int, ...); \
        va_list list; \
        va_start(list, flags); \
        int mode = va_arg(list, int), is = is_below(folder, path); \
        va_end(list); \
        if (is && lacks(flags)) return -1; \
        if (is && fails(#name, kind_of_opening(flags), path)) return -1; \
        int file = real(folder, path, flags, mode); \
        note(file, is, path); \
        return file; \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

int close(int file) {
    REAL(int, close, int);
    /* The file is closed all the same. */
    int is_failed = is_open_below(file) && fails("close", WRITES | NEEDS_ROOM, name_of(file));
    int error = errno;
    note(file, 0, "");
    int answer = real(file);
    if (is_failed) errno = error;
    return is_failed ? -1 : answer;
}

#define COPYING(name, signature, types, call, from) \
    int name signature { \
        static int(*real) types; \
        if (!real) real = (int (*) types)dlsym(RTLD_NEXT, #name); \
        int file = real call; \
        note(file, is_open_below(from), name_of(from)); \
        return file; \
    }
COPYING(dup, (int a), (int), (a), a)
COPYING(dup2, (int a, int b), (int, int), (a, b), a)
COPYING(dup3, (int a, int b, int c), (int, int, int), (a, b, c), a)

#define CONTROLLING(name) \
    int name(int file, int command, ...) { \
        REAL(int, name, int, int, ...); \
        va_list list; \
        va_start(list, command); \
        void *more = va_arg(list, void *); \
        va_end(list); \
        int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK; \
        if (locks && is_open_below(file) && fails(#name, READS, name_of(file))) return -1; \
        int answer = real(file, command, more); \
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) \
            note(answer, is_open_below(file), name_of(file)); \
        return answer; \
    }
CONTROLLING(fcntl)
CONTROLLING(fcntl64)

BY_FILE(int, -1, flock, READS, file, (int file, int how), (int, int), (file, how))

#define WRITING(name, signature, types, less, call) \
    ssize_t name signature { \
        static ssize_t(*real) types; \
        if (!real) real = (ssize_t(*) types)dlsym(RTLD_NEXT, #name); \
        int how = is_open_below(file) \
            ? fails(#name, WRITES | NEEDS_ROOM | SHORTENS, name_of(file)) : 0; \
        if (how == 1) return -1; \
        if (how == 2 && size > 1) return real less; \
        return real call; \
    }
WRITING(write, (int file, const void *data, size_t size), (int, const void *, size_t),
        (file, data, size / 2), (file, data, size))
WRITING(pwrite, (int file, const void *data, size_t size, off_t at),
        (int, const void *, size_t, off_t), (file, data, size / 2, at), (file, data, size, at))
WRITING(pwrite64, (int file, const void *data, size_t size, off_t at),
        (int, const void *, size_t, off_t), (file, data, size / 2, at), (file, data, size, at))

BY_FILE(ssize_t, -1, read, READS, file, (int file, void *data, size_t size),
        (int, void *, size_t), (file, data, size))
BY_FILE(ssize_t, -1, pread, READS, file, (int file, void *data, size_t size, off_t at),
        (int, void *, size_t, off_t), (file, data, size, at))
BY_FILE(ssize_t, -1, pread64, READS, file, (int file, void *data, size_t size, off_t at),
        (int, void *, size_t, off_t), (file, data, size, at))
BY_FILE(ssize_t, -1, sendfile, WRITES | NEEDS_ROOM, file,
        (int file, int from, off_t *at, size_t size), (int, int, off_t *, size_t),
        (file, from, at, size))
BY_FILE(ssize_t, -1, sendfile64, WRITES | NEEDS_ROOM, file,
        (int file, int from, off_t *at, size_t size), (int, int, off_t *, size_t),
        (file, from, at, size))
BY_FILE(int, -1, fsync, WRITES | NEEDS_ROOM, file, (int file), (int), (file))
BY_FILE(int, -1, fdatasync, WRITES | NEEDS_ROOM, file, (int file), (int), (file))
BY_FILE(int, -1, ftruncate, WRITES | NEEDS_ROOM, file, (int file, off_t size), (int, off_t),
        (file, size))
BY_FILE(int, -1, ftruncate64, WRITES | NEEDS_ROOM, file, (int file, off_t size), (int, off_t),
        (file, size))
BY_FILE(int, -1, fstat, READS, file, (int file, struct stat *to), (int, struct stat *), (file, to))
BY_FILE(int, -1, fstat64, READS, file, (int file, struct stat64 *to), (int, struct stat64 *),
        (file, to))
BY_FILE(int, -1, __fxstat, READS, file, (int v, int file, struct stat *to),
        (int, int, struct stat *), (v, file, to))
BY_FILE(int, -1, __fxstat64, READS, file, (int v, int file, struct stat64 *to),
        (int, int, struct stat64 *), (v, file, to))
BY_FILE(int, -1, fchmod, WRITES, file, (int file, mode_t mode), (int, mode_t), (file, mode))
BY_FILE(int, -1, futimens, WRITES, file, (int file, const struct timespec to[2]),
        (int, const struct timespec *), (file, to))

BY_NAME(int, -1, stat, READS, AT_FDCWD, path, (const char *path, struct stat *to),
        (const char *, struct stat *), (path, to))
BY_NAME(int, -1, stat64, READS, AT_FDCWD, path, (const char *path, struct stat64 *to),
        (const char *, struct stat64 *), (path, to))
BY_NAME(int, -1, lstat, READS, AT_FDCWD, path, (const char *path, struct stat *to),
        (const char *, struct stat *), (path, to))
BY_NAME(int, -1, lstat64, READS, AT_FDCWD, path, (const char *path, struct stat64 *to),
        (const char *, struct stat64 *), (path, to))
BY_NAME(int, -1, __xstat, READS, AT_FDCWD, path, (int v, const char *path, struct stat *to),
        (int, const char *, struct stat *), (v, path, to))
BY_NAME(int, -1, __xstat64, READS, AT_FDCWD, path, (int v, const char *path, struct stat64 *to),
        (int, const char *, struct stat64 *), (v, path, to))
BY_NAME(int, -1, __lxstat, READS, AT_FDCWD, path, (int v, const char *path, struct stat *to),
        (int, const char *, struct stat *), (v, path, to))
BY_NAME(int, -1, __lxstat64, READS, AT_FDCWD, path, (int v, const char *path, struct stat64 *to),
        (int, const char *, struct stat64 *), (v, path, to))
BY_NAME(int, -1, fstatat, READS, folder, path,
        (int folder, const char *path, struct stat *to, int how),
        (int, const char *, struct stat *, int), (folder, path, to, how))
BY_NAME(int, -1, fstatat64, READS, folder, path,
        (int folder, const char *path, struct stat64 *to, int how),
        (int, const char *, struct stat64 *, int), (folder, path, to, how))
BY_NAME(int, -1, access, READS, AT_FDCWD, path, (const char *path, int how), (const char *, int),
        (path, how))
BY_NAME(ssize_t, -1, readlink, READS, AT_FDCWD, path, (const char *path, char *to, size_t size),
        (const char *, char *, size_t), (path, to, size))
BY_NAME(int, -1, mkdir, WRITES | NEEDS_ROOM, AT_FDCWD, path, (const char *path, mode_t mode),
        (const char *, mode_t), (path, mode))
BY_NAME(int, -1, rmdir, WRITES, AT_FDCWD, path, (const char *path), (const char *), (path))
BY_NAME(int, -1, unlink, WRITES, AT_FDCWD, path, (const char *path), (const char *), (path))
BY_NAME(int, -1, unlinkat, WRITES, folder, path, (int folder, const char *path, int how),
        (int, const char *, int), (folder, path, how))
BY_NAME(int, -1, rename, WRITES | NEEDS_ROOM, AT_FDCWD, to, (const char *from, const char *to),
        (const char *, const char *), (from, to))
BY_NAME(int, -1, renameat, WRITES | NEEDS_ROOM, folder, to,
        (int old, const char *from, int folder, const char *to),
        (int, const char *, int, const char *), (old, from, folder, to))
BY_NAME(int, -1, link, WRITES | NEEDS_ROOM, AT_FDCWD, to, (const char *from, const char *to),
        (const char *, const char *), (from, to))
BY_NAME(int, -1, linkat, WRITES | NEEDS_ROOM, folder, to,
        (int old, const char *from, int folder, const char *to, int how),
        (int, const char *, int, const char *, int), (old, from, folder, to, how))
BY_NAME(int, -1, chmod, WRITES, AT_FDCWD, path, (const char *path, mode_t mode),
        (const char *, mode_t), (path, mode))
BY_NAME(int, -1, fchmodat, WRITES, folder, path,
        (int folder, const char *path, mode_t mode, int how), (int, const char *, mode_t, int),
        (folder, path, mode, how))
BY_NAME(int, -1, utimensat, WRITES, folder, path,
        (int folder, const char *path, const struct timespec to[2], int how),
        (int, const char *, const struct timespec *, int), (folder, path, to, how))

DIR *opendir(const char *path) {
    REAL(DIR *, opendir, const char *);
    int is = is_below(AT_FDCWD, path);
    if (is && fails("opendir", READS | BY_PATH, path)) return NULL;
    DIR *folder = real(path);
    if (folder) note(dirfd(folder), is, path);
    return folder;
}

int closedir(DIR *folder) {
    REAL(int, closedir, DIR *);
    note(dirfd(folder), 0, "");
    return real(folder);
}

#define LISTING(name, type) \
    type *name(DIR *folder) { \
        REAL(type *, name, DIR *); \
        int file = dirfd(folder); \
        if (is_open_below(file) && fails(#name, READS, name_of(file))) return NULL; \
        return real(folder); \
    }
LISTING(readdir, struct dirent)
LISTING(readdir64, struct dirent64)
