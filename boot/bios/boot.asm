; The boot sector: LBA 0 of veridian.img, loaded by the BIOS at 0x7C00 in real mode, dl = drive. Reads the second stage
; from the sectors behind it and jumps there. Bytes 440 to 509 belong to the partition table, which build-aux/mkimg fills
; in; code that reaches them fails the assembly here. STAGE2_SECTORS comes from the makefile.
; BIOS Boot Specification 1.01, 6.5; Enhanced Disk Drive Specification 3.0 (INT 13h, 41h and 42h).
%include "bios.inc"

CODE_SIZE equ 440
%if STAGE2_SECTORS < 1 || STAGE2_SECTORS > STAGE2_SECTORS_MAX
%error "the second stage does not fit where it is read to"
%endif

org 0x7C00
bits 16
  jmp 0:start ; some BIOSes come as 07C0:0000
start:
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, REAL_STACK_TOP
  sti
  cld
  mov [drive], dl
  call open_serial
  mov si, loading_text
  call print

  mov ah, 0x41
  mov bx, 0x55AA
  mov dl, [drive]
  int 0x13
  mov si, lba_text
  jc fail
  cmp bx, 0xAA55
  jne fail
  test cl, 1 ; the packet calls
  jz fail

  mov di, READ_TRIES
.read:
  mov word [packet.count], STAGE2_SECTORS ; a failed call changes it
  mov ah, 0x42
  mov dl, [drive]
  mov si, packet
  int 0x13
  jnc .check
  xor ah, ah ; reset the drive
  mov dl, [drive]
  int 0x13
  dec di
  jnz .read
  mov si, read_text
  jmp fail
.check:
  mov si, read_text
  cmp word [packet.count], STAGE2_SECTORS
  jne fail
  mov si, damaged_text
  cmp dword [STAGE2_BASE], STAGE2_MAGIC
  jne fail
  mov dl, [drive]
  jmp 0:STAGE2_BASE + 4

fail:
  push si
  mov si, fail_text
  call print
  pop si
  call print
  mov si, newline_text
  call print
  DEBUG_EXIT_FAIL
.halt:
  hlt
  jmp .halt

; COM1 at 115200 baud, 8 bits, no parity, 1 stop bit: not every BIOS leaves it so.
open_serial:
  mov dx, COM1 + 3 ; line control
  mov al, 0x80 ; the divisor is at the first two ports
  out dx, al
  mov dx, COM1
  mov ax, 1
  out dx, ax
  mov dx, COM1 + 3
  mov al, 0x03
  out dx, al
  ret

%include "print.inc"

packet:
  db 16, 0
.count: dw STAGE2_SECTORS
  dw STAGE2_BASE, 0
  dq 1 ; LBA

drive: db 0
loading_text: db "Veridian OS Loading..."
newline_text: db 13, 10, 0
fail_text: db "veridian: boot sector: ", 0
lba_text: db "the BIOS reads no disk by LBA", 0
read_text: db "the disk cannot be read", 0
damaged_text: db "the second stage is damaged", 0

  times CODE_SIZE - ($ - $$) db 0 ; the size gate
  times 510 - ($ - $$) db 0
  dw 0xAA55
