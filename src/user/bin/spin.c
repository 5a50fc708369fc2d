/* spin: loop for ever without a call, to see that nobody has to wait for it. */
int main(void)
{
  for (;;) __asm__ volatile("");
}
