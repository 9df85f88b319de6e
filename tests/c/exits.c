/* _exit, as daemon(3) in its parent, ends a process without its queue. virAuditFlush loses nothing. */

#include "check.h"

#include <sys/wait.h>

enum { RECORDS = 200 };

static size_t lines(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t count = 0;
    int byte;

    CHECK(file != NULL);
    while ((byte = getc(file)) != EOF)
        count += byte == '\n';
    fclose(file);
    return count;
}

int main(int argc, char **argv)
{
    virAuditDomain *dom = web1();
    char path[4096];
    int status, i;
    pid_t pid;

    CHECK(argc > 1);
    snprintf(path, sizeof path, "%s/exits.log", argv[1]);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(virAuditSetDelivery(VIR_AUDIT_QUEUED, 0) == 0);
        CHECK(virAuditOpenFile(path) == 0);
        for (i = 0; i < RECORDS; i++)
            CHECK(virAuditDomainStop(dom, "shutdown") == 0);
        CHECK(virAuditFlush(30000) == 0);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(lines(path) == RECORDS);
    virAuditDomainFree(dom);
    return 0;
}
