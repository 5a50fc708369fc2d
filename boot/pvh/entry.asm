; PVH: what `qemu-system-x86_64 -kernel` (and Xen) look for in an ELF64 file: a note, vendor "Xen", type 18
; (XEN_ELFNOTE_PHYS32_ENTRY), whose descriptor is the physical address of a 32-bit entry.
; Xen docs/misc/pvh.pandoc: 32-bit protected mode, flat segments, paging off, interrupts disabled, ebx = physical
; address of struct hvm_start_info (whose magic the decoder checks).
%include "boot.inc"

XEN_ELFNOTE_PHYS32_ENTRY equ 18

extern boot_enter_long_mode
global pvh_entry

section .note.pvh note alloc noexec nowrite align=4
  dd name_end - name
  dd desc_end - desc
  dd XEN_ELFNOTE_PHYS32_ENTRY
name:
  db "Xen", 0
name_end:
  align 4
desc:
  dq PHYS(pvh_entry)
desc_end:

section .boot.text progbits alloc exec nowrite align=16
bits 32
pvh_entry:
  mov ebp, LAYOUT_PROTOCOL_PVH
  jmp boot_enter_long_mode
