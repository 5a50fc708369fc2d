/*
 * The kernel's stack protector calls the panic, which not every unit test links. An object of its own, found before the
 * library's: tests of parsers stay what they are.
 */
#include <stdio.h>
#include <stdlib.h>

void __stack_chk_fail(void); /* the name is the compilers' */

void __stack_chk_fail(void)
{
  fputs("stack smashed\n", stderr);
  abort();
}
