/* The file of virAuditOpenFile in a daemon that does as it likes: with the file, its lock, its end and its
 * descriptors. A record that a call delivers is in the file, on a line of its own. */

#include "check.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

static virAuditDomain *dom;
static char log_path[4096];
static char old_path[4096];

static int stop_guest(void)
{
    return virAuditDomainStop(dom, "shutdown");
}

/* The file's records. Each of its lines must be a whole one, but for `cut` of them. */
static int lines(const char *path, int cut)
{
    static char line[8192];
    FILE *file = fopen(path, "r");
    int count = 0;

    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        bool whole = strncmp(line, "type=VIRT_", 10) == 0 && strstr(line, " res=success'\n") != NULL
                     && strstr(line + 1, "type=") == NULL;

        count += whole;
        cut -= !whole;
    }
    fclose(file);
    CHECK(cut == 0);
    return count;
}

static virAuditStats counts(void)
{
    virAuditStats stats;

    CHECK(virAuditGetStats(&stats, sizeof stats) == 0);
    CHECK(stats.offered == stats.delivered + stats.failed);
    return stats;
}

static void anew(void)
{
    unlink(log_path);
    unlink(old_path);
    CHECK(virAuditOpenFile(log_path) == 0);
}

static int find_descriptor(const char *path)
{
    struct stat wanted, found;
    int fd;

    CHECK(stat(path, &wanted) == 0);
    for (fd = 0; fd < 1024; fd++)
        if (fstat(fd, &found) == 0 && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino)
            return fd;
    return -1;
}

static void rotation(void)
{
    struct stat file;

    anew();
    CHECK(stop_guest() == 0);
    CHECK(rename(log_path, old_path) == 0);
    CHECK(stop_guest() == 0);
    CHECK(lines(old_path, 0) == 1 && lines(log_path, 0) == 1);
    CHECK(stat(log_path, &file) == 0 && (file.st_mode & 07777) == 0600);
    CHECK(fcntl(find_descriptor(log_path), F_GETFL) & O_APPEND);
    CHECK(unlink(log_path) == 0);
    CHECK(stop_guest() == 0);
    CHECK(lines(log_path, 0) == 1);
    /* logrotate's copytruncate. */
    CHECK(truncate(log_path, 0) == 0);
    CHECK(stop_guest() == 0);
    CHECK(lines(log_path, 0) == 1);
}

/* A path that can't be opened again is a failure, and no longer one when it can. */
static void a_directory_that_goes(const char *directory)
{
    char moved[4096], gone[4096];
    virAuditStats before;

    snprintf(gone, sizeof gone, "%s/gone", directory);
    snprintf(moved, sizeof moved, "%s/moved", directory);
    CHECK(mkdir(gone, 0700) == 0);
    /* A relative path stays the same file when the daemon changes its directory. */
    CHECK(chdir(directory) == 0);
    CHECK(virAuditOpenFile("gone/log") == 0);
    CHECK(chdir("/") == 0);
    CHECK(stop_guest() == 0);
    CHECK(rename(gone, moved) == 0);
    before = counts();
    CHECK(stop_guest() == -1 && errno == ENOENT);
    CHECK(counts().failed == before.failed + 1);
    CHECK(rename(moved, gone) == 0);
    CHECK(stop_guest() == 0);
    CHECK(chdir(gone) == 0);
    CHECK(lines("log", 0) == 2);
    CHECK(unlink("log") == 0 && rmdir(gone) == 0);
}

/* As `chattr +a`: such a file can't be made shorter. Returns false where that isn't possible. */
static bool append_only(const char *path, bool on)
{
    int fd = open(path, O_RDONLY), flags = 0;
    bool done = fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;

    flags = on ? flags | FS_APPEND_FL : flags & ~FS_APPEND_FL;
    done = done && ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
    close(fd);
    return done;
}

