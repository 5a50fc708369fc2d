/*
 * Where things are in the address space: the one definition that C, the linker script and (through
 * build-aux/nasm-layout) the loaders read. Plain numbers only: no casts, no suffixes, no expressions.
 *
 *   0000000000000000  user half; the user window is its part that uapi/abi.h names, page 0 is never mapped
 *   FFFF800000000000  kernel heap (100 MiB) and stacks (the rest of 1 GiB)
 *   FFFF880000000000  direct map of physical memory
 *   FFFFFE8000000000  device registers below 4 GiB, uncached
 *   FFFFFE8040000000  framebuffer, write-combining
 *   FFFFFFFF80000000  the kernel image, at 1 MiB from here and 1 MiB in physical memory
 */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

/* Link base: physical address 0 of the kernel image. */
#define LAYOUT_KERNEL_BASE 0xFFFFFFFF80000000
/* The image is loaded here (LMA) and linked at LAYOUT_KERNEL_BASE plus this (VMA). */
#define LAYOUT_KERNEL_LMA 0x100000

#define LAYOUT_WINDOW_BASE 0xFFFF800000000000
#define LAYOUT_WINDOW_SIZE 0x40000000

/* The boot tables map BOOT_MAPPED bytes here, at 0 and (the first GiB) at LAYOUT_KERNEL_BASE; the kernel's own map
 * RAM. */
#define LAYOUT_DIRECT_MAP_BASE 0xFFFF880000000000
#define LAYOUT_DIRECT_MAP_SIZE 0x100000000000
#define LAYOUT_DIRECT_MAP_SLOT 272
#define LAYOUT_BOOT_MAPPED 0x100000000

/* Physical [LAYOUT_MMIO_PHYS, + SIZE): where a PC keeps its device registers. */
#define LAYOUT_MMIO_BASE 0xFFFFFE8000000000
#define LAYOUT_MMIO_PHYS 0xC0000000
#define LAYOUT_MMIO_SIZE 0x40000000

/* The framebuffer, as far into a large page as in physical memory. */
#define LAYOUT_FRAMEBUFFER_BASE 0xFFFFFE8040000000
#define LAYOUT_FRAMEBUFFER_SIZE 0x40000000

/* The boot processor's first stack, until its idle thread leaves it at the end of the boot. */
#define LAYOUT_BOOT_STACK_SIZE 0x8000

/* How the boot code names the protocol to x86_boot_main. */
#define LAYOUT_PROTOCOL_MULTIBOOT2 1
#define LAYOUT_PROTOCOL_PVH 2
#define LAYOUT_PROTOCOL_VBI 3

/* struct x86_cpu offsets, for entry.S; cpu.c asserts them. */
#define CPU_KERNEL_STACK 16
#define CPU_USER_STACK 24
#define CPU_GUARD 32

#endif
