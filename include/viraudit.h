/*
 * viraudit.h: audit records about virtual machines
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * libvirt writes records about its guests to the Linux audit subsystem: VIRT_CONTROL when a guest
 * starts or stops, VIRT_MACHINE_ID for its security labels, and VIRT_RESOURCE for each disk,
 * network interface, device, cgroup and amount of memory. With this library, any daemon can write
 * the same records, byte for byte.
 *
 *     virAuditDomain *dom;
 *
 *     if (virAuditOpenConfig(NULL) < 0) {
 *         fprintf(stderr, "no auditing: %s\n", virAuditLastError());
 *         if (virAuditRequired())
 *             exit(1);
 *     }
 *     dom = virAuditDomainNew("kvm", "web1", uuid);
 *     virAuditDomainSetPid(dom, pid);
 *     virAuditDomainDisk(dom, NULL, "/images/web1.qcow2", "start", true);
 *     virAuditDomainStart(dom, "booted", true);
 *
 * Building: pkg-config knows the library as viraudit.
 *
 *     cc daemon.c $(pkg-config --cflags --libs viraudit)
 *
 * Privileges: the kernel accepts records only from processes with CAP_AUDIT_WRITE in the initial
 * user namespace. root has it. For a daemon that runs as another user, add this to its systemd
 * unit:
 *
 *     AmbientCapabilities=CAP_AUDIT_WRITE
 *
 * These rules hold for every function, unless its comment differs:
 *
 *  - A function with an int result returns 0, or -1 on failure. A function with a pointer result
 *    returns NULL on failure. errno is then set, and virAuditLastError returns an explanation.
 *    Successful calls and functions without a result leave errno unchanged.
 *  - A daemon may ignore the results of the functions that send records. A record that can't be
 *    delivered is counted (virAuditGetStats), and the first of a run of failures is logged as a
 *    warning.
 *  - While nothing is open, and at audit_level 0, the functions that send succeed and send nothing.
 *    If logging is on (virAuditLog), they log the record.
 *  - An argument must not be NULL unless its function's comment allows it. A call with such a NULL
 *    fails with EINVAL, and the explanation names the argument. A function without a result does
 *    nothing.
 *  - A string is any sequence of bytes up to a NUL. The library copies what it keeps. No value can
 *    add a field to a record or forge another record, whatever its bytes.
 *  - Any thread may call any function at any time. A forked child may call them too: it opens its
 *    own connection, and its counts start at 0. No function may be called in a signal handler.
 *  - A thread may be cancelled (pthread_cancel) while it is in a call. The cancellation acts after
 *    the call. Threads of asynchronous type need glibc 2.41: an older one may cancel them although
 *    cancellation is disabled, and the process aborts.
 *  - A call takes at most 48 KiB of the thread's stack, so a stack of 64 KiB is enough. A function
 *    of virAuditSetLogFunc needs its own in addition.
 *  - The library's file descriptors are above 2, and close-on-exec. If the program closes one of
 *    them, the library opens another before the next record. If the program has reused the number,
 *    the library neither uses nor closes the program's descriptor.
 */

#ifndef VIRAUDIT_H
#define VIRAUDIT_H

#include <stddef.h>
#include <stdlib.h>
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
# define VIRAUDIT_USE_RESULT __attribute__((__warn_unused_result__))
#else
# define VIRAUDIT_PRINTF(format, first)
# define VIRAUDIT_USE_RESULT
#endif

/* For a result that the caller releases with the function `release`. */
#if defined __GNUC__ && __GNUC__ >= 11 && !defined __clang__
# define VIRAUDIT_NEW(release) \
    __attribute__((__malloc__, __malloc__(release, 1))) VIRAUDIT_USE_RESULT
#elif defined __GNUC__
# define VIRAUDIT_NEW(release) __attribute__((__malloc__)) VIRAUDIT_USE_RESULT
#else
# define VIRAUDIT_NEW(release)
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

/* The same as one number, for #if: 0x000100 is 0.1.0, and 0x010203 is 1.2.3. */
#define VIRAUDIT_VERSION_NUMBER 0x000100

/*
 * Returns the version of the library in use, such as "0.1.0". The result is never NULL and must
 * not be freed.
 */
const char *virAuditVersion(void);

/* ---------------------------------------------------------------------------------------------
 * Opening and closing
 *
 * A process has one destination for its records: the kernel, a file or the mock. Opening another
 * one replaces it, and the counts continue. A record that another thread sends meanwhile goes to
 * the previous destination or to the new one. An open batch goes to the destination that was open
 * when its records were added. When an opening fails, the previous destination stays open.
 *
 * An opening looks up the executable, the host name and the terminal that appear in each record of
 * this process. A daemon that detaches from its terminal should do that first, and then open.
 */

