/*
 * viraudit.h: audit records about virtual machines
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * libvirt tells the Linux audit subsystem what happens to its guests: VIRT_CONTROL when one starts
 * or stops, VIRT_MACHINE_ID for its security labels, VIRT_RESOURCE for each disk, interface,
 * device, cgroup and amount of memory it gets. This library writes the same records, byte for
 * byte, for any daemon. Link with -lviraudit.
 *
 *     virAuditDomain *dom;
 *
 *     if (virAuditOpenConfig(NULL) < 0)
 *         fprintf(stderr, "no auditing: %s\n", virAuditLastError());
 *     dom = virAuditDomainNew("kvm", "web1", uuid);
 *     virAuditDomainSetPid(dom, pid);
 *     virAuditDomainDisk(dom, NULL, "/images/web1.qcow2", "start", true);
 *     virAuditDomainStart(dom, "booted", true);
 *
 * What holds for every function, where its own words don't say otherwise:
 *
 *  - An int result is 0, or -1 with errno set and virAuditLastError() telling what it means. A
 *    pointer result is NULL then. A function that succeeds, or gives nothing back, leaves errno
 *    as it was.
 *  - A record that can't be delivered is counted, and the first of a row is logged as a warning:
 *    a daemon may ignore the results. While nothing is open, or at level 0, records are only
 *    logged (virAuditLog), and the functions succeed.
 *  - NULL is an error (EINVAL; the message names the argument), and a function without a result
 *    then does nothing. Where an argument may be NULL, the function's comment says so.
 *  - Strings are any bytes up to a NUL. The library copies what it keeps. No value, whatever its
 *    bytes, can add a field to a record or forge another record.
 *  - Any thread may call any function at any time. A forked child may go on calling them: it opens
 *    its own connection, and its counts start at 0. None is safe in a signal handler.
 */

#ifndef VIRAUDIT_H
#define VIRAUDIT_H

#include <stddef.h>
#include <sys/types.h>

#ifndef __cplusplus
# include <stdbool.h>
#endif

/* Before C99 and C++11, bool and long long are extensions; every compiler for Linux has them. */
#if defined __clang__
# pragma clang diagnostic push
# pragma clang diagnostic ignored "-Wlong-long"
# ifndef __cplusplus
#  pragma clang diagnostic ignored "-Wc99-extensions"
# endif
#elif defined __GNUC__
# pragma GCC diagnostic push
# pragma GCC diagnostic ignored "-Wlong-long"
#endif

#if defined __GNUC__
# define VIRAUDIT_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#else
# define VIRAUDIT_PRINTF(format, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------
 * Version
 */

/* The version of this header. */
#define VIRAUDIT_VERSION_MAJOR 0
#define VIRAUDIT_VERSION_MINOR 1
#define VIRAUDIT_VERSION_PATCH 0

/* The version of the library in use, such as "0.1.0". Never NULL, never freed. */
const char *virAuditVersion(void);

/* ---------------------------------------------------------------------------------------------
 * Opening and closing
 *
 * One thing is open at a time, for the whole process. Opening again replaces it and starts the
 * counts anew; when that fails, what was open stays.
 *
 * What each record says of this process (its executable, host name and terminal) is looked up when
 * it opens and not again. A daemon that gives up its terminal opens afterwards.
 */

/*
 * Opens the kernel's audit subsystem.
 *
 * audit_level is libvirtd.conf's:
 *   0  nothing is sent. Succeeds, and closes what was open.
 *   1  records are sent wherever the kernel has audit support. Fails, said at info level, where it
 *      has none; the daemon goes on. With auditing off the kernel drops records until somebody
 *      turns it on.
 *   2  (and above) a daemon must not run without auditing. Fails also when auditing is off
 *      (ENOTCONN) or this process may not write records (EPERM, ECONNREFUSED, EACCES).
 *
 * Same as libvirt's function of that name.
 */
int virAuditOpen(unsigned int audit_level);

