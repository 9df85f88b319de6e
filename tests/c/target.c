/* A daemon whose target is chosen from outside: it only opens auditing as always. Prints the result of
 * opening, its warnings, and how many records the mock has. */

#include "check.h"

static void logged(void *opaque, unsigned int level, const char *file, size_t line, const char *function,
                   const char *message)
{
    (void)opaque, (void)file, (void)line, (void)function;
    if (level == 1)
        printf("%s\n", message);
}

int main(int argc, char **argv)
{
    static const unsigned char uuid[16] = {1};
    virAuditDomain *dom = virAuditDomainNew("kvm", "web1", uuid);
    int opened;

    CHECK(argc == 2);
    virAuditSetLogFunc(logged, NULL);
    opened = virAuditOpen((unsigned int)atoi(argv[1]));
    printf("opened %d\n", opened);
    if (opened == 0)
        (void)virAuditDomainStop(dom, "shutdown");
    printf("mock %zu\n", virAuditMockCount());
    virAuditClose();
    virAuditDomainFree(dom);
    return 0;
}
