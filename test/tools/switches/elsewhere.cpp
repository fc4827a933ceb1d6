// For test_switches.py: the body that holes.cpp lacks.
#include <corun.hpp>

void somewhere_else() { corun::yield(); }
