/* What libvirt_identity.c and its test share. */

#include <stdbool.h>
#include <sys/types.h>

/* As in libvirt's virterror.h. */
typedef struct {
    int code;
    int domain;
    char *message;
    int level;
    void *conn;
    void *dom;
    char *str1;
    char *str2;
    char *str3;
    int int1;
    int int2;
    void *net;
} virError;

/* A client's identity. */
struct identity {
    int references;
    const char *user, *sasl, *x509;
    bool unix_client;
    uid_t uid;
    gid_t gid;
    pid_t pid;
    unsigned long long started;
};