/*
 * Sets audit_level and audit_logging as the libvirtd.conf at path says, read as libvirt reads it.
 * path may be NULL: /etc/libvirt/libvirtd.conf. A missing file, or key, means level 1 and no
 * logging. Fails as virAuditOpen does, and when the file can't be read or libvirt would refuse it
 * (EINVAL; the message has file and line).
 */
int virAuditOpenConfig(const char *path);

/*
 * Appends records to the file at path, as lines in audit.log's form, which ausearch and auvirt
 * read. The file is made, with mode 0600, if need be.
 */
int virAuditOpenFile(const char *path);

/*
 * Keeps records in memory, for test suites: see the section on the mock. Needs no privilege.
 */
int virAuditOpenMock(void);

/*
 * Closes what is open; from then on records are only logged. What is queued is delivered first, for 5
 * seconds at most; what is left then counts as dropped, and is said. The counts and the mock's records
 * stay until the next opening. Same as libvirt's function of that name.
 */
void virAuditClose(void);

/* ---------------------------------------------------------------------------------------------
 * Errors and counts
 */

/*
 * Why the last call of this thread that failed did so: what it means, and what cures it. "" before
 * the first failure; successful calls don't change it. Never NULL. The library's: it changes with
 * this thread's next failure, and must not be used once the thread has ended.
 */
const char *virAuditLastError(void);

/* What became of the records: offered = delivered + failed + dropped + queued. */
typedef struct _virAuditStats {
    unsigned long long offered;    /* that were to be sent */
    unsigned long long delivered;  /* that the kernel (the file, the mock) took */
    unsigned long long failed;     /* that it refused, or that could not be handed to it */
    unsigned long long dropped;    /* given up because the queue was full, or its deadline over */
    unsigned long long truncated;  /* out of those offered: values had to be shortened */
    unsigned long long queued;     /* that wait now, in the queue or in an open batch */
    int last_errno;                /* of the last record that failed; 0 when none has */
    unsigned long long longest_us; /* the longest that one call took, in microseconds */
} virAuditStats;

/*
 * Copies the counts of this process since the last opening to stats.
 *
 * size is sizeof(virAuditStats) of the caller's header: later versions only add members at the
 * end, and no more than size bytes are written. Members that the library in use doesn't know yet
 * keep their values, so start with zeros.
 */
int virAuditGetStats(virAuditStats *stats, size_t size);

/* ---------------------------------------------------------------------------------------------
 * Delivery
 */

/* Who waits for the kernel. */
typedef enum {
    VIR_AUDIT_DIRECT, /* the caller: when a call returns, its record is delivered or has failed */
    VIR_AUDIT_QUEUED  /* a thread of the library's; a caller never waits for the kernel */
} virAuditDelivery;

/*
 * Sets who waits for the kernel, now and for whatever is opened later. Direct at first, as in
 * libvirt; then a frozen auditd, with the kernel's backlog full, makes every record wait for up to
 * a minute.
 *
 * queue_limit is how many records may be queued; 0 is 8192. When so many are, level 2 makes the
 * caller wait for room; level 1 drops the record, counts it, and the call fails with EAGAIN. The
 * thread starts with the first queued record. Going back to direct delivers what is queued first,
 * for 5 seconds at most. What is queued when the process calls exit is delivered then, for as long.
 *
 * The thread also keeps records while auditd doesn't read them, because the kernel would take them
 * and drop them; how far auditd is behind can be seen with CAP_AUDIT_CONTROL only.
 *
 * Fails with EINVAL when how is neither.
 */
int virAuditSetDelivery(virAuditDelivery how, size_t queue_limit);

/*
 * Waits until what was queued before is delivered (or has failed), for timeout_ms milliseconds at
 * most; then it fails with ETIMEDOUT.
 */
int virAuditFlush(unsigned int timeout_ms);

