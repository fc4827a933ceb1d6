// corun: fibers on Boost.Asio. Top to bottom, this follows the life of a fiber.
#pragma once

#include <corun/run.hpp>         // a program of its own
#include <corun/spawn.hpp>       // a fiber begins
#include <corun/scheduler.hpp>   // and is scheduled,
#include <corun/this_fiber.hpp>  // knows itself,
#include <corun/yield.hpp>       // gives way,
#include <corun/operation.hpp>   // waits for something:
#include <corun/sleep.hpp>       // a time,
#include <corun/io.hpp>          // a descriptor,
#include <corun/token.hpp>       // any operation of Asio,
#include <corun/blocking.hpp>    // another thread;
#include <corun/fiber.hpp>       // is joined,
#include <corun/error.hpp>       // or fails.
