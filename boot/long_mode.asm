; The one path into long mode, shared by every 32-bit entry.
;
;   in:  32-bit protected mode, flat segments, paging off, interrupts disabled
;        ebp = LAYOUT_PROTOCOL_*, ebx = physical address of the boot information
;   out: x86_boot_main(protocol, information) in 64-bit mode on the boot stack, BSS cleared, with the boot page tables:
;        the first 4 GiB at 0 and at the direct map, the first GiB at the kernel's base, all readable, writable and
;        executable with 2 MiB pages. The kernel replaces them (arch_kernel_pmap_fill) before anything is started.
;
; Intel SDM vol. 3A, 9.8.5 "Initializing IA-32e Mode"; 4.5 "4-level paging"; vol. 2A CPUID.
%include "boot.inc"
%include "debug_exit.inc"

CPUID_EXT_MAX equ 0x80000000
CPUID_EXT_FEATURES equ 0x80000001
CPUID_EDX_LM equ 1 << 29
CPUID_EDX_NX equ 1 << 20
EFLAGS_ID equ 1 << 21
MSR_EFER equ 0xC0000080
EFER_LME equ 1 << 8
EFER_NXE equ 1 << 11
CR0_PE equ 1 << 0
CR0_WP equ 1 << 16
CR0_PG equ 1 << 31
CR4_PAE equ 1 << 5
PTE_PRESENT_WRITE equ 3
PDE_HUGE equ 0x83
ENTRIES equ 512
BOOT_PDS equ LAYOUT_BOOT_MAPPED >> 30

COM1 equ 0x3F8
COM1_LSR equ COM1 + 5
LSR_THR_EMPTY equ 0x20
LSR_TRIES equ 0x10000
VGA_TEXT equ 0xB8000
VGA_YELLOW_ON_BLACK equ 0x0E

extern _bss_start
extern _bss_end
extern x86_boot_main
global boot_enter_long_mode
global boot_refuse

section .boot.text progbits alloc exec nowrite align=16
bits 32
boot_enter_long_mode:
  cld
  mov edi, PHYS(_bss_start)
  mov ecx, PHYS(_bss_end)
  sub ecx, edi
  shr ecx, 2 ; the linker script rounds both to pages
  xor eax, eax
  rep stosd
  mov esp, PHYS(boot_stack_top)

  call check_processor
  call fill_page_tables

  mov eax, cr4
  or eax, CR4_PAE
  mov cr4, eax
  mov eax, PHYS(boot_pml4)
  mov cr3, eax
  mov ecx, MSR_EFER
  rdmsr
  or eax, EFER_LME | EFER_NXE
  wrmsr
  mov eax, cr0
  or eax, CR0_PG | CR0_WP | CR0_PE
  mov cr0, eax

  lgdt [PHYS(boot_gdt_pointer)]
  jmp 0x08:PHYS(enter_64)

; CPUID itself, long mode and the no-execute bit: nothing of the kernel runs without them.
check_processor:
  pushfd
  pop eax
  mov ecx, eax
  xor eax, EFLAGS_ID
  push eax
  popfd
  pushfd
  pop eax
  cmp eax, ecx
  je .missing
  push ebx
  mov eax, CPUID_EXT_MAX
  cpuid
  cmp eax, CPUID_EXT_FEATURES
  jb .missing
  mov eax, CPUID_EXT_FEATURES
  cpuid
  pop ebx
  and edx, CPUID_EDX_LM | CPUID_EDX_NX
  cmp edx, CPUID_EDX_LM | CPUID_EDX_NX
  jne .missing
  ret
.missing:
  REFUSE processor_text

fill_page_tables:
  mov edi, PHYS(boot_pds)
  mov eax, PDE_HUGE
  mov ecx, BOOT_PDS * ENTRIES
  xor edx, edx
.page:
  mov [edi], eax ; below 4 GiB: the upper half stays 0
  add edi, 8
  add eax, 0x200000
  dec ecx
  jnz .page

  mov eax, PHYS(boot_pds) + PTE_PRESENT_WRITE
  mov [PHYS(boot_pdpt_high) + 8 * (ENTRIES - 2)], eax
  mov edi, PHYS(boot_pdpt_low)
  mov ecx, BOOT_PDS
.directory:
  mov [edi], eax
  add edi, 8
  add eax, 0x1000
  dec ecx
  jnz .directory

  mov dword [PHYS(boot_pml4)], PHYS(boot_pdpt_low) + PTE_PRESENT_WRITE
  mov dword [PHYS(boot_pml4) + 8 * LAYOUT_DIRECT_MAP_SLOT], PHYS(boot_pdpt_low) + PTE_PRESENT_WRITE
  mov dword [PHYS(boot_pml4) + 8 * (ENTRIES - 1)], PHYS(boot_pdpt_high) + PTE_PRESENT_WRITE
  ret

; esi = text. Serial line without waiting for ever (there may be none), then the top line of the screen.
boot_refuse:
  mov edi, VGA_TEXT
  cld
.next:
  lodsb
  test al, al
  jz .stop
  mov bl, al
  mov ecx, LSR_TRIES
.wait:
  mov dx, COM1_LSR
  in al, dx
  test al, LSR_THR_EMPTY
  jnz .send
  dec ecx
  jnz .wait
.send:
  mov al, bl
  mov dx, COM1
  out dx, al
  cmp al, ' '
  jb .next
  mov ah, VGA_YELLOW_ON_BLACK
  stosw
  jmp .next
.stop:
  DEBUG_EXIT_FAIL
.halt:
  cli
  hlt
  jmp .halt

bits 64
enter_64:
  mov rax, enter_high
  jmp rax
enter_high:
  mov eax, 0x10
  mov ds, eax
  mov es, eax
  mov ss, eax
  xor eax, eax
  mov fs, eax
  mov gs, eax
  mov rsp, boot_stack_top
  mov edi, ebp
  mov esi, ebx ; zero-extended: both entries deliver 32-bit addresses
  xor ebp, ebp
  call x86_boot_main
.halt:
  cli
  hlt
  jmp .halt

section .boot.rodata progbits alloc noexec nowrite align=8
boot_gdt: ; selectors as in the kernel's own GDT (fmt/trapframe.h)
  dq 0
  dq 0x00AF9A000000FFFF ; 0x08 code, 64-bit
  dq 0x00CF92000000FFFF ; 0x10 data
boot_gdt_pointer:
  dw $ - boot_gdt - 1
  dd PHYS(boot_gdt)
processor_text: db "veridian: the processor lacks 64-bit mode or the no-execute bit", 13, 10, 0

section .bss nobits alloc noexec write align=4096
boot_pml4: resq ENTRIES
boot_pdpt_low: resq ENTRIES
boot_pdpt_high: resq ENTRIES
boot_pds: resq BOOT_PDS * ENTRIES
global boot_stack_guard
global boot_stack
global boot_stack_top
boot_stack_guard: resb 4096 ; the kernel's tables leave this page out
boot_stack: resb LAYOUT_BOOT_STACK_SIZE
boot_stack_top:
