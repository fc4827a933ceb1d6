#!/bin/sh
# usage: pkg_config.sh COMPILER PREFIX LIBDIR SOURCE PROGRAM
# Builds and runs SOURCE with nothing but what pkg-config says of the corun installed in PREFIX.
set -eu
compiler=$1 prefix=$2 libdir=$3 source=$4 program=$5
export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
flags=$(pkg-config --cflags corun)
libs=$(pkg-config --libs corun)
set -x
# shellcheck disable=SC2086 # the flags are words
"$compiler" $flags -o "$program" "$source" $libs
LD_LIBRARY_PATH="$prefix/$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$program"
