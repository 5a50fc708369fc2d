#include <err.h>
#include <getopt.h>
#include <string.h>

char *optarg;
int optind = 1;
int optopt;
static const char *rest = ""; /* letters not yet looked at of an argument like -la */

int getopt(int argc, char *const argv[], const char *letters)
{
  if (*rest == '\0') {
    if (optind >= argc || argv[optind][0] != '-' || argv[optind][1] == '\0') return -1;
    rest = argv[optind++] + 1;
    if (strcmp(rest, "-") == 0) {
      rest = "";
      return -1;
    }
  }
  optopt = (unsigned char)*rest++;
  const char *known = optopt == ':' ? NULL : strchr(letters, optopt);
  if (known == NULL) {
    warnx("unknown option -%c", optopt);
    return '?';
  }
  if (known[1] != ':') return optopt;
  if (*rest != '\0') {
    optarg = (char *)rest;
    rest = "";
  } else if (optind < argc) {
    optarg = argv[optind++];
  } else {
    warnx("option -%c needs an argument", optopt);
    return '?';
  }
  return optopt;
}
