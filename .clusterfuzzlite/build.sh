#!/bin/bash -eu
exec "$SRC/veridian/fuzz/build.sh"
