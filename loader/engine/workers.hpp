// How many workers a run gets, and why. The choice is pure; asking the target throws Error.
#pragma once
#include <optional>
#include <string>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct WorkerLimits {
    int asked = 0;  // LAKEMOVER_JOBS; 0: by the cores
    long cores = 1;
    std::optional<int> target_connections;  // that the target still gives us
    int source_connections = 10;            // --max-source-connections
};

struct WorkerChoice {
    int workers = 1;
    std::string reason;  // "4 workers: 4 cores, target allows 97 connections, source limit 10"
};

WorkerChoice choose_workers(const WorkerLimits& limits);

// Connections that the target, its database and our role leave us; the one that asks is not counted as used.
int free_connections(Pg& target);

}  // namespace lakemover::loader
