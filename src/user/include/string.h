/* Bytes and strings, as in ISO C. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int c, size_t len);
int memcmp(const void *a, const void *b, size_t len);
void *memchr(const void *s, int c, size_t len);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strcpy(char *restrict dst, const char *restrict src);
char *strncpy(char *restrict dst, const char *restrict src, size_t len);
char *strcat(char *restrict dst, const char *restrict src);
/* Copies what fits, always ends the string, answers strlen(src): truncated when that is not below size. */
size_t strlcpy(char *restrict dst, const char *restrict src, size_t size);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *text, const char *word);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
char *strtok_r(char *restrict s, const char *restrict separators, char **restrict state);
char *strdup(const char *s);

/* What an error number means, in words; never null. */
const char *strerror(int error);

#endif
