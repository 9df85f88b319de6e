/* What each function sends, to the byte. */

#include "check.h"

#define VM "vm=\"web1\" uuid=" UUID_TEXT

/* Runs a call that must succeed, leave errno alone, and send one record. */
#define SENDS(call, type, body, success)     \
    do {                                     \
        errno = ENOTTY;                      \
        CHECK((call) == 0);                  \
        CHECK(errno == ENOTTY);              \
        CHECK_RECORD(type, body, success);   \
    } while (0)

/* Runs a call that must succeed without a record. */
#define SILENT(call)                         \
    do {                                     \
        CHECK((call) == 0);                  \
        CHECK(virAuditMockCount() == 0);     \
    } while (0)

#define RESOURCE(kind, reason, tail) "virt=kvm resrc=" kind " reason=" reason " " VM " " tail

static void life(virAuditDomain *dom)
{
    SENDS(virAuditDomainStart(dom, "booted", true), "VIRT_CONTROL",
          "virt=kvm op=start reason=booted " VM " vm-pid=0", true);
    virAuditDomainSetPid(dom, 4242);
    SENDS(virAuditDomainStart(dom, "restored", false), "VIRT_CONTROL",
          "virt=kvm op=start reason=restored " VM " vm-pid=4242", false);
    SENDS(virAuditDomainInit(dom, 4243, 4026532177ULL), "VIRT_CONTROL",
          "virt=kvm op=init " VM " vm-pid=4242 init-pid=4243 pid-ns=4026532177", true);
    SENDS(virAuditDomainInit(dom, 4243, 18446744073709551615ULL), "VIRT_CONTROL",
          "virt=kvm op=init " VM " vm-pid=4242 init-pid=4243 pid-ns=-1", true);
    virAuditDomainSetPid(dom, -1);
    SENDS(virAuditDomainStop(dom, "shutdown"), "VIRT_CONTROL",
          "virt=kvm op=stop reason=shutdown " VM " vm-pid=-1", true);
    SENDS(virAuditDomainSecurityLabel(dom, "system_u:system_r:svirt_t:s0:c1,c2",
                                      "system_u:object_r:svirt_image_t:s0:c1,c2", "selinux", true),
          "VIRT_MACHINE_ID",
          "virt=kvm " VM " vm-ctx=system_u:system_r:svirt_t:s0:c1,c2 "
          "img-ctx=system_u:object_r:svirt_image_t:s0:c1,c2 model=selinux",
          true);
    SENDS(virAuditDomainSecurityLabel(dom, NULL, NULL, NULL, false), "VIRT_MACHINE_ID",
          "virt=kvm " VM " vm-ctx=? img-ctx=? model=?", false);
    SENDS(virAuditDomainIntegrityCheck(dom, "sha256", "start", true), "VIRT_INTEGRITY_CHECK",
          "virt=kvm " VM " mechanism=\"sha256\" action=\"start\"", true);
    SENDS(virAuditDomainCreate(dom, "/images/a b", "define", true), "VIRT_CREATE",
          "virt=kvm reason=define " VM " image=2F696D616765732F612062", true);
    SENDS(virAuditDomainDestroy(dom, NULL, "undefine", false), "VIRT_DESTROY",
          "virt=kvm reason=undefine " VM " image=\"?\"", false);
    SENDS(virAuditDomainMigrateIn(dom, "host1", "live", true), "VIRT_MIGRATE_IN",
          "virt=kvm reason=live " VM " source-host=\"host1\"", true);
    SENDS(virAuditDomainMigrateOut(dom, "host2", "live", true), "VIRT_MIGRATE_OUT",
          "virt=kvm reason=live " VM " destination-host=\"host2\"", true);
}

