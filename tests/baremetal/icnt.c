/* Counts guest instructions exactly: a plugin for QEMU's TCG (plugin API 1, QEMU 7.2).
 *
 *     cc -O2 -shared -fPIC -Wall -Wextra -o libicnt.so icnt.c
 *     qemu-system-arm ... -d plugin -plugin ./libicnt.so,start=0xADDR,stop=0xADDR,out=FILE
 *
 * FILE gets one line for each time the guest goes from `start` to `stop`: the instructions between the two, neither
 * of them counted; and at the end "total N". Addresses are those of single instructions, without the Thumb bit.
 * A second `start` before `stop` begins anew.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Debian does not package qemu-plugin.h; these are the parts of its interface that are used here. */
#define EXPORT __attribute__((visibility("default")))
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*translate_hook)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*execute_hook)(unsigned vcpu, void *userdata);
typedef void (*exit_hook)(qemu_plugin_id_t, void *userdata);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translate_hook);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, execute_hook, int flags, void *userdata);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, exit_hook, void *userdata);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

static uint64_t start, stop; /* addresses */
static uint64_t total, since_start;
static bool counting;
static FILE *out;

static void executed(unsigned vcpu, void *address_) {
    (void)vcpu;
    uint64_t address = (uint64_t)(uintptr_t)address_;
    total++;
    if (address == start) {
        counting = true;
        since_start = 0;
    } else if (address == stop && counting) {
        counting = false;
        fprintf(out, "%llu\n", (unsigned long long)since_start);
    } else if (counting) {
        since_start++;
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uintptr_t address = (uintptr_t)qemu_plugin_insn_vaddr(instruction);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, executed, 0, (void *)address);
    }
}

static void finished(qemu_plugin_id_t id, void *unused) {
    (void)id;
    (void)unused;
    fprintf(out, "total %llu\n", (unsigned long long)total);
    fclose(out);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *machine, int argc, char **argv) {
    (void)machine;
    const char *path = NULL;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "start=", 6) == 0) {
            start = strtoull(argv[i] + 6, NULL, 0);
        } else if (strncmp(argv[i], "stop=", 5) == 0) {
            stop = strtoull(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "out=", 4) == 0) {
            path = argv[i] + 4;
        } else {
            fprintf(stderr, "icnt: unknown argument %s; there are start=, stop= and out=\n", argv[i]);
            return -1;
        }
    }
    if (path == NULL || (out = fopen(path, "w")) == NULL) {
        fprintf(stderr, "icnt: name a file that can be written with out=FILE\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, finished, NULL);
    return 0;
}
