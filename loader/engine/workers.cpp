#include "loader/engine/workers.hpp"

#include <algorithm>

namespace lakemover::loader {

namespace {
constexpr long kFewest = 2;  // one reads while the other's commit is under way
constexpr long kMost = 8;
constexpr int kTargetForRun = 2;  // the run itself, and whoever looks meanwhile
constexpr int kSourceForKeeper = 1;
}  // namespace

WorkerChoice choose_workers(const WorkerLimits& limits) {
    int workers = limits.asked > 0 ? limits.asked : static_cast<int>(std::clamp(limits.cores, kFewest, kMost));
    std::string reason = limits.asked > 0 ? "LAKEMOVER_JOBS=" + std::to_string(limits.asked)
                                          : std::to_string(limits.cores) + (limits.cores == 1 ? " core" : " cores");
    if (limits.target_connections) {
        workers = std::min(workers, *limits.target_connections - kTargetForRun);
        reason += ", target allows " + std::to_string(*limits.target_connections) +
                  (*limits.target_connections == 1 ? " connection" : " connections");
    }
    workers = std::max(1, std::min(workers, limits.source_connections - kSourceForKeeper));
    reason += ", source limit " + std::to_string(limits.source_connections);
    return {workers, std::to_string(workers) + (workers == 1 ? " worker: " : " workers: ") + reason};
}

int free_connections(Pg& target) {
    // A limit of -1 is none. Parallel workers and the server's own processes have places of their own.
    const Value n = target.scalar(
        "SELECT least(pg_catalog.current_setting('max_connections')::int - "
        "pg_catalog.current_setting('superuser_reserved_connections')::int - "
        "coalesce(nullif(pg_catalog.current_setting('reserved_connections', true), '')::int, 0) - a.used, "
        "CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit - a.here END, "
        "CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit - a.ours END) + 1 "
        "FROM pg_catalog.pg_database d, pg_catalog.pg_roles r, "
        "(SELECT pg_catalog.count(*)::int AS used, "
        "pg_catalog.count(*) FILTER (WHERE s.datname = pg_catalog.current_database())::int AS here, "
        "pg_catalog.count(*) FILTER (WHERE s.usename = current_user)::int AS ours "
        "FROM pg_catalog.pg_stat_activity s WHERE s.datname IS NOT NULL) a "
        "WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user");
    return n ? std::stoi(*n) : 0;
}

}  // namespace lakemover::loader