static void paths(virAuditDomain *dom)
{
    static const struct {
        int (*send)(const virAuditDomain *, const char *, const char *, const char *, bool);
        const char *kind;
    } kinds[] = {{virAuditDomainDisk, "disk"},
                 {virAuditDomainFS, "fs"},
                 {virAuditDomainChardev, "chardev"},
                 {virAuditDomainRNG, "rng"}};
    size_t i;

    for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *kind = kinds[i].kind;
        char body[300];

        snprintf(body, sizeof body, "virt=kvm resrc=%s reason=attach " VM " old-%s=\"?\" new-%s=\"/a\"",
                 kind, kind, kind);
        SENDS(kinds[i].send(dom, NULL, "/a", "attach", true), "VIRT_RESOURCE", body, true);
        snprintf(body, sizeof body, "virt=kvm resrc=%s reason=update " VM " old-%s=2F20 new-%s=\"it's\"",
                 kind, kind, kind);
        SENDS(kinds[i].send(dom, "/ ", "it's", "update", false), "VIRT_RESOURCE", body, false);
        SILENT(kinds[i].send(dom, NULL, NULL, "update", true));
    }
    SENDS(virAuditDomainSmartcard(dom, "nss-smartcard-device", "start", true), "VIRT_RESOURCE",
          RESOURCE("smartcard", "start",
                   "old-smartcard=\"?\" new-smartcard=\"nss-smartcard-device\""), true);
    SILENT(virAuditDomainSmartcard(dom, NULL, "start", true));
    SENDS(virAuditDomainTPM(dom, VIR_AUDIT_TPM_PASSTHROUGH, "/dev/tpm0", "start", true),
          "VIRT_RESOURCE", RESOURCE("tpm", "start", "device=\"/dev/tpm0\""), true);
    SENDS(virAuditDomainTPM(dom, VIR_AUDIT_TPM_EMULATOR, "/run/a", "start", true),
          "VIRT_RESOURCE", RESOURCE("tpm-emulator", "start", "device=\"/run/a\""), true);
    SENDS(virAuditDomainTPM(dom, VIR_AUDIT_TPM_EXTERNAL, NULL, "start", true),
          "VIRT_RESOURCE", RESOURCE("tpm-external", "start", "device=\"?\""), true);
    SENDS(virAuditDomainShmem(dom, "mem0", 18446744073709551615ULL, "start", true),
          "VIRT_RESOURCE",
          RESOURCE("shmem", "start", "size=18446744073709551615 path=/dev/shm/mem0"), true);
    SENDS(virAuditDomainShmemServer(dom, "/run/shm.sock", "start", true), "VIRT_RESOURCE",
          RESOURCE("ivshmem-socket", "start", "path=/run/shm.sock"), true);
    SENDS(virAuditDomainShmemServer(dom, NULL, "start", true), "VIRT_RESOURCE",
          RESOURCE("ivshmem-socket", "start", "path=?"), true);
    SENDS(virAuditDomainInput(dom, "/dev/input/event3", "start", true), "VIRT_RESOURCE",
          RESOURCE("evdev", "start", "path=/dev/input/event3"), true);
    SENDS(virAuditDomainInput(dom, NULL, "start", true), "VIRT_RESOURCE",
          RESOURCE("evdev", "start", "path=?"), true);
}

static void devices(virAuditDomain *dom)
{
    static const unsigned char mac[6] = {0x52, 0x54, 0x00, 0xAB, 0xcd, 0x01};

    SENDS(virAuditDomainNet(dom, NULL, mac, "start", true), "VIRT_RESOURCE",
          RESOURCE("net", "start", "old-net=\"?\" new-net=\"52:54:00:ab:cd:01\""), true);
    SENDS(virAuditDomainNet(dom, mac, NULL, "detach", true), "VIRT_RESOURCE",
          RESOURCE("net", "detach", "old-net=\"52:54:00:ab:cd:01\" new-net=\"?\""), true);
    SILENT(virAuditDomainNet(dom, NULL, NULL, "update", true));
    SENDS(virAuditDomainNetDevice(dom, mac, "/dev/null", true), "VIRT_RESOURCE",
          RESOURCE("net", "open", "net=52:54:00:ab:cd:01 path=\"/dev/null\" rdev=01:03"), true);
    SENDS(virAuditDomainNetDevice(dom, mac, NULL, false), "VIRT_RESOURCE",
          RESOURCE("net", "open", "net=52:54:00:ab:cd:01 path=\"?\" rdev=?"), false);
    SENDS(virAuditDomainHostdevPCI(dom, 0, 0x5e, 0x1f, 7, "start", true), "VIRT_RESOURCE",
          RESOURCE("dev", "start", "bus=pci device=\"0000:5e:1f.7\""), true);
    SENDS(virAuditDomainHostdevUSB(dom, 1, 12, "start", true), "VIRT_RESOURCE",
          RESOURCE("dev", "start", "bus=usb device=\"001.012\""), true);
    SENDS(virAuditDomainHostdevSCSI(dom, "scsi_host0", 1, 2, 18446744073709551615ULL, "start", true),
          "VIRT_RESOURCE",
          RESOURCE("dev", "start", "bus=scsi device=\"scsi_host0:1:2:18446744073709551615\""), true);
    SENDS(virAuditDomainHostdevSCSIHost(dom, "naa.5123456789abcde0", "start", true),
          "VIRT_RESOURCE",
          RESOURCE("dev", "start", "bus=scsi_host device=\"naa.5123456789abcde0\""), true);
    SENDS(virAuditDomainHostdevMdev(dom, UUID_TEXT, "attach", true), "VIRT_RESOURCE",
          RESOURCE("dev", "attach", "bus=mdev device=\"" UUID_TEXT "\""), true);
    SENDS(virAuditDomainHostdevMdev(dom, NULL, "attach", true), "VIRT_RESOURCE",
          RESOURCE("dev", "attach", "bus=mdev device=\"?\""), true);
    SENDS(virAuditDomainHostdevStorage(dom, "/dev/sda", "start", true), "VIRT_RESOURCE",
          RESOURCE("hostdev", "start", "disk=\"/dev/sda\""), true);
    SENDS(virAuditDomainHostdevMisc(dom, "/dev/tty0", "start", true), "VIRT_RESOURCE",
          RESOURCE("hostdev", "start", "chardev=\"/dev/tty0\""), true);
    SENDS(virAuditDomainRedirdev(dom, "start", true), "VIRT_RESOURCE",
          RESOURCE("dev", "start", "bus=usb device=555342207265646972646576"), true);
}