/*
 * Opens the kernel's audit subsystem. audit_level means the same as in libvirtd.conf:
 *
 *   0  No record is sent. The call succeeds, and closes what was open.
 *   1  Records are sent if the kernel has audit support. Without it the call fails (logged at info
 *      level), and the daemon may continue. While auditing is off on the host, the kernel drops
 *      records.
 *   2  The daemon must not run without auditing. The call also fails if auditing is off (ENOTCONN),
 *      or if this process may not write records (EPERM, ECONNREFUSED, EACCES). Higher levels mean
 *      the same.
 *
 * libvirt has the same function.
 */
int virAuditOpen(unsigned int audit_level) VIRAUDIT_USE_RESULT;

/*
 * Reads audit_level and audit_logging from the libvirtd.conf at path, as libvirt reads them. Then
 * calls virAuditLog and virAuditOpen with them. The defaults are level 1 and no logging. They apply
 * to a missing key and to a missing file.
 *
 * path may be NULL: the file of the libvirt daemon on this host. That is the file that libvirtd,
 * virtqemud or virtlxcd reads, whichever is the first that runs as root (its option -f counts), or
 * that systemd starts, or that is installed. Without any, it is /etc/libvirt/libvirtd.conf.
 *
 * Fails as virAuditOpen does. Also fails if the file can't be read, or if libvirt would reject it
 * (EINVAL; the explanation has the file and the line).
 */
int virAuditOpenConfig(const char *path) VIRAUDIT_USE_RESULT;

/*
 * Returns whether the last opening, successful or not, was at level 2 or above. Also returns true
 * if virAuditOpenConfig failed because of the file. After a failed opening, true means that the
 * daemon must not start.
 */
bool virAuditRequired(void);

/*
 * Opens the file at path. Records are appended to it in the format of audit.log, which ausearch
 * reads. A new file gets mode 0600. If the file is renamed or removed later, as log rotation does,
 * the path is opened again. Fails with the errno of open(2), or with ENOTSUP if path is a FIFO, a
 * socket or a block device.
 */
int virAuditOpenFile(const char *path) VIRAUDIT_USE_RESULT;

/*
 * Opens a new mock, which keeps records in memory for a test: see "The mock" below. Each mock has
 * counts of its own, which start at 0.
 */
int virAuditOpenMock(void) VIRAUDIT_USE_RESULT;

/*
 * Closes what is open. Queued records are delivered first, for at most 5 seconds. The rest is
 * dropped: the number is counted and logged. The counts and the mock's records stay. libvirt has
 * the same function.
 */
void virAuditClose(void);

/* ---------------------------------------------------------------------------------------------
 * Errors and counts
 */

/*
 * Returns the explanation of the last failure in this thread: what happened, and how to fix it.
 * The result is "" before the first failure, and never NULL. Successful calls don't change it. The
 * string belongs to the library. It is valid until this thread's next failure or its end.
 */
const char *virAuditLastError(void);

/* Counts of records. At any time, offered = delivered + failed + dropped + queued. */
typedef struct _virAuditStats {
    unsigned long long offered;    /* records given to the library while something was open */
    unsigned long long delivered;  /* accepted by the kernel, the file or the mock */
    unsigned long long failed;     /* refused, or not possible to send */
    unsigned long long dropped;    /* given up: the queue was full, or a close took too long */
    unsigned long long truncated;  /* offered with values too long for the kernel: shortened */
    unsigned long long queued;     /* waiting in the queue or in an open batch */
    int last_errno;                /* errno of the last failed or dropped record, or 0 */
    unsigned long long longest_us; /* the longest call that sent, in microseconds */
} virAuditStats;

/*
 * Copies the counts of this process to stats. They start at 0 when the process starts, and no
 * opening or closing resets them. While a mock is open, they are that mock's.
 *
 * size is sizeof(virAuditStats). Later versions add members at the end, and the library never
 * writes more than size bytes. It leaves members that it doesn't know unchanged, so initialise
 * stats with zeros.
 */
int virAuditGetStats(virAuditStats *stats, size_t size);

