; The second stage: at 0x8000 in real mode, dl = drive. Asks the BIOS for the memory map, opens the A20 gate, and goes to
; 32-bit protected mode, from where it reads kernel.elf, initrd.cpio and cmdline.txt (the kernel's command line, which may be
; missing) out of the EFI system partition (a FAT16 file system), places the kernel's segments, and enters it in 64-bit mode
; as fmt/vbi.h says. It goes back to real mode for each read and for messages. Every failure says in one line which step it
; was.
%include "bios.inc"

org STAGE2_BASE
bits 16
  dd STAGE2_MAGIC
  mov [drive], dl
  call memory_map
  call open_a20
  call enter_protected
bits 32
  call check_processor
  call find_memory_top
  call mount

  call load_cmdline
  mov esi, initrd_file
  call load_file
  mov [INFO_BASE + VBI_INFO_INITRD], eax
  mov [INFO_BASE + VBI_INFO_INITRD_SIZE], ecx
  mov esi, kernel_file
  call load_file
  mov [elf_base], eax
  mov [elf_size], ecx
  call place_kernel
  call find_rsdp
  call finish_info
  call set_video ; last: what fails before is said in text mode
  jmp enter_kernel

%include "cmdline.inc"
%include "memory.inc"
%include "modes.inc"
%include "print.inc"
%include "fat.inc"
%include "elf.inc"
%include "long.inc"
%include "video.inc"

drive: db 0
  align SECTOR, db 0 ; whole sectors on the disk
