// A guest's life in audit records, from C++: it starts, gets a disk while it runs, and stops.
//
//     c++ -std=c++17 -Iinclude examples/cpp/guest.cpp -Ltarget/release -lviraudit -o guest
//     LD_LIBRARY_PATH=target/release ./guest                             (kept and shown)
//     LD_LIBRARY_PATH=target/release ./guest /etc/libvirt/libvirtd.conf  (sent to the kernel)

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <viraudit.h>

static void check(int result)
{
    if (result < 0)
        throw std::runtime_error(virAuditLastError());
}

// A guest that frees itself.
class Guest {
    std::unique_ptr<virAuditDomain, decltype(&virAuditDomainFree)> dom;

public:
    explicit Guest(const std::string &xml)
        : dom(virAuditDomainNewXML(xml.c_str()), virAuditDomainFree)
    {
        check(dom ? 0 : -1);
    }
    void starts(long long pid)
    {
        virAuditDomainSetPid(dom.get(), pid);
        check(virAuditDomainStart(dom.get(), "booted", true));
    }
    void gets_disk(const std::string &path)
    {
        check(virAuditDomainDisk(dom.get(), nullptr, path.c_str(), "attach", true));
    }
    void stops()
    {
        virAuditDomainSetPid(dom.get(), 0);
        check(virAuditDomainStop(dom.get(), "shutdown"));
    }
};

int main(int argc, char **argv)
try {
    check(argc > 1 ? virAuditOpenConfig(argv[1]) : virAuditOpenMock());
    Guest guest("<domain type='kvm'><name>web1</name>"
                "<uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid><memory unit='MiB'>512</memory>"
                "<vcpu>2</vcpu><os><type>hvm</type></os><devices><interface type='network'>"
                "<mac address='52:54:00:12:34:56'/><source network='default'/></interface>"
                "</devices></domain>");
    guest.starts(getpid());
    guest.gets_disk("/images/data.qcow2");
    guest.stops();

    for (size_t i = 0; i < virAuditMockCount(); i++)
        std::puts(virAuditMockRecord(i));
    virAuditStats stats{};
    check(virAuditGetStats(&stats, sizeof stats));
    std::printf("%llu records, %llu delivered\n", stats.offered, stats.delivered);
    virAuditClose();
    return stats.failed > 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
