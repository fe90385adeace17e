// What the keeper and those who start and stop it share. Zone: stream.
#pragma once
#include "pg/bridge.hpp"

#include <cstdint>

namespace lakemover::stream {

// Travels in the worker's bgw_extra: plain bytes.
struct KeeperArgs {
    Oid database;
    Oid user;
    std::int64_t run_id;
};
static_assert(std::is_trivially_copyable_v<KeeperArgs>);

// The session-level advisory lock that a living keeper of a run holds: "LKEP" and the run.
constexpr std::int64_t keeper_lock(std::int64_t run_id) {
    return (std::int64_t{0x4C4B4550} << 32) | (run_id & 0xFFFFFFFF);
}

}  // namespace lakemover::stream
