// Code that may end its process, run in a child whose end and stderr the test looks at.
#pragma once

#include <functional>
#include <string>

namespace corun_test {

struct child_end {
    int exit_code = -1;  // -1: ended by a signal
    int signal = 0;
    std::string error_output;
};

// Forks, runs the body there, and waits. The child exits with 0 when the body returns, with 1 when it throws.
child_end in_child(const std::function<void()>& body);

}  // namespace corun_test