/* ---------------------------------------------------------------------------------------------
 * Delivery: direct, queued, in batches
 *
 * Direct delivery is the default, as in libvirt. When a call returns, its record is delivered or
 * has failed, and the result says which. The caller waits for the kernel. That takes microseconds,
 * but up to a minute for each record while auditd is frozen and the kernel's backlog is full.
 *
 * With queued delivery, the caller doesn't wait for the kernel. A call puts its record into a queue
 * and succeeds. A thread of the library sends the records in order. A record that fails there is
 * counted and logged. Choose this for a daemon whose guests must not wait for auditd.
 *
 * If the queue is full at level 1, the record is dropped, and the call fails with EAGAIN. At level
 * 2 the caller waits until the queue has room.
 *
 * virAuditClose, exit() and the change to direct delivery first deliver the queue, for at most 5
 * seconds. virAuditFlush waits as long as the caller wants. A process that is killed loses its
 * queue. A forked child starts with an empty one.
 *
 * A process that ends with _exit loses its queue too, and nothing counts those records. daemon(3)
 * ends the parent in this way. So call daemon first, and then open; or call virAuditFlush before
 * daemon, and before _exit.
 *
 * The kernel drops records that auditd doesn't read in time. If the process has CAP_AUDIT_CONTROL,
 * the library's thread sees how far auditd is behind. It then keeps the records in the queue until
 * auditd catches up, for up to a minute.
 *
 * A function that sends fails with one of these, or with another errno of socket(2) or sendto(2):
 *
 *   EPERM         this process lacks CAP_AUDIT_WRITE
 *   ECONNREFUSED  this process is in another user namespace, or its network namespace has no
 *                 audit subsystem
 *   EACCES        a security module forbids it
 *   EAGAIN        the queue is full
 *   ENOBUFS       the socket's buffer overran
 *   ETIMEDOUT     the kernel didn't answer within a second
 *   EMFILE        no file descriptor is left (or ENFILE)
 *   EINVAL        the kernel rejects the record
 *
 * For a file, errno is that of open(2) or write(2). A record that waits a second for the file's
 * lock (flock) is written without it. Its line stays whole, but its number may be another line's too.
 */

/* How records are delivered. */
typedef enum {
    VIR_AUDIT_DIRECT, /* by the caller */
    VIR_AUDIT_QUEUED  /* by a thread of the library */
} virAuditDelivery;

/*
 * Sets the delivery for what is open now and for later openings. queue_limit is the number of
 * records that the queue holds; 0 means 8192. Fails with EINVAL if how is not a virAuditDelivery.
 */
int virAuditSetDelivery(virAuditDelivery how, size_t queue_limit);

/*
 * Waits until all records that are queued now are delivered or have failed. Fails with ETIMEDOUT
 * after timeout_ms milliseconds.
 */
int virAuditFlush(unsigned int timeout_ms);

/*
 * Begins a batch in this thread. Until its end, the functions that send put their records into the
 * batch and succeed. Other threads are unaffected. Batches may be nested: the outermost
 * virAuditBatchEnd sends. When a thread ends, its open batch is sent.
 */
void virAuditBatchBegin(void);

/*
 * Ends this thread's batch. Its records are sent together and in order, in one system call. If
 * records fail, the call fails with the errno of the first one. It fails with EINVAL if no batch is
 * open.
 */
int virAuditBatchEnd(void);

/* ---------------------------------------------------------------------------------------------
 * Logging
 */

/*
 * Turns the logging of records on or off. It is off by default, and virAuditOpenConfig sets it too.
 * A successful operation is logged at info level as "success=yes ...", a failed one as a warning
 * "success=no ...". Records are logged even if nothing is open. libvirt has the same function.
 */
void virAuditLog(bool enabled);

/* The level of a log line. */
typedef enum {
    VIR_AUDIT_LOG_INFO,
    VIR_AUDIT_LOG_WARNING
} virAuditLogLevel;

/*
 * Receives one log line: a record, or a message about the delivery of records.
 *
 *   opaque    the argument of virAuditSetLogFunc
 *   file, line, function
 *             the source location of a call of virAuditSend. For other functions, file is "", line
 *             is 0, and function is the name of the library's function.
 *   message   the line, without a newline
 *
 * No string is NULL. The strings are valid until the function returns. Several threads may call the
 * function at once. It may call this library. It must return normally: no longjmp, no exception, no
 * pthread_exit. The thread can't be cancelled meanwhile.
 */
typedef void (*virAuditLogFunc)(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                                const char *function, const char *message);

/*
 * Sends log lines to func. opaque may be NULL. When this returns, other threads may still be in a
 * call of the previous function.
 *
 * func may be NULL: lines go to the default. In a process that has libvirt in it, that is libvirt's
 * own log. In a Rust program, it is the logger of the `log` crate. Elsewhere lines are discarded.
 */
void virAuditSetLogFunc(virAuditLogFunc func, void *opaque);

