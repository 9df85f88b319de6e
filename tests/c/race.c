/* What helgrind has to find: a log function that counts without a lock. */

#include "check.h"

#include <pthread.h>

static int lines;

static void count(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                  const char *function, const char *message)
{
    (void)opaque, (void)level, (void)file, (void)line, (void)function, (void)message;
    lines++;
}

static void *sender(void *dom)
{
    CHECK(virAuditDomainDisk(dom, NULL, "/images/1", "attach", true) == 0);
    return NULL;
}

int main(void)
{
    virAuditDomain *dom = web1();
    pthread_t threads[2];
    int i;

    CHECK(virAuditOpenMock() == 0);
    virAuditSetLogFunc(count, NULL);
    virAuditLog(true);
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, sender, dom) == 0);
    for (i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(lines == 2);
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
