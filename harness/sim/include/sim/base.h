/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's types, and macros that every file of it uses. */
#ifndef GRANTBENCH_SIM_BASE_H
#define GRANTBENCH_SIM_BASE_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#ifndef ENOTSUPP
#define ENOTSUPP 524
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned int gfp_t;
typedef u64 dma_addr_t;
typedef u64 phys_addr_t;

#define __init
#define __exit
#define __initdata
#define __ro_after_init
#define __read_mostly
#define __maybe_unused __attribute__((unused))
#define __must_check __attribute__((warn_unused_result))
#define __percpu
#define __force
#define __rcu
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __guarded_by(x)
#define noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __aligned(x) __attribute__((aligned(x)))
#define __packed __attribute__((packed))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define SMP_CACHE_BYTES 64
#define L1_CACHE_BYTES 64
#define ____cacheline_aligned __aligned(SMP_CACHE_BYTES)
#define ____cacheline_aligned_in_smp __aligned(SMP_CACHE_BYTES)
#define cache_line_size() SMP_CACHE_BYTES
#define fallthrough __attribute__((fallthrough))

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define BITS_PER_LONG 64
#define BITS_PER_BYTE 8

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() __asm__ volatile("" ::: "memory")
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define mb() smp_mb()
#define wmb() smp_wmb()
#define rmb() smp_rmb()

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif
#define BUILD_BUG_ON(c) _Static_assert(!(c), #c)
#define static_assert _Static_assert

/* Each argument once; inner names carry the nesting level of the line. */
#define sim_pick_(op, a, b, ua, ub)       \
	({                                \
		__typeof__(a) ua = (a);   \
		__typeof__(b) ub = (b);   \
		ua op ub ? ua : ub;       \
	})
#define sim_cat__(a, b) a##b
#define sim_cat_(a, b) sim_cat__(a, b)
#define sim_pick(op, a, b) sim_pick_(op, a, b, sim_cat_(sim_a_, __COUNTER__), sim_cat_(sim_b_, __COUNTER__))
#define min(a, b) sim_pick(<, a, b)
#define max(a, b) sim_pick(>, a, b)
#define min3(a, b, c) min(a, min(b, c))
#define max3(a, b, c) max(a, max(b, c))
#define min_t(t, a, b) min((t)(a), (t)(b))
#define max_t(t, a, b) max((t)(a), (t)(b))
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define clamp_t(t, v, lo, hi) min_t(t, max_t(t, v, lo), hi)
#define min_not_zero(a, b) ((a) == 0 ? (b) : (b) == 0 ? (a) : min(a, b))
#define swap(a, b)                             \
	do {                                   \
		__typeof__(a) sim_swap = (a);  \
		(a) = (b);                     \
		(b) = sim_swap;                \
	} while (0)

#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ALIGN(x, a) (((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define round_up(x, y) ALIGN(x, y)
#define round_down(x, y) ALIGN_DOWN(x, y)
#define roundup(x, y) (DIV_ROUND_UP(x, y) * (y))
#define rounddown(x, y) ((x) / (y) * (y))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define struct_size(p, member, n) (sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define array_size(n, size) ((size_t)(n) * (size))
#define struct_group(name, ...) struct { __VA_ARGS__ }

#define IS_REACHABLE(option) 1
#define IS_ENABLED(option) 0
#define EXPORT_SYMBOL(s) extern int sim_no_export
#define EXPORT_SYMBOL_GPL(s) extern int sim_no_export
#define MODULE_AUTHOR(s) extern int sim_no_export
#define MODULE_DESCRIPTION(s) extern int sim_no_export
#define MODULE_LICENSE(s) extern int sim_no_export
#define MODULE_PARM_DESC(name, text) extern int sim_no_export
#define module_param(name, type, perm) extern int sim_no_export
#define module_param_named(name, value, type, perm) extern int sim_no_export

/* Static keys: plain flags. */
struct static_key_false {
	bool on;
};
#define DEFINE_STATIC_KEY_FALSE(name) struct static_key_false name
#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
#define static_branch_unlikely(key) unlikely((key)->on)
#define static_branch_likely(key) likely((key)->on)
#define static_branch_enable(key) ((void)((key)->on = true))
#define static_branch_disable(key) ((void)((key)->on = false))

/* Error pointers. */
#define MAX_ERRNO 4095
#define ERR_PTR(e) ((void *)(long)(e))
#define PTR_ERR(p) ((long)(p))
#define IS_ERR(p) ((unsigned long)(p) >= (unsigned long)-MAX_ERRNO)
#define IS_ERR_OR_NULL(p) (!(p) || IS_ERR(p))

/*
 * BUG ends the process, and so does a warning unless sim_warn_ok is set: what
 * the kernel only says must not pass a test.
 */
void sim_bug(const char *file, int line, const char *what) __attribute__((noreturn, cold));
void sim_warn(const char *file, int line, const char *what) __attribute__((cold));
#define BUG() sim_bug(__FILE__, __LINE__, "BUG()")
#define BUG_ON(c)                                             \
	do {                                                  \
		if (unlikely(c))                              \
			sim_bug(__FILE__, __LINE__, #c);      \
	} while (0)
#define WARN(c, ...)                                          \
	({                                                    \
		bool sim_warned = !!(c);                      \
		if (unlikely(sim_warned))                     \
			sim_warn(__FILE__, __LINE__, #c);     \
		unlikely(sim_warned);                         \
	})
#define WARN_ON(c) WARN(c)
#define WARN_ON_ONCE(c) WARN(c)
#define WARN_ONCE(c, ...) WARN(c)

/* Messages are counted, and printed when GB_SIM_PRINTK is in the environment. */
int sim_printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define printk(...) sim_printk(__VA_ARGS__)
#define pr_err(fmt, ...) sim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...) sim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...) sim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...) ((void)0)
#define pr_warn_ratelimited(fmt, ...) sim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err_ratelimited(fmt, ...) sim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once(fmt, ...) sim_printk(pr_fmt(fmt), ##__VA_ARGS__)

#endif
