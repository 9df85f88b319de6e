// The mock from C++, where VIR_AUDIT_MOCK_EXPECT is a template.

#include <cstdlib>
#include <iostream>
#include <string>
#include <viraudit.h>

static void check(bool good, const char *what)
{
    if (!good) {
        std::cerr << what << ": " << virAuditLastError() << "\n";
        std::exit(1);
    }
}

#define CHECK(condition) check((condition), #condition)

int main()
{
    const unsigned char uuid[16] = {1};
    const std::string path = "new-disk=/images/a b";
    ssize_t disk;

    virAuditMockHost("audit_level = 2\n");
    CHECK(virAuditOpenConfig(NULL) == 0);
    virAuditDomain *dom = virAuditDomainNew("kvm", "web1", uuid);
    CHECK(dom != NULL);
    CHECK(virAuditDomainDisk(dom, NULL, "/images/a b", "attach", true) == 0);
    CHECK(virAuditDomainStop(dom, "shutdown") == 0);
    virAuditDomainFree(dom);

    disk = VIR_AUDIT_MOCK_EXPECT(0, "VIRT_RESOURCE", "resrc=disk", path.c_str());
    CHECK(disk == 0);
    CHECK(VIR_AUDIT_MOCK_EXPECT(disk + 1, "VIRT_CONTROL", "op=stop") == 1);
    CHECK(VIR_AUDIT_MOCK_EXPECT(0, NULL, "vm=web1", "op=start") == -1);
    const std::string nearest = virAuditLastError();
    CHECK(nearest.find("its op is \"stop\", not \"start\"") != std::string::npos);
    virAuditClose();
    return 0;
}
