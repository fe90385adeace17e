// A program of somebody else's, with its input given, its time limited and its environment chosen. Throws nothing but
// std::bad_alloc.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace lakemover::loader {

enum class ChildOutput { kKept, kPassedOn };  // passed on: errors go to our standard error, the rest nowhere

struct ChildResult {
    int status = 0;  // its exit code; 128 and its number for a signal; -1: its time was up, -2: it was not started
    std::string out;
    std::string errors;  // the end of them; of a program that was not started, why
};

// argv[0] is a path. environment: NAME=VALUE, and nothing else. The program leads a group of its own, which is ended
// with it when its time is up, and Ctrl-C at our terminal does not reach it.
ChildResult run_child(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                      const std::string& input, std::chrono::milliseconds timeout, ChildOutput output);

}  // namespace lakemover::loader
