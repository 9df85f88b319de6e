/* What helgrind has to find inside the library: a guest that is released while another thread sends. */

#include "check.h"

#include <pthread.h>

static void *sender(void *dom)
{
    CHECK(virAuditDomainDisk(dom, NULL, "/images/1", "attach", true) == 0);
    return NULL;
}

int main(void)
{
    virAuditDomain *dom = web1();
    pthread_t thread;

    CHECK(virAuditOpenMock() == 0);
    CHECK(pthread_create(&thread, NULL, sender, dom) == 0);
    while (virAuditMockCount() == 0)
        usleep(1000);
    virAuditDomainFree(dom);
    CHECK(pthread_join(thread, NULL) == 0);
    virAuditClose();
    return 0;
}
