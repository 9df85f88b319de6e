/* A plugin may load and unload the library as often as it likes: nothing is left behind. This program
 * isn't linked with it, so it has to do without check.h. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
            exit(1);                                                                           \
        }                                                                                      \
    } while (0)

typedef int (*open_mock)(void);
typedef int (*set_delivery)(int, size_t);
typedef int (*flush)(unsigned int);
typedef void *(*domain_new)(const char *, const char *, const unsigned char *);
typedef void (*domain_free)(void *);
typedef int (*domain_stop)(void *, const char *);
typedef void (*close_all)(void);

static void *symbol(void *library, const char *name) {
    void *found = dlsym(library, name);
    if (found == NULL)
        printf("%s\n", dlerror());
    CHECK(found != NULL);
    return found;
}

struct life {
    void *library;
    bool queued, closes;
};

/* One life of the library: a record on the caller's thread or the queue's, and the end. */
static void *live(void *opaque) {
    static const unsigned char uuid[16] = {1};
    const struct life *life = opaque;
    void *library = life->library, *dom;

    CHECK(((set_delivery)symbol(library, "virAuditSetDelivery"))(life->queued, 0) == 0);
    CHECK(((open_mock)symbol(library, "virAuditOpenMock"))() == 0);
    dom = ((domain_new)symbol(library, "virAuditDomainNew"))("kvm", "web1", uuid);
    CHECK(dom != NULL);
    CHECK(((domain_stop)symbol(library, "virAuditDomainStop"))(dom, "shutdown") == 0);
    CHECK(((flush)symbol(library, "virAuditFlush"))(10000) == 0);
    ((domain_free)symbol(library, "virAuditDomainFree"))(dom);
    if (life->closes)
        ((close_all)symbol(library, "virAuditClose"))();
    return NULL;
}

/* Mappings of the library, and all of this process. */
static void maps(const char *path, int *ours, int *all) {
    char line[4096];
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL);
    for (*ours = *all = 0; fgets(line, sizeof line, file) != NULL; ++*all)
        *ours += strstr(line, path) != NULL;
    fclose(file);
}

int main(int argc, char **argv) {
    const char *path = getenv("LIBVIRAUDIT");
    int rounds = argc > 2 ? atoi(argv[2]) : 10000;
    int ours, all, ours_then = 0, all_then = 0;
    size_t heap_then = 0;

    CHECK(path != NULL);
    for (int i = 0; i < rounds; i++) {
        struct life life = {dlopen(path, RTLD_NOW | RTLD_LOCAL), i % 2, i % 4 < 2};
        pthread_t thread;
        if (life.library == NULL)
            printf("%s\n", dlerror());
        CHECK(life.library != NULL);
        /* A thread that has ended keeps nothing of the library from being unloaded. */
        CHECK(pthread_create(&thread, NULL, live, &life) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(dlclose(life.library) == 0);
        if (i == rounds / 10) {
            maps(path, &ours_then, &all_then);
            heap_then = mallinfo2().uordblks;
        }
    }
    maps(path, &ours, &all);
    if (argc > 3)
        printf("%d mappings of the library, %zu bytes of heap\n", ours, mallinfo2().uordblks);
    if (ours != ours_then || all > all_then + 4)
        printf("%d of %d mappings, before %d of %d\n", ours, all, ours_then, all_then);
    CHECK(ours > 0 && ours == ours_then);
    CHECK(all <= all_then + 4);
    /* A byte for each time would show. */
    if (mallinfo2().uordblks > heap_then + (size_t)rounds / 2)
        printf("%zu bytes of heap, before %zu\n", mallinfo2().uordblks, heap_then);
    CHECK(mallinfo2().uordblks <= heap_then + (size_t)rounds / 2);
    return 0;
}