static void amounts(virAuditDomain *dom)
{
    SENDS(virAuditDomainMemory(dom, 0, 18446744073709551615ULL, "update", true), "VIRT_RESOURCE",
          RESOURCE("mem", "update", "old-mem=0 new-mem=18446744073709551615"), true);
    SENDS(virAuditDomainVcpu(dom, 2, 4, "update", true), "VIRT_RESOURCE",
          RESOURCE("vcpu", "update", "old-vcpu=2 new-vcpu=4"), true);
    SENDS(virAuditDomainIOThread(dom, 0, 4294967295U, "update", false), "VIRT_RESOURCE",
          RESOURCE("iothread", "update", "old-iothread=0 new-iothread=4294967295"), false);
    SENDS(virAuditDomainCgroup(dom, "/sys/fs/cgroup/devices/a", "deny", true), "VIRT_RESOURCE",
          RESOURCE("cgroup", "deny", "cgroup=\"/sys/fs/cgroup/devices/a\" class=all"), true);
    SENDS(virAuditDomainCgroupMajor(dom, NULL, "allow", 136, "pty", "rw", true), "VIRT_RESOURCE",
          RESOURCE("cgroup", "allow", "cgroup=\"?\" class=major category=pty maj=88 acl=rw"), true);
    SENDS(virAuditDomainCgroupPath(dom, "/a", "allow", "/dev/null", "rwm", 0), "VIRT_RESOURCE",
          RESOURCE("cgroup", "allow",
                   "cgroup=\"/a\" class=path path=\"/dev/null\" rdev=01:03 acl=rwm"), true);
    SENDS(virAuditDomainCgroupPath(dom, "/a", "deny", NULL, "rwm", -1), "VIRT_RESOURCE",
          RESOURCE("cgroup", "deny", "cgroup=\"/a\" class=path path=\"?\" rdev=? acl=rwm"), false);
    SILENT(virAuditDomainCgroupPath(dom, "/a", "deny", "/dev/null", "rwm", 1));
}

