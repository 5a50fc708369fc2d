; A BIOS that misbehaves as some do: a boot sector for a diskette that hooks disk and system services and then boots the first
; hard disk. One of
;   -DFAIL_READS=n   n tries of each read fail before one succeeds; more than 127 sectors never do
;   -DSHORT_FROM=n   reads from LBA n on answer one sector less than asked for
;   -DNO_LBA         no packet calls
;   -DA20_CLOSED     the A20 gate is closed and INT 15h, 2401h does not open it
;   -DMAP_EXTRA=n    behind the true memory map come n entries that are wrong or odd; -DMAP_ENDLESS: and then again
READS_MAX equ 127
FIRST_DISK equ 0x80
SMAP equ 0x534D4150
EXTRA equ 0x80000000 ; in the continuation value: the number of one of our entries

org 0x600
bits 16
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7C00
  cld
  mov si, 0x7C00
  mov di, 0x600
  mov cx, 256
  rep movsw
  jmp 0:moved
moved:
  mov ah, 0x42
  mov dl, FIRST_DISK
  mov si, packet
  int 0x13
  jc $
%ifdef A20_CLOSED
  in al, 0x92
  and al, 0xFC
  out 0x92, al
%endif
  cli
  mov eax, [4 * 0x13]
  mov [old_13], eax
  mov dword [4 * 0x13], hook_13
  mov eax, [4 * 0x15]
  mov [old_15], eax
  mov dword [4 * 0x15], hook_15
  sti
  mov dl, FIRST_DISK
  jmp 0:0x7C00

hook_13:
%ifdef NO_LBA
  cmp ah, 0x41
  je failed
%endif
  cmp ah, 0x42
  jne .pass
%ifdef FAIL_READS
  cmp word [si + 2], READS_MAX
  ja failed
  cmp byte [cs:tries], FAIL_READS
  inc byte [cs:tries]
  jb failed
  mov byte [cs:tries], 0
%endif
%ifdef SHORT_FROM
  cmp dword [si + 8], SHORT_FROM
  jb .pass
  pushf
  call far [cs:old_13]
  jc failed
  dec word [si + 2]
  jmp succeeded
%endif
.pass:
  jmp far [cs:old_13]

hook_15:
%ifdef A20_CLOSED
  cmp ax, 0x2401
  je failed
%endif
%ifdef MAP_EXTRA
  cmp ax, 0xE820
  je map
%endif
  jmp far [cs:old_15]

failed:
  mov ah, 0x20
  stc
  retf 2
succeeded:
  clc
  retf 2

%ifdef MAP_EXTRA
map:
  test ebx, EXTRA
  jnz .extra
  pushf
  call far [cs:old_15]
  jc failed
  test ebx, ebx
  jnz succeeded
  mov ebx, EXTRA
  jmp succeeded
.extra:
  pushad
  movzx eax, bx
  cmp ax, ODD
  jb .odd
  shl eax, 13 ; more of them, small and reserved, apart from each other
  add eax, 0xD0000000
  mov [es:di], eax
  xor eax, eax
  mov [es:di + 4], eax
  mov dword [es:di + 8], 0x1000
  mov [es:di + 12], eax
  mov dword [es:di + 16], 2
  jmp .done
.odd:
  imul si, ax, 20
  add si, odd
  mov cx, 20
  cs rep movsb
.done:
  popad
  inc ebx
  cmp bx, MAP_EXTRA
  jb .more
%ifdef MAP_ENDLESS
  mov ebx, EXTRA
%else
  xor ebx, ebx
%endif
.more:
  mov ecx, 20
  mov eax, SMAP
  jmp succeeded

odd: ; for a machine of 64 MiB
  dq 0x200000, 0
  dd 1 ; empty
  dq 0xFFFFFFFFFFFFF000, 0x2000
  dd 1 ; wraps
  dq 0x1000000, 0x400000
  dd 1 ; twice
  dq 0x1800000, 0x1001
  dd 2 ; in the middle of memory, not of whole pages
  dq 0x3F80000, 0x10000
  dd 5 ; bad, where files would go
  dq 0xE0000000, 0x1000
  dd 77
ODD equ ($ - odd) / 20
%endif

packet:
  dw 16, 1, 0x7C00, 0
  dq 0
old_13: dd 0
old_15: dd 0
tries: db 0
  times 510 - ($ - $$) db 0
  dw 0xAA55
