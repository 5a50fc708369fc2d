; VBI1: the entry for our own loaders, BIOS and UEFI. The protocol is in fmt/vbi.h: 64-bit mode, interrupts disabled, the
; boot mappings made, rdi = physical address of the boot information. The note says where the entry is.
%include "boot.inc"
%include "vbi.inc"

MSR_EFER equ 0xC0000080
EFER_NXE equ 1 << 11
CR0_WP equ 1 << 16

extern x86_boot_main
extern boot_stack_top
global vbi_entry

section .note.vbi note alloc noexec nowrite align=4
  dd name_end - name
  dd desc_end - desc
  dd VBI_NOTE_TYPE
name:
  db "Veridian", 0
name_end:
  align 4
desc:
  dq vbi_entry
desc_end:

section .boot.text progbits alloc exec nowrite align=16
bits 64
vbi_entry:
  cli
  cld
  mov rsp, boot_stack_top
  mov rbx, rdi
  mov ecx, MSR_EFER
  rdmsr
  or eax, EFER_NXE
  wrmsr
  mov rax, cr0
  or eax, CR0_WP
  mov cr0, rax

  mov rax, vbi_gdt_pointer
  lgdt [rax]
  push 0x08
  mov rax, .selectors
  push rax
  retfq
.selectors:
  mov eax, 0x10
  mov ds, eax
  mov es, eax
  mov ss, eax
  xor eax, eax
  mov fs, eax
  mov gs, eax
  mov edi, LAYOUT_PROTOCOL_VBI
  mov rsi, rbx
  xor ebp, ebp
  call x86_boot_main ; which does not return

section .boot.rodata progbits alloc noexec nowrite align=8
vbi_gdt: ; selectors as in the kernel's own GDT (fmt/trapframe.h)
  dq 0
  dq 0x00AF9A000000FFFF ; 0x08 code, 64-bit
  dq 0x00CF92000000FFFF ; 0x10 data
vbi_gdt_pointer:
  dw $ - vbi_gdt - 1
  dq vbi_gdt
