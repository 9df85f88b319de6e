/* What helgrind and ThreadSanitizer have to find in the library: a guest that is released without
   waiting for the thread that sends about it. */

#include "check.h"

#include <pthread.h>

static int sent;

static void *sender(void *dom)
{
    CHECK(virAuditDomainDisk(dom, NULL, "/images/1", "attach", true) == 0);
    /* No order of memory comes with this. */
    __atomic_store_n(&sent, 1, __ATOMIC_RELAXED);
    return NULL;
}

int main(void)
{
    virAuditDomain *dom = web1();
    pthread_t thread;

    CHECK(virAuditOpenMock() == 0);
    CHECK(pthread_create(&thread, NULL, sender, dom) == 0);
    while (!__atomic_load_n(&sent, __ATOMIC_RELAXED))
        usleep(1000);
    virAuditDomainFree(dom);
    CHECK(pthread_join(thread, NULL) == 0);
    virAuditClose();
    return 0;
}