/* ---------------------------------------------------------------------------------------------
 * Clients: whose request an operation is
 *
 * A daemon's records are the daemon's: their uid= is the daemon's user. A daemon that does what its
 * clients ask for sets the client for each request. Every record of this thread then also names the
 * client, until another one is set. A thread that handles a request from a Unix socket:
 *
 *     virAuditClient client = VIR_AUDIT_CLIENT_INIT;
 *     struct passwd entry, *found = NULL;
 *     char room[4096];
 *
 *     if (virAuditClientFromSocket(fd, &client) == 0
 *         && getpwuid_r((uid_t)client.uid, &entry, room, sizeof room, &found) == 0 && found != NULL)
 *         client.account = entry.pw_name;
 *     virAuditSetClient(&client);
 *     attach_disk(request);       // sends records about the guest
 *     virAuditSetClient(NULL);    // later records name no client
 *
 * The client belongs to the thread that set it, and is written into a record when the record is
 * sent, queued or added to a batch. The fields are in front of exe=; an unknown value has no field.
 * ausearch interprets acct= and sauid=:
 *
 *     acct="alice" client-uid=1000 client-gid=1000 client-pid=4711 sauid=1000 client-ses=7
 *     client-sasl="alice@EXAMPLE.ORG" client-x509="O=Example,CN=alice"
 */

/* A client. Numbers are from 0 to 4294967295, or -1: unknown. A string may be NULL: unknown. */
typedef struct _virAuditClient {
    size_t size;          /* sizeof(virAuditClient); later versions add members at the end */
    long long uid;        /* client-uid=: the effective user id of the client's process */
    long long gid;        /* client-gid=: its effective group id */
    long long pid;        /* client-pid=: its process id */
    long long login_uid;  /* sauid=: the user id of its login; 4294967295: it has none */
    long long session;    /* client-ses=: the session of its login; 4294967295: it has none */
    const char *account;  /* acct=: the account's name */
    const char *sasl;     /* client-sasl=: the name that SASL authenticated */
    const char *x509;     /* client-x509=: the distinguished name of the client's certificate */
    const char *address;  /* addr=: the client's address; NULL or "": it is local */
    const char *terminal; /* terminal=: its terminal; NULL: this process's, "": none */
} virAuditClient;

/* The value of a new virAuditClient: nothing is known. */
#define VIR_AUDIT_CLIENT_INIT \
    { sizeof(virAuditClient), -1, -1, -1, -1, -1, NULL, NULL, NULL, NULL, NULL }

/*
 * Sets the client of this thread's records. The strings are copied. client may be NULL: later
 * records of this thread name no client. Fails with EINVAL if a number is out of range, or if size
 * is too small.
 */
int virAuditSetClient(const virAuditClient *client);

/*
 * Sets uid, gid, pid, login_uid and session of client to those of the process that connected to the
 * Unix socket fd. The other members stay. login_uid and session are -1 if the process has ended.
 * They are also -1 before Linux 6.5, where the process id may be another process's by now. Fails
 * with the errno of getsockopt(2), with ENOTCONN if fd has no peer, or with EINVAL if size is too
 * small; client is unchanged then.
 */
int virAuditClientFromSocket(int fd, virAuditClient *client);

/* ---------------------------------------------------------------------------------------------
 * libvirt's own interface: records that the caller formats
 *
 * Prefer the functions for guests and resources below: they encode values where necessary.
 */

/* In libvirt, a module that logs. Other programs pass NULL. */
typedef struct _virLogSource virLogSource;

/* The types of the records that libvirt writes. */
typedef enum {
    VIR_AUDIT_RECORD_MACHINE_CONTROL, /* VIRT_CONTROL: a guest starts or stops */
    VIR_AUDIT_RECORD_MACHINE_ID,      /* VIRT_MACHINE_ID: a guest's security label */
    VIR_AUDIT_RECORD_RESOURCE         /* VIRT_RESOURCE: a guest's resource changes */
} virAuditRecordType;

/*
 * Sends a record with the text that fmt and its arguments produce, as with printf. The caller
 * encodes the values (virAuditEncode).
 *
 *   source, filename, linenr, funcname
 *               the caller's source location, for the log. source, filename and funcname may be
 *               NULL.
 *   clienttty, clientaddr
 *               terminal and address of the client that asked for the operation. clienttty may be
 *               NULL: this process's terminal. clientaddr may be NULL: no address. "" means none.
 *   success     whether the operation succeeded: res=success or res=failed
 *
 * If fmt is NULL or type is invalid, nothing is sent. Of a text longer than 1 MiB, which only a
 * width such as %*d gives, the first 9 KiB are sent. libvirt has the same function.
 */
void virAuditSend(virLogSource *source, const char *filename, size_t linenr, const char *funcname,
                  const char *clienttty, const char *clientaddr, virAuditRecordType type,
                  bool success, const char *fmt, ...) VIRAUDIT_PRINTF(9, 10);

