/* With its caller's environment, a privileged program doesn't read the file that VIRAUDIT_CONF
   names. The file is malformed, so that reading it shows in the log. And no program lets
   RUST_MIN_STACK keep the queue's thread from starting. */

#include "check.h"

#include <dirent.h>
#include <stdarg.h>
#include <sys/auxv.h>

static char seen[1000];

/* Settings are read only inside libvirt. */
void virLogMessage(virLogSource *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...);

void virLogMessage(virLogSource *source, int priority, const char *filename, int linenr,
                   const char *funcname, void *metadata, const char *fmt, ...)
{
    size_t length = strlen(seen);
    va_list args;

    (void)source, (void)priority, (void)filename, (void)linenr, (void)funcname, (void)metadata;
    va_start(args, fmt);
    vsnprintf(seen + length, sizeof seen - length, fmt, args);
    va_end(args);
}

static int threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;

    CHECK(tasks != NULL);
    while ((entry = readdir(tasks)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

int main(void)
{
    const char *path = getenv("VIRAUDIT_CONF");

    CHECK(path != NULL);
    /* Where this kernel has no audit support it fails, but behind the settings. */
    if (virAuditOpen(1) != 0)
        errno = 0;
    printf("%s %s\n", getauxval(AT_SECURE) ? "privileged" : "unprivileged",
           strstr(seen, path) ? "read" : "ignored");

    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 0) == 0);
    CHECK(threads() == 1);
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "virt=kvm");
    CHECK(threads() == 2);
    virAuditClose();
    return 0;
}
