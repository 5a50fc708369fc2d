/* Option letters of a command line, as in POSIX. */
#ifndef GETOPT_H
#define GETOPT_H

extern char *optarg;
extern int optind;
extern int optopt;

/* The next option letter, -1 at the first operand or after `--`, '?' (with a message) for a wrong one. */
int getopt(int argc, char *const argv[], const char *letters);

#endif