/*
 * Returns "KEY=VALUE" with the value in audit's encoding: in quotes, or in hex if it has a blank, a
 * quote or a byte that isn't printable ASCII. value may be NULL: KEY="?". The caller releases the
 * result with free(). Fails with ENOMEM. libvirt has the same function.
 */
char *virAuditEncode(const char *key, const char *value) VIRAUDIT_NEW(free);

/* What libvirt prints for a string that may be NULL. */
#define VIR_AUDIT_STR(str) ((str) ? (str) : "?")

/* The source for VIR_AUDIT and VIR_AUDIT_USER. To have another, define it before the #include. */
#ifndef VIR_AUDIT_LOG_SOURCE
# define VIR_AUDIT_LOG_SOURCE NULL
#endif

#if (defined __STDC_VERSION__ && __STDC_VERSION__ >= 199901L) \
    || (defined __cplusplus && __cplusplus >= 201103L)

/* VIR_AUDIT(type, success, fmt, ...): virAuditSend from this source location, without a client. */
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
 *
 * A virAuditDomain holds the data that all records of a guest contain. Several threads may use it
 * at once, until one frees it. Creating or freeing it sends no record.
 */

typedef struct _virAuditDomain virAuditDomain;

/* Frees a guest. dom may be NULL: the call does nothing. */
void virAuditDomainFree(virAuditDomain *dom);

/*
 * Creates a guest.
 *
 *   virt  the driver or hypervisor: libvirt uses kvm, qemu, lxc, xen and others
 *   name  the guest's name
 *   uuid  the guest's UUID, as 16 bytes
 *
 * The process id is 0. The caller frees the guest with virAuditDomainFree. Fails with ENOMEM.
 */
virAuditDomain *virAuditDomainNew(const char *virt, const char *name, const unsigned char uuid[16])
    VIRAUDIT_NEW(virAuditDomainFree);

/*
 * Creates a guest with all its resources from its domain XML. The XML is read as libvirt reads that
 * of a running guest. The process id is 0. The caller frees the guest with virAuditDomainFree.
 *
 * An element that can't be read, such as a device of a later libvirt, is left out of the records, is
 * counted (virAuditDomainNotRecorded), and is logged as a warning. The number of a USB device that
 * the XML gives by its port, or by vendor and product, is looked up on this host.
 *
 * Fails with EINVAL if the text is not a domain XML, or has no name, UUID or type. The explanation
 * has line and column. Fails with ENOTSUP if the library was built without XML support.
 */
virAuditDomain *virAuditDomainNewXML(const char *xml) VIRAUDIT_NEW(virAuditDomainFree);

/* How a domain XML is read. */
typedef enum {
    VIR_AUDIT_XML_LENIENT, /* what can't be read is left out */
    VIR_AUDIT_XML_STRICT   /* what can't be read is an error */
} virAuditXMLFlags;

/*
 * As virAuditDomainNewXML, with flags: a virAuditXMLFlags. With VIR_AUDIT_XML_STRICT, it fails with
 * EINVAL where virAuditDomainNewXML leaves an element out: if libvirt would reject the XML, if the
 * XML lacks something that the records need, or if it has a device that the library doesn't know.
 * Fails with EINVAL for other flags.
 */
virAuditDomain *virAuditDomainNewXMLFlags(const char *xml, unsigned int flags)
    VIRAUDIT_NEW(virAuditDomainFree);

/*
 * Returns the number of elements of the domain XML that were left out of the records. It is 0 for a
 * guest that was not created from XML.
 */
ssize_t virAuditDomainNotRecorded(const virAuditDomain *dom);

/*
 * Sets the process id of the guest on the host. It appears in VIRT_CONTROL records. libvirt sets 0
 * or -1 once the process is gone.
 */
void virAuditDomainSetPid(virAuditDomain *dom, long long pid);

/*
 * Reports that the guest starts. success is whether it started. libvirt's reasons are booted,
 * restored, migrated, from-snapshot and reboot.
 *
 * For a guest from XML, this sends what libvirt sends at a start, as one batch: the security labels
 * and all resources (with reason start), then the start itself. For a guest from
 * virAuditDomainNew, it sends only the start.
 */
int virAuditDomainStart(const virAuditDomain *dom, const char *reason, bool success);

/*
 * Reports that the guest has stopped. libvirt's reasons are shutdown, destroyed, crashed, saved,
 * migrated, failed, from-snapshot and reboot.
 */
int virAuditDomainStop(const virAuditDomain *dom, const char *reason);

/*
 * Reports that a container's init process has started. initpid is its process id on the host, and
 * pidns is the inode number of its pid namespace. As in libvirt, the record has it as a signed
 * number.
 */
