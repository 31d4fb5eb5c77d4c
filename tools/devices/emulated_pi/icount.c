/* A plugin for qemu's user mode that counts the instructions a program executes.
 *
 * The program marks a point by lseek(-1, 0xEDBE0000 | n, 0), which fails and changes nothing;
 * the plugin then prints "icount <n> <instructions so far>" on the standard error stream.
 *
 * Debian packages no qemu-plugin.h, so what is used of it is declared here: plugin API version 1
 * (qemu 6.0 to 9.0).
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum qemu_plugin_op { ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *,
                                              uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id,
                                          void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t,
                                                   uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                   uint64_t));

int qemu_plugin_version = 1;

enum { LSEEK_ON_AARCH64 = 62, MARK = 0xEDBE };

static uint64_t executed;

/* Every time a translated block runs, its number of instructions is added. */
static void on_translation(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &executed,
                                             qemu_plugin_tb_n_insns(block));
}

static void on_syscall(plugin_id id, unsigned cpu, int64_t number, uint64_t file, uint64_t offset,
                       uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)cpu, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == LSEEK_ON_AARCH64 && (int32_t)file == -1 && offset >> 16 == MARK)
        fprintf(stderr, "icount %u %" PRIu64 "\n", (unsigned)(offset & 0xffff), executed);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    return 0;
}
