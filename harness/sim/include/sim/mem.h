/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory, per-CPU memory, CPUs. */
#ifndef GRANTBENCH_SIM_MEM_H
#define GRANTBENCH_SIM_MEM_H

#include "sim/base.h"
#include "sim/state.h"

#define GFP_KERNEL 1u
#define GFP_ATOMIC 2u
#define GFP_NOWAIT 4u
#define __GFP_NOWARN 8u
#define __GFP_ZERO 16u
#define __GFP_NORETRY 32u

/* malloc() zeroed. GFP_KERNEL in atomic context is a bug; sim_fail_alloc() makes one fail. */
void *sim_alloc(size_t size, size_t align, gfp_t gfp, const char *file, int line);
void sim_dealloc(const void *p);

#define kmalloc(size, gfp) sim_alloc(size, SMP_CACHE_BYTES, gfp, __FILE__, __LINE__)
#define kzalloc(size, gfp) kmalloc(size, gfp)
#define kcalloc(n, size, gfp) kmalloc((size_t)(n) * (size), gfp)
#define kmalloc_array(n, size, gfp) kcalloc(n, size, gfp)
#define kmalloc_node(size, gfp, node) kmalloc(size, gfp)
#define kzalloc_node(size, gfp, node) kmalloc(size, gfp)
#define kvmalloc(size, gfp) kmalloc(size, gfp)
#define kvzalloc(size, gfp) kmalloc(size, gfp)
#define kvcalloc(n, size, gfp) kcalloc(n, size, gfp)
#define kvmalloc_array(n, size, gfp) kcalloc(n, size, gfp)
#define vzalloc(size) kmalloc(size, GFP_KERNEL)
#define vmalloc(size) kmalloc(size, GFP_KERNEL)
#define kfree(p) sim_dealloc(p)
#define kvfree(p) sim_dealloc(p)
#define vfree(p) sim_dealloc(p)
#define bitmap_zalloc(n, gfp) ((unsigned long *)kmalloc(BITS_TO_LONGS(n) * sizeof(long), gfp))
#define bitmap_alloc(n, gfp) bitmap_zalloc(n, gfp)
#define bitmap_free(p) sim_dealloc(p)
#define __get_free_page(gfp) ((unsigned long)sim_alloc(PAGE_SIZE, PAGE_SIZE, gfp, __FILE__, __LINE__))
#define get_zeroed_page(gfp) __get_free_page(gfp)
#define free_page(p) sim_dealloc((void *)(p))
#define kmemleak_ignore(p) ((void)(p))
#define kmemleak_transient_leak(p) ((void)(p))
#define kmemleak_not_leak(p) ((void)(p))

#define SLAB_HWCACHE_ALIGN 1u
struct kmem_cache {
	size_t size;
};
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache);
#define kmem_cache_alloc(c, gfp) sim_alloc((c)->size, 0, gfp, __FILE__, __LINE__)
#define kmem_cache_zalloc(c, gfp) kmem_cache_alloc(c, gfp)
#define kmem_cache_free(c, p) ((void)(c), sim_dealloc(p))

/* CPUs are threads: sim_this.cpu, from 0. */
#define NR_CPUS SIM_CPUS
#define nr_cpu_ids SIM_CPUS
#define NUMA_NO_NODE (-1)
#define cpu_to_node(cpu) 0
#define num_possible_cpus() SIM_CPUS
#define num_online_cpus() SIM_CPUS
#define num_present_cpus() SIM_CPUS
#define cpu_online(cpu) ((cpu) < SIM_CPUS)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < SIM_CPUS; (cpu)++)
#define for_each_online_cpu(cpu) for_each_possible_cpu(cpu)
#define smp_processor_id() (sim_this.cpu)
#define raw_smp_processor_id() (sim_this.cpu)
#define get_cpu() (preempt_disable(), sim_this.cpu)
#define put_cpu() preempt_enable()
#define cpus_read_lock() ((void)0)
#define cpus_read_unlock() ((void)0)

/* Each CPU's part is SIM_PERCPU bytes behind the one before. */
#define SIM_PERCPU 32768
void *sim_percpu_alloc(size_t size, size_t align, gfp_t gfp, const char *file, int line);
#define alloc_percpu(type) alloc_percpu_gfp(type, GFP_KERNEL)
#define alloc_percpu_gfp(type, gfp) \
	((type *)sim_percpu_alloc(sizeof(type), __alignof__(type), gfp, __FILE__, __LINE__))
#define __alloc_percpu(size, align) sim_percpu_alloc(size, align, GFP_KERNEL, __FILE__, __LINE__)
#define free_percpu(p) sim_dealloc(p)
#define per_cpu_ptr(p, cpu) ((__typeof__(p))((char *)(p) + (size_t)(cpu) * SIM_PERCPU))
#define this_cpu_ptr(p) per_cpu_ptr(p, sim_this.cpu)
#define raw_cpu_ptr(p) this_cpu_ptr(p)
#define get_cpu_ptr(p) (preempt_disable(), this_cpu_ptr(p))
#define put_cpu_ptr(p) ((void)(p), preempt_enable())

/* CPUs that go away: the callback of each instance runs when sim_cpu_dead() is called. */
struct hlist_node {
	struct hlist_node *next, **pprev;
};
enum cpuhp_state { CPUHP_IOMMU_IOVA_DEAD = 1, CPUHP_BP_PREPARE_DYN, CPUHP_AP_ONLINE_DYN, SIM_CPUHP = 8 };
int cpuhp_setup_state_multi(int state, const char *name,
			    int (*up)(unsigned int cpu, struct hlist_node *node),
			    int (*down)(unsigned int cpu, struct hlist_node *node));
void cpuhp_remove_multi_state(int state);
int cpuhp_state_add_instance_nocalls(int state, struct hlist_node *node);
int cpuhp_state_remove_instance_nocalls(int state, struct hlist_node *node);
#define hlist_entry_safe(p, type, member) \
	((p) ? container_of(p, type, member) : NULL)

#endif
