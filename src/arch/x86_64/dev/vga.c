/*
 * The screen in VGA text mode, as the firmware or the boot loader left it: cells at 0xB8000, the CRT controller for
 * where the view begins and where the cursor blinks. IBM VGA, as described in FreeVGA; fmt/vgatext.h has the text.
 *
 * The cells lie in a hole of the first 2 MiB of RAM, so the direct map has them; the memory type registers keep them
 * uncached. Everything here runs under the console's output lock.
 */
#include "../insn.h"
#include "devices.h"
#include <fmt/vgatext.h>
#include <kern/arch.h>
#include <kern/console.h>
#include <kern/log.h>

#define CELLS_ADDRESS 0xB8000u

#define ATTRIBUTE_INDEX 0x3C0 /* index and data by turns, index first after STATUS is read */
#define ATTRIBUTE_DATA_READ 0x3C1
#define ATTRIBUTE_MODE 0x30 /* register 0x10, with the bit that keeps the picture on */
#define ATTRIBUTE_MODE_BLINK 0x08
#define MISC_READ 0x3CC
#define MISC_COLOUR_PORTS 0x01
#define GRAPHICS_INDEX 0x3CE
#define GRAPHICS_DATA 0x3CF
#define GRAPHICS_MISC 6
#define GRAPHICS_MISC_MASK 0x0D /* memory window and graphics mode */
#define GRAPHICS_MISC_TEXT 0x0C /* 0xB8000, no graphics */
#define CRTC_INDEX 0x3D4
#define CRTC_DATA 0x3D5
#define STATUS 0x3DA
#define ABSENT 0xFF

enum crtc_register { CURSOR_FIRST_LINE = 0x0A, CURSOR_LAST_LINE = 0x0B, START = 0x0C, CURSOR = 0x0E };
#define CURSOR_SHAPE_FIRST 13 /* scan lines of 16: an underline */
#define CURSOR_SHAPE_LAST 14

static struct vgatext screen;
static unsigned shown_origin, shown_cursor;

static void crtc_write(uint8_t reg, uint8_t value)
{
  insn_out8(CRTC_INDEX, reg);
  insn_out8(CRTC_DATA, value);
}

/* A cell's index in a pair of registers, high byte first. */
static void crtc_write_cell(enum crtc_register reg, unsigned cell)
{
  crtc_write((uint8_t)reg, (uint8_t)(cell >> 8));
  crtc_write((uint8_t)(reg + 1), (uint8_t)cell);
}

static void vga_write(const char *text, size_t len)
{
  vgatext_write(&screen, text, len);
}

static void vga_show(void)
{
  vgatext_show(&screen);
  if (shown_origin != vgatext_origin(&screen)) crtc_write_cell(START, shown_origin = vgatext_origin(&screen));
  if (shown_cursor != vgatext_cursor(&screen)) crtc_write_cell(CURSOR, shown_cursor = vgatext_cursor(&screen));
}

/* Is there a display in text mode? What the ports say, and whether the cells keep what is written. */
static bool vga_present(volatile uint16_t *cells)
{
  static const uint16_t patterns[] = {0x5AA5, 0xA55A};
  uint8_t misc = insn_in8(MISC_READ);
  if (misc == ABSENT || !(misc & MISC_COLOUR_PORTS)) return false;
  insn_out8(GRAPHICS_INDEX, GRAPHICS_MISC);
  if ((insn_in8(GRAPHICS_DATA) & GRAPHICS_MISC_MASK) != GRAPHICS_MISC_TEXT) return false;
  for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
    cells[0] = patterns[i];
    if (cells[0] != patterns[i]) return false;
  }
  return true;
}

/* Lets the highest bit of a cell brighten its ground instead of making it blink: sixteen colours for both. */
static void use_bright_grounds(void)
{
  (void)insn_in8(STATUS);
  insn_out8(ATTRIBUTE_INDEX, ATTRIBUTE_MODE);
  uint8_t mode = insn_in8(ATTRIBUTE_DATA_READ);
  insn_out8(ATTRIBUTE_INDEX, (uint8_t)(mode & ~ATTRIBUTE_MODE_BLINK));
}

static struct console_output vga_output = {
  .name = "vga", .write = vga_write, .show = vga_show, .rows = VGATEXT_ROWS, .columns = VGATEXT_COLUMNS};

bool vga_init(void)
{
  volatile uint16_t *cells = phys_to_virt(CELLS_ADDRESS);
  if (!vga_present(cells)) return false;
  use_bright_grounds();
  vgatext_init(&screen, cells);
  crtc_write(CURSOR_FIRST_LINE, CURSOR_SHAPE_FIRST);
  crtc_write(CURSOR_LAST_LINE, CURSOR_SHAPE_LAST);
  crtc_write_cell(START, shown_origin = vgatext_origin(&screen));
  crtc_write_cell(CURSOR, shown_cursor = vgatext_cursor(&screen));
  console_add_output(&vga_output);
  log_debug("vga: text mode, %u columns, %u rows", VGATEXT_COLUMNS, VGATEXT_ROWS);
  return true;
}