int virAuditDomainInit(const virAuditDomain *dom, long long initpid, unsigned long long pidns);

/*
 * Reports the security labels of the guest.
 *
 *   vm_ctx   the label of its process
 *   img_ctx  the label of its images
 *   model    the security model: selinux, apparmor, dac, ...
 *   success  whether the labels were set
 *
 * vm_ctx, img_ctx and model may be NULL: unknown.
 */
int virAuditDomainSecurityLabel(const virAuditDomain *dom, const char *vm_ctx, const char *img_ctx,
                                const char *model, bool success);

/* ---------------------------------------------------------------------------------------------
 * Resources
 *
 * Each function sends one VIRT_RESOURCE record. These arguments are the same in all of them:
 *
 *   dom      the guest
 *   old...   the value before the change. A resource that the guest gets has none.
 *   new...   the value after the change. A resource that the guest loses has none.
 *   reason   why: libvirt uses start, attach, detach, update, mirror, snapshot, allow and deny
 *   success  whether the change took place
 */

/*
 * Reports a disk whose path changes. oldsrc and newsrc may be NULL: no disk, or a disk without a
 * path. If both are NULL, nothing is sent.
 */
int virAuditDomainDisk(const virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                       const char *reason, bool success);

/*
 * Reports a filesystem of the guest whose source path changes. oldsrc and newsrc may be NULL: none.
 * If both are NULL, nothing is sent.
 */
int virAuditDomainFS(const virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                     const char *reason, bool success);

/*
 * Reports a character device (serial port, console or channel) whose path on the host changes.
 * oldsrc and newsrc may be NULL: none. If both are NULL, nothing is sent.
 */
int virAuditDomainChardev(const virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                          const char *reason, bool success);

/*
 * Reports a source of random numbers whose path on the host changes. oldsrc and newsrc may be NULL:
 * none. If both are NULL, nothing is sent.
 */
int virAuditDomainRNG(const virAuditDomain *dom, const char *oldsrc, const char *newsrc,
                      const char *reason, bool success);

/*
 * Reports a network interface whose MAC address changes. oldmac and newmac may be NULL: none. If
 * both are NULL, nothing is sent.
 */
int virAuditDomainNet(const virAuditDomain *dom, const unsigned char oldmac[6],
                      const unsigned char newmac[6], const char *reason, bool success);

/*
 * Reports a device of the host, such as /dev/net/tun, that is opened for the network interface with
 * the address mac. device is its path. The record also has the device number, which the library
 * looks up. device may be NULL: unknown.
 */
int virAuditDomainNetDevice(const virAuditDomain *dom, const unsigned char mac[6],
                            const char *device, bool success);

/* Reports a PCI device of the host, by its address: domain, bus, slot and function. */
int virAuditDomainHostdevPCI(const virAuditDomain *dom, unsigned int domain, unsigned int bus,
                             unsigned int slot, unsigned int function, const char *reason,
                             bool success);

/* Reports a USB device of the host, by the number of its bus and its number on that bus. */
int virAuditDomainHostdevUSB(const virAuditDomain *dom, unsigned int bus, unsigned int device,
                             const char *reason, bool success);

/*
 * Reports a SCSI device of the host, by its address: adapter (such as scsi_host0), bus, target and
 * unit.
 */
int virAuditDomainHostdevSCSI(const virAuditDomain *dom, const char *adapter, unsigned int bus,
                              unsigned int target, unsigned long long unit, const char *reason,
                              bool success);

/* Reports a SCSI host (vhost), by its WWPN. wwpn may be NULL: unknown. */
int virAuditDomainHostdevSCSIHost(const virAuditDomain *dom, const char *wwpn, const char *reason,
                                  bool success);

/* Reports a mediated device, by its UUID as text. uuid may be NULL: unknown. */
int virAuditDomainHostdevMdev(const virAuditDomain *dom, const char *uuid, const char *reason,
                              bool success);

/* Reports a block device that a container may use, by its path. block may be NULL: unknown. */
int virAuditDomainHostdevStorage(const virAuditDomain *dom, const char *block, const char *reason,
                                 bool success);

/*
 * Reports a character device that a container may use, by its path. chardev may be NULL: unknown.
 */
int virAuditDomainHostdevMisc(const virAuditDomain *dom, const char *chardev, const char *reason,
                              bool success);

/* Reports a USB device that a client redirects to the guest. */
int virAuditDomainRedirdev(const virAuditDomain *dom, const char *reason, bool success);

/* How a TPM is provided. */
typedef enum {
    VIR_AUDIT_TPM_PASSTHROUGH, /* a device of the host */
    VIR_AUDIT_TPM_EMULATOR,    /* an emulator that the daemon starts for the guest */
    VIR_AUDIT_TPM_EXTERNAL     /* an emulator that another program starts */
} virAuditTPMType;

