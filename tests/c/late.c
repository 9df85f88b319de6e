/* Destructors of pthread_key_create run after those of thread-local variables. They may send records,
 * and batches too. Nothing is printed. */

#include "check.h"

#include <pthread.h>

static virAuditDomain *dom;
static pthread_key_t key;
static int runs;

static void destructor(void *unused)
{
    (void)unused;
    virAuditBatchBegin();
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    /* The thread's batch is gone already: records are sent at once. */
    CHECK(virAuditMockCount() == 1);
    virAuditBatchBegin();
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "a=1");
    CHECK(virAuditBatchEnd() == 0);
    CHECK(virAuditBatchEnd() == 0);
    CHECK(virAuditMockCount() == 2);
    /* A failure is reported by the call that sends. */
    virAuditMockFail(EPERM);
    virAuditBatchBegin();
    CHECK(virAuditDomainStop(dom, "shutdown") == -1 && errno == EPERM);
    CHECK(virAuditBatchEnd() == 0);
    virAuditMockFail(0);
    CHECK(virAuditMockCount() == 2);
    virAuditMockClear();
    runs++;
}

static void *thread(void *unused)
{
    CHECK(pthread_setspecific(key, &key) == 0);
    virAuditBatchBegin();
    CHECK(virAuditBatchEnd() == 0);
    return unused;
}

int main(void)
{
    pthread_t id;

    dom = web1();
    CHECK(virAuditOpenMock() == 0);
    CHECK(pthread_key_create(&key, destructor) == 0);
    CHECK(pthread_create(&id, NULL, thread, NULL) == 0);
    CHECK(pthread_join(id, NULL) == 0);
    CHECK(runs == 1);
    virAuditDomainFree(dom);
    return 0;
}
