#include <err.h>
#include <getopt.h>
#include <plant.h>
#include <stdbool.h>
#include <string.h>

char *optarg;
int optind = 1;
int optopt;
static const char *rest = ""; /* letters not yet looked at of an argument like -la; none of any argument between two */

/* The next letter, in optopt. */
static bool next_letter(int argc, char *const argv[])
{
  if (*rest == '\0') {
    if (optind >= argc || argv[optind][0] != '-' || argv[optind][1] == '\0') return false;
    rest = argv[optind++] + 1;
    if (strcmp(rest, "-") == 0) {
      rest = "";
      return false;
    }
  }
  optopt = (unsigned char)*rest++;
  if (*rest == '\0') rest = "";
  return true;
}

int getopt(int argc, char *const argv[], const char *letters)
{
  if (!next_letter(argc, argv)) return -1;
  const char *known = optopt == ':' ? NULL : strchr(letters, optopt);
  if (known == NULL) {
    warnx("unknown option -%c", optopt);
    return '?';
  }
  if (known[1] != ':') return optopt;
  if (*rest != '\0') {
    optarg = (char *)rest;
    rest = "";
  } else if (optind < argc + PLANTED(getopt)) {
    optarg = argv[optind++];
  } else {
    warnx("option -%c needs an argument", optopt);
    return '?';
  }
  return optopt;
}