/*
 * Begins a batch of this thread: what it sends until the end goes out together, in order, in one
 * system call with one answer. Meanwhile the functions that send succeed, and other threads'
 * records pass. Batches may be nested; the outermost end sends. A thread that ends with a batch
 * open has it sent.
 */
void virAuditBatchBegin(void);

/*
 * Ends this thread's batch and sends it. Fails as the first of its records that failed does, and
 * with EINVAL when no batch is open.
 */
int virAuditBatchEnd(void);

/* ---------------------------------------------------------------------------------------------
 * Logging
 */

/*
 * Turns logging of each record on or off (libvirtd.conf's audit_logging; off at first):
 * "success=yes ..." at info level, "success=no ..." as a warning. Independent of what is open, and
 * kept when that changes; virAuditOpenConfig sets it too. Same as libvirt's function of that name.
 */
void virAuditLog(bool enabled);

/* How urgent a line of the log is. */
typedef enum {
    VIR_AUDIT_LOG_INFO,
    VIR_AUDIT_LOG_WARNING
} virAuditLogLevel;

/*
 * Takes one line of the log: a record, or what the library has to say about their delivery.
 *
 * opaque is what virAuditSetLogFunc was given, level a virAuditLogLevel. file, line and function
 * are those of the caller of virAuditSend; for other functions, file is "", line is 0 and function
 * is the library's. message has no newline. No string is NULL, and all are the library's: copy
 * what is to be kept. Called by any thread, several at once, while no lock is held: it may itself
 * call this library. It must return normally (no longjmp, no exception).
 */
typedef void (*virAuditLogFunc)(void *opaque, int level, const char *file, size_t line,
                                const char *function, const char *message);

/*
 * Sends the log to func. NULL goes back to the default: libvirt's own log if this process has
 * libvirt in it, else the logger of a Rust program, if there is one. Calls under way in other
 * threads may still reach the previous function. opaque may be NULL.
 */
void virAuditSetLogFunc(virAuditLogFunc func, void *opaque);

/* ---------------------------------------------------------------------------------------------
 * libvirt's own interface: records that the caller formats
 */

/* The module that logs, in libvirt; other callers have none. */
typedef struct _virLogSource virLogSource;

/* The types of records that libvirt emits. */
typedef enum {
    VIR_AUDIT_RECORD_MACHINE_CONTROL, /* VIRT_CONTROL: a guest starts or stops */
    VIR_AUDIT_RECORD_MACHINE_ID,      /* VIRT_MACHINE_ID: a guest's security label */
    VIR_AUDIT_RECORD_RESOURCE         /* VIRT_RESOURCE: a guest gets or loses a resource */
} virAuditRecordType;

/*
 * Sends a record whose text the caller formats, printf's way. Rather use the functions for each
 * resource; with this one it is up to the caller that values are encoded (virAuditEncode).
 *
 * source may be NULL. filename (may be NULL), linenr and funcname (may be NULL) are the caller's,
 * for the log. clienttty and clientaddr are of the client on whose behalf the record is written:
 * NULL is this process's own terminal and no address, "" none. success is the record's result.
 * Without a format, or with a type out of range, nothing is sent. errno stays as it was.
 */
void virAuditSend(virLogSource *source, const char *filename, size_t linenr, const char *funcname,
                  const char *clienttty, const char *clientaddr, virAuditRecordType type,
                  bool success, const char *fmt, ...) VIRAUDIT_PRINTF(9, 10);

/*
 * "KEY=VALUE" with the value in audit's encoding: quoted, or in hex when it holds a blank, a
 * quote, or a byte that isn't printable ASCII. value may be NULL: KEY="?". The caller releases it
 * with free().
 */
char *virAuditEncode(const char *key, const char *value);

/* What libvirt prints for a string that may be NULL. */
#define VIR_AUDIT_STR(str) ((str) ? (str) : "?")

