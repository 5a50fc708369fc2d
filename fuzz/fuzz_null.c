/* Nothing: what the engine and the host cost by themselves, for the table in docs/fuzzing.md. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  (void)data, (void)size;
  return 0;
}