static void formatted(void)
{
    const char *glibc_format = "a=%d b=%m";
    static char value[9000];
    static char body[9100];

    errno = ENOENT;
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_CONTROL, true, "virt=%s op=%s n=%d", "kvm", "start", -7);
    CHECK(errno == ENOENT);
    CHECK_RECORD("VIRT_CONTROL", "virt=kvm op=start n=-7", true);
    VIR_AUDIT(VIR_AUDIT_RECORD_MACHINE_ID, false, "virt=kvm");
    CHECK_RECORD("VIRT_MACHINE_ID", "virt=kvm", false);
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true,
              "a=%d b=%u c=%lld d=%s e=%d f=%d g=%d h=%.1f i=%.1f j=%s", 1, 2U, 3LL, "4", 5, 6, 7,
              8.0, 9.5, VIR_AUDIT_STR((const char *)NULL));
    CHECK_RECORD("VIRT_RESOURCE", "a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8.0 i=9.5 j=?", true);
    errno = ENOENT;
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, glibc_format, 1);
    CHECK_RECORD("VIRT_RESOURCE", "a=1 b=No such file or directory", true);
    /* What the C library can't format, here in the C locale, isn't lost without a word. */
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "a=%ls", L"\xe4");
    CHECK_RECORD("VIRT_RESOURCE", "a=%ls", true);
    VIR_AUDIT_USER(VIR_AUDIT_RECORD_RESOURCE, true, "/dev/pts/9", "192.0.2.7", "a=1");
    CHECK(virAuditMockCount() == 1);
    CHECK_TEXT(virAuditMockField(0, "terminal"), "/dev/pts/9");
    CHECK_TEXT(virAuditMockField(0, "addr"), "192.0.2.7");
    CHECK(strcmp(virAuditMockField(0, "hostname"), "?") != 0);
    virAuditMockClear();

    /* Longer than the kernel takes, and longer than any buffer on the stack. */
    memset(value, 'x', sizeof value - 1);
    VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "a=%s b=%s%s%s end=1", value, value, value, value);
    CHECK(virAuditMockCount() == 1);
    CHECK(strlen(virAuditMockRecord(0)) <= 8560 + strlen("VIRT_RESOURCE "));
    CHECK_TEXT(virAuditMockField(0, "end"), "1");
    CHECK_TEXT(virAuditMockField(0, "truncated"), "a,b");
    CHECK_TEXT(virAuditMockField(0, "res"), "success");
    virAuditMockClear();
    /* Just what the stack holds, and one byte more or less. */
    for (int length = 8300; length < 8302; length++) {
        snprintf(body, sizeof body, "a=%.*s", length, value);
        VIR_AUDIT(VIR_AUDIT_RECORD_RESOURCE, true, "a=%.*s", length, value);
        CHECK_RECORD("VIRT_RESOURCE", body, true);
    }

    virAuditSend(NULL, NULL, 0, NULL, NULL, NULL, VIR_AUDIT_RECORD_RESOURCE, true, "%s", "a=1");
    CHECK_RECORD("VIRT_RESOURCE", "a=1", true);
    virAuditSend(NULL, NULL, 0, NULL, "", "", VIR_AUDIT_RECORD_RESOURCE, true, "a=1");
    CHECK_RECORD("VIRT_RESOURCE", "a=1", true);
    virAuditSend(NULL, "f", 1, "g", NULL, NULL, (virAuditRecordType)3, true, "a=1");
    virAuditSend(NULL, "f", 1, "g", NULL, NULL, (virAuditRecordType)-1, true, "a=1");
    CHECK(virAuditMockCount() == 0);
}

static void encoded(void)
{
    static const struct {
        const char *value, *expected;
    } table[] = {{"web1", "k=\"web1\""},
                 {"", "k=\"\""},
                 {NULL, "k=\"?\""},
                 {"a b", "k=612062"},
                 {"\"", "k=22"},
                 {"it's", "k=\"it's\""},
                 {"\x7f", "k=7F"},
                 {"\xc3\xa4", "k=C3A4"}};
    size_t i;

    for (i = 0; i < sizeof table / sizeof *table; i++) {
        char *text;

        errno = ENOTTY;
        text = virAuditEncode("k", table[i].value);
        CHECK_TEXT(text, table[i].expected);
        CHECK(errno == ENOTTY);
        free(text);
    }
    CHECK_FAILS(virAuditEncode(NULL, "v"), NULL, EINVAL, "key must not be NULL");
}