/* The source that VIR_AUDIT and VIR_AUDIT_USER log under; define it first to have another. */
#ifndef VIR_AUDIT_LOG_SOURCE
# define VIR_AUDIT_LOG_SOURCE NULL
#endif

#if (defined __STDC_VERSION__ && __STDC_VERSION__ >= 199901L) \
    || (defined __cplusplus && __cplusplus >= 201103L)

/* VIR_AUDIT(type, success, fmt, ...): virAuditSend from here, on nobody's behalf. */
# define VIR_AUDIT(type, success, ...) \
    virAuditSend(VIR_AUDIT_LOG_SOURCE, __FILE__, __LINE__, __func__, NULL, NULL, type, success, \
                 __VA_ARGS__)

/* VIR_AUDIT_USER(type, success, clienttty, clientaddr, fmt, ...): the same for a client. */
# define VIR_AUDIT_USER(type, success, clienttty, clientaddr, ...) \
    virAuditSend(VIR_AUDIT_LOG_SOURCE, __FILE__, __LINE__, __func__, clienttty, clientaddr, type, \
                 success, __VA_ARGS__)

#endif

/* ---------------------------------------------------------------------------------------------
 * Guests
 */

/* A guest. Any thread may use it while others do, too, until it is freed. */
typedef struct _virAuditDomain virAuditDomain;

/*
 * A guest from its driver's name (libvirt's are kvm, qemu, lxc, xen, ...), its own name and its
 * UUID. Its process id is 0 at first. The caller releases it with virAuditDomainFree.
 */
virAuditDomain *virAuditDomainNew(const char *virt, const char *name, const unsigned char uuid[16]);

/*
 * A guest as its domain XML describes it, the way libvirt reads that of a running guest. EINVAL if
 * libvirt would refuse it, or a record would lack something; the message has line and column.
 * ENOTSUP if the library was built without this. The caller releases it with virAuditDomainFree.
 */
virAuditDomain *virAuditDomainNewXML(const char *xml);

/*
 * Sets the process id of the guest on the host, for its VIRT_CONTROL records: libvirt says 0 or -1
 * once the process is gone.
 */
void virAuditDomainSetPid(virAuditDomain *dom, long long pid);

/* Releases a guest. dom may be NULL. No record is sent. */
void virAuditDomainFree(virAuditDomain *dom);

/*
 * The guest starts; success is how that ended. libvirt's reasons: booted, restored, migrated,
 * from-snapshot, reboot.
 *
 * For a guest from XML, this sends everything that libvirt does at a start, as one batch: its
 * security labels, every resource (reason start), then the start itself. For another, the start
 * alone: its labels and resources have their own functions.
 */
int virAuditDomainStart(virAuditDomain *dom, const char *reason, bool success);

/*
 * The guest has stopped. libvirt's reasons: shutdown, destroyed, crashed, saved, migrated, failed,
 * from-snapshot, reboot.
 */
int virAuditDomainStop(virAuditDomain *dom, const char *reason);

/*
 * A container's init has started: initpid is its process id on the host, pidns the inode number of
 * its pid namespace.
 */
int virAuditDomainInit(virAuditDomain *dom, long long initpid, unsigned long long pidns);

/*
 * The guest's process and its images have security labels. model is selinux, apparmor, dac, ...
 * vm_ctx, img_ctx and model may be NULL: unknown.
 */
int virAuditDomainSecurityLabel(virAuditDomain *dom, const char *vm_ctx, const char *img_ctx,
                                const char *model, bool success);

/* ---------------------------------------------------------------------------------------------
 * Resources
 *
 * Each sends one VIRT_RESOURCE record. libvirt's reasons are start, attach, detach, update, mirror,
 * snapshot, allow and deny; success is whether the guest really got it, or lost it.
 */

/*
 * The path of a disk, a filesystem, a character device (serial, console, channel) or a source of
 * random numbers changes. oldsrc and newsrc may be NULL: none. With neither nothing is sent.
 */