/*
 * Reports a TPM. path is the device, or the socket of the emulator. path may be NULL: unknown.
 * Fails with EINVAL if type is not a virAuditTPMType.
 */
int virAuditDomainTPM(const virAuditDomain *dom, virAuditTPMType type, const char *path,
                      const char *reason, bool success);

/*
 * Reports a smartcard. newsrc is "nss-smartcard-device", a certificate, a certificate database, or
 * the path of a character device. newsrc may be NULL: nothing is sent.
 */
int virAuditDomainSmartcard(const virAuditDomain *dom, const char *newsrc, const char *reason,
                            bool success);

/*
 * Reports shared memory without a server. name is its file name in /dev/shm, and size is in bytes.
 */
int virAuditDomainShmem(const virAuditDomain *dom, const char *name, unsigned long long size,
                        const char *reason, bool success);

/* Reports shared memory with a server. path is the server's socket. path may be NULL: unknown. */
int virAuditDomainShmemServer(const virAuditDomain *dom, const char *path, const char *reason,
                              bool success);

/* Reports an input device of the host, by its path. path may be NULL: unknown. */
int virAuditDomainInput(const virAuditDomain *dom, const char *path, const char *reason,
                        bool success);

/* Reports that the guest's memory changes from oldval to newval, both in KiB. */
int virAuditDomainMemory(const virAuditDomain *dom, unsigned long long oldval,
                         unsigned long long newval, const char *reason, bool success);

/* Reports that the number of the guest's virtual CPUs changes from oldval to newval. */
int virAuditDomainVcpu(const virAuditDomain *dom, unsigned int oldval, unsigned int newval,
                       const char *reason, bool success);

/* Reports that the number of the guest's I/O threads changes from oldval to newval. */
int virAuditDomainIOThread(const virAuditDomain *dom, unsigned int oldval, unsigned int newval,
                           const char *reason, bool success);

/*
 * Reports that the guest's cgroup allows or denies all devices. reason is allow or deny. cgroup is
 * the path of the cgroup. cgroup may be NULL: the guest has no devices controller.
 */
int virAuditDomainCgroup(const virAuditDomain *dom, const char *cgroup, const char *reason,
                         bool success);

/*
 * Reports that the guest's cgroup allows or denies the devices with a major number. reason is allow
 * or deny.
 *
 *   cgroup  the path of the cgroup
 *   maj     the major number
 *   name    what the devices are: pty, sound, ...
 *   perms   the permissions: any of r, w and m
 *
 * cgroup may be NULL: the guest has no devices controller.
 */
int virAuditDomainCgroupMajor(const virAuditDomain *dom, const char *cgroup, const char *reason,
                              int maj, const char *name, const char *perms, bool success);

/*
 * Reports that the guest's cgroup allows or denies one device. reason is allow or deny.
 *
 *   cgroup  the path of the cgroup
 *   path    the path of the device. The record also has the device number, which the library looks
 *           up.
 *   perms   the permissions: any of r, w and m
 *   rc      the outcome: 0 is success, below 0 is failure. Above 0 means that there was nothing to
 *           do, and nothing is sent.
 *
 * cgroup may be NULL: the guest has no devices controller. path may be NULL: unknown.
 */
int virAuditDomainCgroupPath(const virAuditDomain *dom, const char *cgroup, const char *reason,
                             const char *path, const char *perms, int rc);

/* ---------------------------------------------------------------------------------------------
 * The lifecycle of a guest
 *
 * libvirt never writes these records. The audit project's specification of a guest's lifecycle
 * defines their types.
 */

/*
 * Reports a check of the guest's integrity (VIRT_INTEGRITY_CHECK). mechanism is the method of the
 * check, or "none". action is the host's reaction to the result.
 */
int virAuditDomainIntegrityCheck(const virAuditDomain *dom, const char *mechanism,
                                 const char *action, bool success);

/* Reports the creation of a guest's image (VIRT_CREATE). image may be NULL: unknown. */
int virAuditDomainCreate(const virAuditDomain *dom, const char *image, const char *reason,
                         bool success);

/* Reports the destruction of a guest's image (VIRT_DESTROY). image may be NULL: unknown. */
int virAuditDomainDestroy(const virAuditDomain *dom, const char *image, const char *reason,
                          bool success);

/*
 * Reports a migration from the host peer to this host (VIRT_MIGRATE_IN). peer may be NULL: unknown.
 */
int virAuditDomainMigrateIn(const virAuditDomain *dom, const char *peer, const char *reason,
                            bool success);

