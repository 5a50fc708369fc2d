/*
 * The kernel image: linked at LAYOUT_KERNEL_BASE + 1 MiB, loaded at 1 MiB. One segment for each permission, each on
 * pages of its own, none writable and executable; the PVH note has a header of its own, where loaders look for it.
 */
#include "layout.h"

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)
ENTRY(multiboot2_entry)

PHDRS
{
  text PT_LOAD FLAGS(5);
  rodata PT_LOAD FLAGS(4);
  data PT_LOAD FLAGS(6);
  note PT_NOTE FLAGS(4);
}

SECTIONS
{
  . = LAYOUT_KERNEL_BASE + LAYOUT_KERNEL_LMA;
  _kernel_start = .;

  _text_start = .;
  .text ALIGN(4096) : AT(ADDR(.text) - LAYOUT_KERNEL_BASE) {
    KEEP(*(.boot.header)) /* in the first 32 KiB of the file */
    *(.boot.text)
    *(.boot.rodata)
    *(.text .text.*)
  } :text
  . = ALIGN(4096);
  _text_end = .;

  _rodata_start = .;
  .rodata : AT(ADDR(.rodata) - LAYOUT_KERNEL_BASE) {
    *(.rodata .rodata.*)
  } :rodata
  ktests ALIGN(8) : AT(ADDR(ktests) - LAYOUT_KERNEL_BASE) {
    __start_ktests = .;
    KEEP(*(ktests))
    __stop_ktests = .;
  } :rodata
  alloc_sites ALIGN(8) : AT(ADDR(alloc_sites) - LAYOUT_KERNEL_BASE) {
    __start_alloc_sites = .;
    KEEP(*(alloc_sites))
    __stop_alloc_sites = .;
  }
  copy_sites ALIGN(8) : AT(ADDR(copy_sites) - LAYOUT_KERNEL_BASE) {
    __start_copy_sites = .;
    KEEP(*(copy_sites))
    __stop_copy_sites = .;
  } :rodata
  .note.pvh ALIGN(4) : AT(ADDR(.note.pvh) - LAYOUT_KERNEL_BASE) {
    KEEP(*(.note.pvh))
  } :rodata :note
  .note.vbi ALIGN(4) : AT(ADDR(.note.vbi) - LAYOUT_KERNEL_BASE) {
    KEEP(*(.note.vbi))
  } :rodata :note
  . = ALIGN(4096);
  _rodata_end = .;

  _data_start = .;
  .data : AT(ADDR(.data) - LAYOUT_KERNEL_BASE) {
    *(.data .data.*)
  } :data
  . = ALIGN(4096);
  _bss_start = .;
  .bss : AT(ADDR(.bss) - LAYOUT_KERNEL_BASE) {
    *(.bss .bss.* COMMON)
    . = ALIGN(4096);
  } :data
  _bss_end = .;
  _kernel_end = .;

  /DISCARD/ : { *(.comment) *(.eh_frame .eh_frame_hdr) *(.note.GNU-stack) *(.note.gnu.*) }
}