static void a_cut_line(void)
{
    struct rlimit limit, before;
    struct stat file;
    virAuditStats stats = counts();
    FILE *other;
    int i;

    anew();
    CHECK(stop_guest() == 0);
    other = fopen(log_path, "a");
    CHECK(other != NULL);
    fputs("type=VIRT_CONTROL msg=audit(1.000:7): pid=1 uid=", other);
    fclose(other);
    CHECK(stop_guest() == 0 && stop_guest() == 0);
    CHECK(lines(log_path, 1) == 3);

    /* No more room, in the middle of a burst's line: the signal doesn't end the daemon, whole lines
     * stay and are delivered, and the rest has failed. */
    anew();
    CHECK(stop_guest() == 0);
    CHECK(stat(log_path, &file) == 0 && getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = before;
    limit.rlim_cur = (rlim_t)file.st_size * 7 / 2;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    stats = counts();
    virAuditBatchBegin();
    for (i = 0; i < 10; i++)
        CHECK(stop_guest() == 0);
    CHECK(virAuditBatchEnd() == -1 && errno == EFBIG);
    CHECK(counts().delivered == stats.delivered + 2 && counts().failed == stats.failed + 8);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(lines(log_path, 0) == 3);
    CHECK(stop_guest() == 0);
    CHECK(lines(log_path, 0) == 4);

    /* The cut line of an append-only file stays. The failure is still the write's. */
    anew();
    CHECK(stop_guest() == 0);
    if (append_only(log_path, true)) {
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        virAuditBatchBegin();
        for (i = 0; i < 10; i++)
            CHECK(stop_guest() == 0);
        CHECK(virAuditBatchEnd() == -1 && errno == EFBIG);
        CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
        CHECK(stop_guest() == 0);
        CHECK(append_only(log_path, false));
        CHECK(lines(log_path, 1) == 4);
    } else {
        fprintf(stderr, "skipped: no append-only files here\n");
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Any reader may hold the file's lock, for ever. */
static void a_lock_that_is_held(void)
{
    double began;
    int reader;

    anew();
    reader = open(log_path, O_RDONLY);
    CHECK(reader >= 0 && flock(reader, LOCK_SH) == 0);
    began = seconds();
    CHECK(stop_guest() == 0);
    CHECK(seconds() - began > 0.9 && seconds() - began < 20);
    CHECK(counts().longest_us > 900000);
    /* From now on the lock is only tried. */
    began = seconds();
    CHECK(stop_guest() == 0);
    CHECK(seconds() - began < 0.9);
    CHECK(lines(log_path, 0) == 2);
    close(reader);
}

static void what_is_no_file(const char *directory)
{
    static const char why[] = "records can be appended to a regular file or a character device only";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char fifo[4096];
    int reader, listener = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    CHECK(mkfifo(fifo, 0600) == 0);
    CHECK(virAuditOpenFile(fifo) == -1 && errno == ENOTSUP);
    CHECK(strstr(virAuditLastError(), why) != NULL);
    reader = open(fifo, O_RDONLY | O_NONBLOCK);
    CHECK(reader >= 0 && virAuditOpenFile(fifo) == -1 && errno == ENOTSUP);
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/socket", directory);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(virAuditOpenFile(address.sun_path) == -1 && errno == ENOTSUP);
    close(listener);
    unlink(address.sun_path);
    /* One that takes the file's place while it is open. */
    anew();
    CHECK(rename(fifo, log_path) == 0);
    CHECK(stop_guest() == -1 && errno == ENOTSUP);
    close(reader);
    CHECK(stop_guest() == -1 && errno == ENOTSUP);
    CHECK(virAuditOpenFile("/dev/null") == 0 && stop_guest() == 0);
}

/* The daemon's own file or socket gets the number of the library's descriptor. */
static void a_descriptor_of_somebody_else(void)
{
    char byte;
    int pair[2], fd, how;

    for (how = 0; how < 2; how++) {
        CHECK(virAuditSetDelivery(how == 0 ? VIR_AUDIT_DIRECT : VIR_AUDIT_QUEUED, 0) == 0);
        anew();
        CHECK(stop_guest() == 0 && virAuditFlush(10000) == 0);
        fd = find_descriptor(log_path);
        CHECK(fd > 2);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
        CHECK(dup2(pair[0], fd) == fd);
        close(pair[0]);
        CHECK(stop_guest() == 0 && virAuditFlush(10000) == 0);
        CHECK(lines(log_path, 0) == 2);
        CHECK(read(pair[1], &byte, 1) == -1 && errno == EAGAIN);
        virAuditClose();
        /* It is still the daemon's. */
        CHECK(write(fd, "x", 1) == 1 && read(pair[1], &byte, 1) == 1);
        close(fd);
        close(pair[1]);
    }
    CHECK(virAuditSetDelivery(VIR_AUDIT_DIRECT, 0) == 0);

    anew();
    CHECK(stop_guest() == 0);
    close(find_descriptor(log_path));
    CHECK(stop_guest() == 0);
    CHECK(lines(log_path, 0) == 2);
}

/* Closed standard streams don't become the audit log. */
static void standard_streams(void)
{
    int kept[3], i;

    for (i = 0; i < 3; i++) {
        kept[i] = fcntl(i, F_DUPFD, 10);
        CHECK(kept[i] >= 0);
    }
    for (i = 0; i < 3; i++)
        close(i);
    anew();
    CHECK(stop_guest() == 0);
    i = find_descriptor(log_path);
    (void)!write(1, "text for standard output\n", 25);
    dup2(kept[0], 0);
    dup2(kept[1], 1);
    dup2(kept[2], 2);
    CHECK(i > 2);
    CHECK(lines(log_path, 0) == 1);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    alarm(300);
    snprintf(log_path, sizeof log_path, "%s/audit.log", argv[1]);
    snprintf(old_path, sizeof old_path, "%s/audit.log.1", argv[1]);
    dom = web1();
    rotation();
    a_directory_that_goes(argv[1]);
    a_cut_line();
    a_lock_that_is_held();
    what_is_no_file(argv[1]);
    a_descriptor_of_somebody_else();
    standard_streams();
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
