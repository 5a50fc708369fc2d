/* hello-pie: hello, linked to run at any address (USER_PIE_BINS). */
#include "hello.c"
