// The target: TLS connections with a fresh secret each, session settings that are verified, facts
// for assessment and plan, and the ledger. Throws Error.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "loader/config/settings.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

class Target {
public:
    // read_only: no session of it can write, whatever it is asked to.
    explicit Target(const TargetSettings& settings, bool read_only = false)
        : settings_(settings), read_only_(read_only) {}
    const TargetSettings& settings() const { return settings_; }

    // A session ready to load. durable: COMMIT waits for the disk; chunk loads do without, since
    // the ledger is read again after a last durable commit.
    Pg connect(bool durable = true) const;
    // Throws (exit 2) unless the settings name a target. hint: what to do.
    static void require_given(const TargetSettings& settings,
                              const std::string& hint = "set LAKEBASE_HOST, LAKEBASE_USERNAME and LAKEBASE_PASSWORD");
    // Throws (exit 2) unless this is the target that the run went to, by identity().
    void require_same(Pg& pg, const std::string& run, const std::string& then) const;
    // What assess and plan need to know of the target, as name -> text.
    nlohmann::json facts(Pg& pg) const;
    // host:port/database and the server's identity, for the reports and for resume.
    std::string identity(Pg& pg) const;
    // Refuses versions and roles that cannot carry a migration, with what to grant; read-only: that cannot be read.
    void preflight(Pg& pg) const;

private:
    TargetSettings settings_;
    bool read_only_;
};

}  // namespace lakemover::loader