int virAuditDomainDisk(virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                       const char *reason, bool success);
int virAuditDomainFS(virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                     const char *reason, bool success);
int virAuditDomainChardev(virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                          const char *reason, bool success);
int virAuditDomainRNG(virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                      const char *reason, bool success);

/* A network interface changes its MAC address. oldmac and newmac may be NULL: none. */
int virAuditDomainNet(virAuditDomain *dom, const unsigned char oldmac[6],
                      const unsigned char newmac[6], const char *reason, bool success);

/*
 * A device, such as /dev/net/tun, is opened for the interface with that MAC address. device may be
 * NULL: unknown. Its device number is looked up.
 */
int virAuditDomainNetDevice(virAuditDomain *dom, const unsigned char mac[6], const char *device,
                            bool success);

/* A PCI function of the host. */
int virAuditDomainHostdevPCI(virAuditDomain *dom, unsigned int domain, unsigned int bus,
                             unsigned int slot, unsigned int function, const char *reason,
                             bool success);

/* A USB device of the host, by its bus and its number there. */
int virAuditDomainHostdevUSB(virAuditDomain *dom, unsigned int bus, unsigned int device,
                             const char *reason, bool success);

/* A SCSI unit of the host; adapter is such as scsi_host0. */
int virAuditDomainHostdevSCSI(virAuditDomain *dom, const char *adapter, unsigned int bus,
                              unsigned int target, unsigned long long unit, const char *reason,
                              bool success);

/* A SCSI host (vhost), by its WWPN, which may be NULL: unknown. */
int virAuditDomainHostdevSCSIHost(virAuditDomain *dom, const char *wwpn, const char *reason,
                                  bool success);

/* A mediated device, by its UUID as text, which may be NULL: unknown. */
int virAuditDomainHostdevMdev(virAuditDomain *dom, const char *uuid, const char *reason,
                              bool success);

/* A block device that a container may use; block may be NULL: unknown. */
int virAuditDomainHostdevStorage(virAuditDomain *dom, const char *block, const char *reason,
                                 bool success);

/* A character device that a container may use; chardev may be NULL: unknown. */
int virAuditDomainHostdevMisc(virAuditDomain *dom, const char *chardev, const char *reason,
                              bool success);

/* A USB device that a client redirects. */
int virAuditDomainRedirdev(virAuditDomain *dom, const char *reason, bool success);

/* How a guest gets at a TPM. */
typedef enum {
    VIR_AUDIT_TPM_PASSTHROUGH, /* the host's device */
    VIR_AUDIT_TPM_EMULATOR,    /* an emulator of the guest's own */
    VIR_AUDIT_TPM_EXTERNAL     /* an emulator that somebody else runs */
} virAuditTPMType;

/* A TPM: path is its device, or its emulator's socket, and may be NULL: unknown. */
int virAuditDomainTPM(virAuditDomain *dom, virAuditTPMType type, const char *path,
                      const char *reason, bool success);

/*
 * A smartcard: newsrc is nss-smartcard-device, a certificate, a database of them, or the path of a
 * character device. It may be NULL: then nothing is sent.
 */
int virAuditDomainSmartcard(virAuditDomain *dom, const char *newsrc, const char *reason,
                            bool success);

/* Shared memory without a server: its name below /dev/shm and its size in bytes. */
int virAuditDomainShmem(virAuditDomain *dom, const char *name, unsigned long long size,
                        const char *reason, bool success);

/* Shared memory with a server: the server's socket, which may be NULL: unknown. */
int virAuditDomainShmemServer(virAuditDomain *dom, const char *path, const char *reason,
                              bool success);

/* An input device of the host; path may be NULL: unknown. */
int virAuditDomainInput(virAuditDomain *dom, const char *path, const char *reason, bool success);

/* The guest's memory changes, in KiB. */
int virAuditDomainMemory(virAuditDomain *dom, unsigned long long oldval, unsigned long long newval,
                         const char *reason, bool success);

