; Multiboot2: the header a loader such as GRUB looks for in the first 32 KiB of the file, and the entry it jumps to.
; Multiboot2 Specification 2.0, 3.1 "OS image format" and 3.3 "I386 machine state": 32-bit protected mode, flat
; segments, paging off, interrupts disabled, eax = magic, ebx = physical address of the boot information.
%include "boot.inc"

MB2_HEADER_MAGIC equ 0xE85250D6
MB2_ARCH_I386 equ 0
MB2_LOADER_MAGIC equ 0x36D76289
MB2_TAG_END equ 0
MB2_TAG_ENTRY_ADDRESS equ 3
MB2_TAG_FRAMEBUFFER equ 5
MB2_TAG_MODULE_ALIGN equ 6
MB2_OPTIONAL equ 1

extern boot_enter_long_mode
extern boot_refuse
global multiboot2_entry

section .boot.header progbits alloc noexec nowrite align=8
header:
  dd MB2_HEADER_MAGIC
  dd MB2_ARCH_I386
  dd header_end - header
  dd 0x100000000 - (MB2_HEADER_MAGIC + MB2_ARCH_I386 + (header_end - header)) ; the four words sum to 0

  align 8
  dw MB2_TAG_ENTRY_ADDRESS, 0
  dd 12
  dd PHYS(multiboot2_entry)

  align 8
  dw MB2_TAG_FRAMEBUFFER, MB2_OPTIONAL ; this size if it can be; text mode is accepted, too
  dd 20
  dd 1024, 768, 32

  align 8
  dw MB2_TAG_MODULE_ALIGN, 0 ; modules start on page boundaries
  dd 8

  align 8
  dw MB2_TAG_END, 0
  dd 8
header_end:

section .boot.text progbits alloc exec nowrite align=16
bits 32
multiboot2_entry:
  cmp eax, MB2_LOADER_MAGIC
  jne .wrong_magic
  mov ebp, LAYOUT_PROTOCOL_MULTIBOOT2
  jmp boot_enter_long_mode
.wrong_magic:
  REFUSE wrong_magic_text

section .boot.rodata progbits alloc noexec nowrite
wrong_magic_text: db "veridian: the boot loader does not speak Multiboot2 (wrong magic)", 13, 10, 0
