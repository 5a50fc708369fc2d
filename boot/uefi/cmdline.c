/* The kernel's command line: cmdline.txt, one line of plain text. */
#include "loader.h"

static const char name[] = "cmdline.txt";

static bool is_plain_text(const struct buffer *b)
{
  for (size_t i = 0; i < b->size; i++) {
    uint8_t c = b->bytes[i];
    if ((c < ' ' || c > '~') && c != '\t' && c != '\n' && c != '\r') return false;
  }
  return true;
}

void cmdline_read(efi_handle self, struct buffer *cmdline)
{
  cmdline->size = 0;
  if (file_is_missing(self, name)) return;
  if (!file_read(self, name, VBI_CMDLINE_MAX, cmdline)) {
    (void)refuse(name, "is ignored");
  } else if (!is_plain_text(cmdline)) {
    (void)refuse(name, "is not plain text and is ignored");
    buffer_free(cmdline);
  }
}