/* The number of its virtual CPUs, or of its I/O threads, changes. */
int virAuditDomainVcpu(virAuditDomain *dom, unsigned int oldval, unsigned int newval,
                       const char *reason, bool success);
int virAuditDomainIOThread(virAuditDomain *dom, unsigned int oldval, unsigned int newval,
                           const char *reason, bool success);

/*
 * The guest's cgroup allows or denies (that is the reason) every device. cgroup is the cgroup's
 * path, and may be NULL, here and below: it has no devices controller.
 */
int virAuditDomainCgroup(virAuditDomain *dom, const char *cgroup, const char *reason, bool success);

/*
 * The guest's cgroup allows or denies the devices of major number maj; name says what they are
 * (pty, sound, ...), perms is out of r, w and m.
 */
int virAuditDomainCgroupMajor(virAuditDomain *dom, const char *cgroup, const char *reason, int maj,
                              const char *name, const char *perms, bool success);

/*
 * The guest's cgroup allows or denies the device at path, which may be NULL: unknown. Its device
 * number is looked up; perms is out of r, w and m. rc is how that ended: 0 success, below 0
 * failure, above 0 there was nothing to do, and nothing is sent.
 */
int virAuditDomainCgroupPath(virAuditDomain *dom, const char *cgroup, const char *reason,
                             const char *path, const char *perms, int rc);

/* ---------------------------------------------------------------------------------------------
 * A guest's life, in records that libvirt never emits
 *
 * The types are of the audit project's specification of a guest's lifecycle.
 */

/*
 * VIRT_INTEGRITY_CHECK: the guest's integrity was checked. mechanism says how, or is "none";
 * action is what the host did about the result.
 */
int virAuditDomainIntegrityCheck(virAuditDomain *dom, const char *mechanism, const char *action,
                                 bool success);

/* VIRT_CREATE, VIRT_DESTROY: an image of the guest. image may be NULL: unknown. */
int virAuditDomainCreate(virAuditDomain *dom, const char *image, const char *reason, bool success);
int virAuditDomainDestroy(virAuditDomain *dom, const char *image, const char *reason, bool success);

/*
 * VIRT_MIGRATE_IN, VIRT_MIGRATE_OUT: the guest comes from the host peer, or goes there. peer may
 * be NULL: unknown.
 */
int virAuditDomainMigrateIn(virAuditDomain *dom, const char *peer, const char *reason,
                            bool success);
int virAuditDomainMigrateOut(virAuditDomain *dom, const char *peer, const char *reason,
                             bool success);

/* ---------------------------------------------------------------------------------------------
 * The mock, for test suites
 *
 * After virAuditOpenMock. The strings are the mock's: they last until virAuditMockClear or the next
 * virAuditOpenMock. A forked child starts with no records.
 */

/* How many records were sent; 0 without a mock. */
size_t virAuditMockCount(void);

/*
 * Record i, from 0: its type, a space, and its text as the kernel would get it, such as
 * "VIRT_RESOURCE virt=kvm ... exe=... res=success". NULL with ENOENT when there is none.
 */
const char *virAuditMockRecord(size_t i);

/*
 * The first record, from number from on, whose field key has that value, decoded. -1 with ENOENT
 * when there is none.
 */
ssize_t virAuditMockFind(const char *key, const char *value, size_t from);

/* The value of record i's field key, decoded. NULL with ENOENT when there is none. */
const char *virAuditMockField(size_t i, const char *key);

/* Forgets what was sent. */
void virAuditMockClear(void);

/*
 * Lets every record from now on fail with errno errnum, as if the kernel had refused it; such
 * records aren't kept. 0: they succeed again.
 */
void virAuditMockFail(int errnum);

#ifdef __cplusplus
}
#endif

#if defined __clang__
# pragma clang diagnostic pop
#elif defined __GNUC__
# pragma GCC diagnostic pop
#endif

#endif /* VIRAUDIT_H */
