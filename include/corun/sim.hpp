// Deterministic testing: virtual time, schedules that a seed decides, every schedule, a network that fails on command.
// docs/guide/testing.md shows how. Not part of <corun.hpp>.
#pragma once

// clang-format off: the order tells
#include <corun/sim/run.hpp>      // one run,
#include <corun/sim/check.hpp>    // many, at random,
#include <corun/sim/explore.hpp>  // or all;
#include <corun/sim/shared.hpp>   // what fibers share,
#include <corun/sim/fault.hpp>    // what goes wrong,
#include <corun/sim/network.hpp>  // also between hosts,
#include <corun/sim/report.hpp>   // and what was found.
// clang-format on
