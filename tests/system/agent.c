/*
 * A guest that is nothing but a guest agent: the first sectors of its disk. It opens port 1 of its
 * virtio-serial device, answers libvirt's guest-sync, and powers off at guest-shutdown.
 * tests/system/build compiles it for the processor's 16-bit mode, in which the firmware starts it.
 */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

/* The firmware loads one sector, and this one the others. */
__asm__(".section .start, \"ax\"\n"
        "ljmp $0, $1f\n"
        "1: xorw %ax, %ax\n"
        "movw %ax, %ds\n"
        "movw %ax, %es\n"
        "movw %ax, %ss\n"
        "movl $0x7c00, %esp\n"
        "movw $0x0203, %ax\n" /* read three, */
        "movw $0x0002, %cx\n" /* from the second on, */
        "movb $0, %dh\n"      /* of the disk in %dl, */
        "movw $0x7e00, %bx\n" /* to behind this one */
        "int $0x13\n"
        "calll agent\n"
        ".org 510\n"
        ".word 0xaa55\n"
        ".text\n");

static inline void out8(u16 port, u8 value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

static inline void out16(u16 port, u16 value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "d"(port));
}

static inline void out32(u16 port, u32 value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "d"(port));
}

static inline u16 in16(u16 port)
{
    u16 value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "d"(port));
    return value;
}

static inline u32 in32(u16 port)
{
    u32 value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
    return value;
}

/* Until the next interrupt: the clock's, at the latest. */
static void pause(void)
{
    __asm__ volatile("sti; hlt" : : : "memory");
}

/* Points the PCI configuration's data port at a register. */
static u16 pci(u32 slot, u32 reg)
{
    out32(0xcf8, 0x80000000 | slot << 11 | reg);
    return 0xcfc;
}

/* virtio 1.x, "Legacy Interface". Of each queue only one buffer is in use at a time, the first one. */
enum { FEATURES = 4, PAGE = 8, SIZE = 12, SELECT = 14, NOTIFY = 16, STATUS = 18 };
enum { TO_HOST = 0, FROM_HOST = 2 };

struct buffer { u32 address, high, length; u16 flags, next; };
struct ring { u16 flags, count, entries[]; };
struct used { u16 flags, count; struct { u32 id, length; } entries[]; };

static u16 device;

struct queue {
    u16 number;
    u32 size;
    volatile struct buffer *buffer;
    volatile struct ring *offered;
    volatile struct used *used;
};

/* A queue, in free memory. One of 1024 buffers takes eight pages, but only a page's beginning is used. */
static void begin(struct queue *q, u16 number, u32 place)
{
    out16(device + SELECT, number);
    q->number = number;
    q->size = in16(device + SIZE);
    q->buffer = (struct buffer *)place;
    q->offered = (struct ring *)(place + 16 * q->size);
    q->used = (struct used *)((place + 18 * q->size + 6 + 4095) & ~4095);
    q->buffer->high = 0;
    q->offered->flags = q->offered->count = 0;
    q->used->flags = q->used->count = 0;
    out32(device + PAGE, place >> 12);
}

/* Passes a buffer to the host, and waits for it. Returns how much the host has written. */
static u32 pass(struct queue *q, u16 direction, const void *data, u32 length)
{
    u16 turn = q->offered->count;

    q->buffer->address = (u32)data;
    q->buffer->length = length;
    q->buffer->flags = direction;
    q->offered->entries[turn % q->size] = 0;
    q->offered->count = turn + 1;
    out16(device + NOTIFY, q->number);
    while (q->used->count == turn)
        pause();
    return q->used->entries[turn % q->size].length;
}

/* Where `word` begins in a text, or 0. */
static char *find(char *text, const char *word)
{
    for (; *text; text++) {
        u32 n = 0;
        while (word[n] && text[n] == word[n])
            n++;
        if (!word[n])
            return text;
    }
    return 0;
}

void agent(void)
{
    static const struct { u32 port; u16 event, value; } opened = { 1, 6, 1 };
    static char message[1024], answer[64] = "{\"return\":";
    struct queue control, input, output;
    u32 slot = 0;

    while (in32(pci(slot, 0)) != 0x10031af4)
        slot++;
    out16(pci(slot, 4), 7); /* its ports and memory, and it may write to ours */
    device = in32(pci(slot, 0x10)) & ~3;

    out8(device + STATUS, 0);
    out8(device + STATUS, 3);
    out32(device + FEATURES, 2); /* several ports */
    /* Those before are port 0's, and the control queue from the host. */
    begin(&control, 3, 0x9000);
    begin(&input, 4, 0x1000);
    begin(&output, 5, 0x4000);
    out8(device + STATUS, 7);
    pass(&control, TO_HOST, &opened, sizeof opened);

    for (;;) {
        u32 length = pass(&input, FROM_HOST, message, sizeof message - 1);
        message[length] = 0;
        if (find(message, "\"guest-shutdown\"")) {
            out16(0x604, 0x2000); /* ACPI's S5, in qemu */
            continue;
        }
        char *id = find(message, "\"id\":"), *end = answer + 10;
        if (!id)
            continue;
        for (id += 5; *id && *id != '}' && end < answer + 40; id++)
            *end++ = *id;
        *end++ = '}';
        *end++ = '\n';
        pass(&output, TO_HOST, answer, end - answer);
    }
}