static void described(void)
{
    static const char xml[] =
        "<domain type='kvm'>\n"
        "  <name>web1</name>\n"
        "  <uuid>" UUID_TEXT "</uuid>\n"
        "  <memory unit='MiB'>512</memory>\n"
        "  <vcpu>2</vcpu>\n"
        "  <os><type>hvm</type></os>\n"
        "  <devices>\n"
        "    <disk type='file' device='disk'>\n"
        "      <source file='/images/web1.qcow2'/><target dev='vda' bus='virtio'/>\n"
        "    </disk>\n"
        "  </devices>\n"
        "</domain>\n";
    static const char *const start[] = {
        "VIRT_RESOURCE virt=kvm resrc=disk reason=start " VM
        " old-disk=\"?\" new-disk=\"/images/web1.qcow2\" ",
        "VIRT_RESOURCE virt=kvm resrc=mem reason=start " VM " old-mem=0 new-mem=524288 ",
        "VIRT_RESOURCE virt=kvm resrc=vcpu reason=start " VM " old-vcpu=0 new-vcpu=2 ",
        "VIRT_CONTROL virt=kvm op=start reason=booted " VM " vm-pid=99 "};
    virAuditDomain *dom = virAuditDomainNewXML(xml);
    size_t i;

    CHECK(dom != NULL);
    virAuditDomainSetPid(dom, 99);
    CHECK(virAuditDomainStart(dom, "booted", false) == 0);
    CHECK(virAuditMockCount() == 4);
    for (i = 0; i < 4; i++) {
        CHECK(strncmp(virAuditMockRecord(i), start[i], strlen(start[i])) == 0);
        CHECK_TEXT(virAuditMockField(i, "res"), i < 3 ? "success" : "failed");
    }
    virAuditMockFail(EPERM);
    CHECK(virAuditDomainStart(dom, "booted", true) == -1);
    CHECK(errno == EPERM);
    virAuditMockFail(0);
    virAuditMockClear();
    SENDS(virAuditDomainStop(dom, "destroyed"), "VIRT_CONTROL",
          "virt=kvm op=stop reason=destroyed " VM " vm-pid=99", true);
    SENDS(virAuditDomainVcpu(dom, 2, 4, "update", true), "VIRT_RESOURCE",
          RESOURCE("vcpu", "update", "old-vcpu=2 new-vcpu=4"), true);
    virAuditDomainFree(dom);

    errno = 0;
    CHECK(virAuditDomainNewXML("<domain type='kvm'>\n  <name>a</nam>\n</domain>") == NULL);
    CHECK(errno == EINVAL);
    CHECK(strncmp(virAuditLastError(), "line 2, column ", 15) == 0);
}

static int warnings;

static void count_warning(void *opaque, virAuditLogLevel level, const char *file, size_t line,
                          const char *function, const char *message)
{
    static const char start[] = "not recorded: <disk> at line 2: <disk type='cloud'>";

    (void)file, (void)line;
    CHECK(opaque == &warnings && level == VIR_AUDIT_LOG_WARNING);
    CHECK_TEXT(function, "virAuditDomainNewXML");
    CHECK(strncmp(message, start, strlen(start)) == 0);
    warnings++;
}

static void unknown_elements(void)
{
    static const char xml[] =
        "<domain type='kvm'><name>web1</name><uuid>" UUID_TEXT "</uuid>\n"
        "<memory>1</memory><os><type>hvm</type></os><devices><disk type='cloud'/></devices>"
        "</domain>";
    virAuditDomain *named = web1(), *dom;

    virAuditMockClear();
    virAuditSetLogFunc(count_warning, &warnings);
    dom = virAuditDomainNewXML(xml);
    virAuditSetLogFunc(NULL, NULL);
    CHECK(dom != NULL && warnings == 1);
    CHECK(virAuditDomainNotRecorded(dom) == 1 && virAuditDomainNotRecorded(named) == 0);
    CHECK(virAuditDomainStart(dom, "booted", true) == 0 && virAuditMockCount() == 3);
    virAuditDomainFree(dom);
    virAuditDomainFree(named);

    CHECK_FAILS(virAuditDomainNewXMLFlags(xml, VIR_AUDIT_XML_STRICT), NULL, EINVAL,
                "line 2, column 65: <disk type='cloud'>: expected one of: file, block, dir, network, "
                "volume, nvme, vhostuser, vhostvdpa, ctl");
    CHECK_FAILS(virAuditDomainNewXMLFlags(xml, 2), NULL, EINVAL, "flags is not a virAuditXMLFlags");
    dom = virAuditDomainNewXMLFlags(xml, VIR_AUDIT_XML_LENIENT);
    CHECK(virAuditDomainNotRecorded(dom) == 1);
    virAuditDomainFree(dom);
    virAuditMockClear();
}

int main(void)
{
    virAuditDomain *dom = web1();

    CHECK(virAuditOpenMock() == 0);
    CHECK(virAuditMockCount() == 0);
    unknown_elements();
    life(dom);
    paths(dom);
    devices(dom);
    amounts(dom);
    formatted();
    encoded();
    described();
    virAuditDomainFree(dom);
    virAuditClose();
    return 0;
}