/*
 * Reports a migration from this host to the host peer (VIRT_MIGRATE_OUT). peer may be NULL:
 * unknown.
 */
int virAuditDomainMigrateOut(const virAuditDomain *dom, const char *peer, const char *reason,
                             bool success);

/* ---------------------------------------------------------------------------------------------
 * The mock, for tests
 *
 * The mock keeps records in memory instead of sending them. It needs no privileges. A test starts
 * one in one of two ways:
 *
 *  - virAuditOpenMock starts and opens a mock.
 *  - virAuditMockHost starts a mock in the place of the kernel. The daemon's own calls of
 *    virAuditOpen or virAuditOpenConfig then open it. In this way a test also covers a daemon that
 *    must not start without auditing:
 *
 *        virAuditMockHost("audit_level = 2\n");
 *        virAuditMockFail(EPERM);
 *        assert(daemon_start() < 0);
 *
 * A new mock has no records, refuses none, and replaces the previous one. Its records are numbered
 * from 0. The functions below compare and return field values in decoded form: "/a b" for
 * new-disk=2F612062. The strings that they return are valid until virAuditMockClear or until a new
 * mock starts. A forked child starts without records.
 */

/*
 * Starts a new mock in the place of the kernel, but doesn't open it. From now on:
 *
 *  - virAuditOpen and virAuditOpenConfig open the mock. Opening it again keeps its records.
 *  - virAuditOpenConfig(NULL) reads the text config instead of /etc/libvirt/libvirtd.conf. "" is
 *    the same as a missing file.
 *
 * config may be NULL: later openings use the kernel and the file again. The mock stays as it is.
 */
void virAuditMockHost(const char *config);

/* Returns the number of records, or 0 if there is no mock. */
size_t virAuditMockCount(void);

/*
 * Returns record i: its type, a space, and the text that the kernel would get, such as
 * "VIRT_RESOURCE virt=kvm ... res=success". Fails with ENOENT if there is no such record.
 */
const char *virAuditMockRecord(size_t i);

/*
 * Searches the records, beginning with record from, for one whose field key has this value. Returns
 * the number of the first one. If there is none, returns -1 with ENOENT.
 */
ssize_t virAuditMockFind(const char *key, const char *value, size_t from) VIRAUDIT_USE_RESULT;

/*
 * Searches the records, beginning with record from, for one with this type and all these fields.
 * Returns the number of the first one.
 *
 *   type    such as "VIRT_RESOURCE". type may be NULL: any type.
 *   fields  an array of strings "KEY=VALUE", with NULL after the last one
 *
 * If there is none, returns -1 with ENOENT, and virAuditLastError shows the nearest record and the
 * fields that differ. Fails with EINVAL if type is not a record type, or if a field has no "=".
 */
ssize_t virAuditMockExpect(size_t from, const char *type, const char *const *fields)
    VIRAUDIT_USE_RESULT;

/*
 * VIR_AUDIT_MOCK_EXPECT(from, type, field, ...): virAuditMockExpect with the fields as arguments.
 *
 *     disk = VIR_AUDIT_MOCK_EXPECT(0, "VIRT_RESOURCE", "resrc=disk", "new-disk=/images/a b");
 *     if (disk < 0)
 *         fprintf(stderr, "%s\n", virAuditLastError());
 */
#if defined __cplusplus && __cplusplus >= 201103L
extern "C++" {
    template <typename... Fields>
    inline ssize_t virAuditMockExpectFields(size_t from, const char *type, Fields... fields)
    {
        const char *const all[] = {fields..., nullptr};
        return virAuditMockExpect(from, type, all);
    }
}
# define VIR_AUDIT_MOCK_EXPECT(from, ...) virAuditMockExpectFields(from, __VA_ARGS__)
#elif defined __STDC_VERSION__ && __STDC_VERSION__ >= 199901L
# define VIR_AUDIT_MOCK_EXPECT(from, type, ...) \
    virAuditMockExpect(from, type, (const char *const[]){__VA_ARGS__, NULL})
#endif

/*
 * Returns the value of field key in record i. Fails with ENOENT if there is no such record or no
 * such field.
 */
const char *virAuditMockField(size_t i, const char *key);

/* Forgets all records. */
void virAuditMockClear(void);

/*
 * Makes the mock refuse records with the errno errnum, as the kernel would. The mock doesn't keep
 * records that it refuses. If errnum is 0, it accepts records again.
 *
 * After virAuditMockHost, the mock also refuses to open, in the same cases as the kernel. At level
 * 2 an opening fails with any errnum. At level 1 it fails with EPROTONOSUPPORT and EAFNOSUPPORT (no
 * audit support) and with EMFILE and ENFILE. ENOTCONN simulates a host on which auditing is off.
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
