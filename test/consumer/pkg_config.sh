#!/bin/sh
# usage: pkg_config.sh COMPILER FOLDER SOURCE PROGRAM
# Builds and runs PROGRAM from SOURCE with nothing but what pkg-config says of the corun whose corun.pc is in FOLDER.
set -eu
compiler=$1 folder=$2 source=$3 program=$4
export PKG_CONFIG_PATH="$folder"
flags=$(pkg-config --cflags corun)
libs=$(pkg-config --libs corun)
set -x
# shellcheck disable=SC2086 # the flags are words
"$compiler" $flags -o "$program" "$source" $libs
"$program"
